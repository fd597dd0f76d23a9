#include "control/ctl_explain.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "control/flow_options.h"
#include "control/json_reading.h"

namespace slowlane {
namespace {

using Json = nlohmann::ordered_json;

constexpr Nanos kPatience = 15 * kSecond;  // a book of very many rules has a long answer

// What is wrong with the options is told as `slowlane explain` tells it, and no box is asked.
Exit explain(const FlowOptions& options, const AskBox& ask, Print print) {
  constexpr std::size_t kShortDigest = 12;
  question_of(options);
  Json request = {{"command", "explain"}};
  request.update(to_json(options));
  if (print == Print::text) request["text"] = true;
  const auto line = ask(request, kPatience);
  if (!line) {
    std::fprintf(stderr, "%s\n", line.diagnostics().front().print().c_str());
    return Exit::machine;
  }
  const Json answer = Json::parse(*line, nullptr, false);
  const bool ok = truth(answer, "ok");
  if (print == Print::json)
    std::printf("%s\n", line->c_str());
  else if (ok)
    std::printf("%sbook: \"%s\" %s\n", word(answer, "text", "").c_str(), word(answer, "book").c_str(),
                word(answer, "digest").substr(0, kShortDigest).c_str());
  else
    std::fprintf(stderr, "%s\n", word(answer, "error", line->c_str()).c_str());
  return ok ? Exit::done : Exit::wrong_input;
}

}  // namespace

void attach_explain_command(CLI::App& ctl, const std::function<void(CtlAct)>& choose) {
  const auto options = std::make_shared<FlowOptions>();
  CLI::App* const app = ctl.add_subcommand("explain", "which rule of the running book a flow falls under, and why");
  add_flow_options(*app, *options);
  app->footer(
      "Answers from the book in force as `slowlane explain` does from a file, and shows nobody's traffic. It takes no\n"
      "--frame: a capture is read with a book's file, by `slowlane explain`.");
  app->callback([options, choose] {
    choose({[options](const AskBox& ask, Print print) { return explain(*options, ask, print); }, true});
  });
}

}  // namespace slowlane

#include "control/explain_command.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "control/capture_run.h"
#include "control/explain.h"
#include "control/failure.h"
#include "control/flow_options.h"
#include "control/frame_facts.h"
#include "hw/eal.h"

namespace slowlane {
namespace {

struct Options {
  std::string book;
  std::string frame;
  bool json = false;
  FlowOptions flow;
};

Exit say(const Options& options, const Explanation& explanation) {
  const std::string text =
      options.json ? to_json(explanation).dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n"
                   : print(explanation);
  std::fputs(text.c_str(), stdout);
  return Exit::done;
}

Exit explain_options(const Options& options) {
  const FlowQuestion question = question_of(options.flow);
  const std::unique_ptr<const RuleSet> rules = load_untreated(options.book);
  HostName name;
  const Facts known = facts_of(*rules, question, name);
  return say(options, explain(*rules, known));
}

Exit explain_frame(const Options& options) {
  constexpr std::uint32_t kPackets = 1024;
  const FrameName frame = read_frame_name(options.frame);
  const Eal eal(PacketPool::memory(kPackets));
  PacketPool pool(kPackets);
  const std::unique_ptr<FrameFacts> known = facts_at(frame, options.book, pool);
  return say(options, explain(*known->rules, known->facts));
}

Exit run(const Options& options) {
  if (options.frame.empty()) return explain_options(options);
  if (options.flow.describe_a_flow())
    throw Failure(Exit::wrong_usage, "--frame says all about the flow; leave the other options out");
  return explain_frame(options);
}

Command::Run attach(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("--book", options->book, "the rules")->required()->type_name("FILE");
  add_flow_options(app, options->flow);
  app.add_option("--frame", options->frame, "the flow of a frame, as far as that frame shows it")
      ->type_name("CAPTURE:N")
      ->group("The flow");
  app.add_flag("--json", options->json, "print one JSON object");
  app.footer(
      "Says which rule decides, why each one above it does not, and which facts could still change that. What\n"
      "the options do not say is not yet known; the first line is the answer if nothing more is learned.");
  return [options] { return run(*options); };
}

}  // namespace

Command explain_command() { return {"explain", "say which rule a flow falls under, and why", attach}; }

}  // namespace slowlane

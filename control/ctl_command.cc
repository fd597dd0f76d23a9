#include "control/ctl_command.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "control/cli_checks.h"
#include "control/config.h"
#include "control/ctl_books.h"
#include "control/ctl_client.h"
#include "control/ctl_explain.h"
#include "control/ctl_live.h"
#include "control/ctl_tables.h"
#include "control/outline.h"

namespace slowlane {
namespace {

using Json = nlohmann::ordered_json;

std::string print_plain(const Json& answer) {
  Json said = answer;
  said.erase("ok");
  // What there is one of needs no heading.
  const bool counters = said.size() == 1 && said.contains("counters");
  return outline(counters ? said["counters"] : said);
}

struct Options {
  std::string socket;
  bool json = false;
  bool changed = false;
  std::string state;
  std::string lasts;
  std::string reason;
  Json request;        // of the command that was named
  bool views = false;  // the view socket serves it too
  std::string (*print)(const Json&) = print_plain;
  CtlAct act;  // of a command that is more than one request
};
using Shared = std::shared_ptr<Options>;

constexpr Nanos kPatience = 5 * kSecond;

// Where it was asked for, else the usual socket; for those who may not use that one, the usual view socket.
Result<std::string> ask(const Options& options, const Json& asked, Nanos patience) {
  const std::string request = asked.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (!options.socket.empty()) return ask_box(options.socket, request, patience);
  const ControlConfig usual;
  auto answer = ask_box(usual.socket, request, patience);
  if (answer || !options.views) return answer;
  auto seen = ask_box(usual.view_socket, request, patience);
  return seen ? seen : answer;
}

Diagnostics follow(const Options& options, const Json& asked, const std::function<bool(const std::string&)>& take) {
  const std::string request = asked.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (!options.socket.empty()) return follow_box(options.socket, request, take);
  const ControlConfig usual;
  bool came = false;
  const auto note = [&](const std::string& line) {
    came = true;
    return take(line);
  };
  Diagnostics trouble = follow_box(usual.socket, request, note);
  if (trouble.empty() || came || !options.views) return trouble;
  Diagnostics seen = follow_box(usual.view_socket, request, note);
  return seen.empty() || came ? seen : trouble;
}

Exit run(const Options& options) {
  if (options.act.follow) {
    const auto box = [&](const Json& request, const std::function<bool(const std::string&)>& take) {
      return follow(options, request, take);
    };
    return options.act.follow(box, options.json ? Print::json : Print::text);
  }
  if (options.act.run) {
    const auto box = [&](const Json& request, Nanos patience) { return ask(options, request, patience); };
    return options.act.run(box, options.json ? Print::json : Print::text);
  }
  const auto answer = ask(options, options.request, kPatience);
  if (!answer) {
    std::fprintf(stderr, "%s\n", answer.diagnostics().front().print().c_str());
    return Exit::machine;
  }
  const Json said = Json::parse(*answer, nullptr, false);
  const bool ok = said.is_object() && said.value("ok", Json(false)) == Json(true);
  if (options.json) {
    std::printf("%s\n", answer->c_str());
  } else if (!ok) {
    const bool told = said.is_object() && said.contains("error") && said["error"].is_string();
    std::fprintf(stderr, "%s\n", told ? said["error"].get<std::string>().c_str() : answer->c_str());
  } else {
    std::fputs(options.print(said).c_str(), stdout);
  }
  return ok ? Exit::done : Exit::wrong_input;
}

void attach_views(CLI::App& app, const Shared& options) {
  CLI::App* const status = app.add_subcommand("status", "how the box is");
  status->callback([options] {
    options->views = true;
    options->request = {{"command", "status"}};
  });
  CLI::App* const counters = app.add_subcommand("counters", "everything that the box counted");
  counters->add_flag("--changed", options->changed, "only what is not 0");
  counters->callback([options] {
    options->views = true;
    options->request = {{"command", "counters"}, {"changed", options->changed}};
  });
}

// A command that takes nothing and is answered with a table.
void attach_table(CLI::App& app, const Shared& options, const char* name, const char* line,
                  std::string (*print)(const Json&)) {
  app.add_subcommand(name, line)->callback([options, name, print] {
    options->views = true;
    options->print = print;
    options->request = {{"command", name}};
  });
}

void attach_changes(CLI::App& app, const Shared& options) {
  CLI::App* const bypass = app.add_subcommand("bypass", "forward without looking, or look again");
  bypass->add_option("STATE", options->state, "on or off")
      ->required()
      ->check(CLI::IsMember({"on", "off"}))
      ->type_name("");
  bypass->add_option("--for", options->lasts, "look again after this time, as 10min")
      ->check(not_a_time)
      ->type_name("TIME");
  bypass->add_option("--reason", options->reason, "why, for whoever reads the status")->type_name("TEXT");
  bypass->callback([options] {
    options->request = {{"command", "bypass"}, {"state", options->state}};
    if (!options->lasts.empty()) options->request["for"] = options->lasts;
    if (!options->reason.empty()) options->request["reason"] = options->reason;
  });
  CLI::App* const stop = app.add_subcommand("stop", "send what is held, give the ports back and end");
  stop->callback([options] { options->request = {{"command", "stop"}}; });
}

Command::Run attach(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("--socket", options->socket, "the box's socket (" + ControlConfig().socket + ")")->type_name("PATH");
  app.add_flag("--json", options->json, "print the box's answer as it is: one JSON object");
  app.require_subcommand(1);
  app.fallthrough();
  attach_views(app, options);
  attach_table(app, options, "classes", "rates of each class, configured and measured", classes_table);
  attach_table(app, options, "rules", "how often each rule was right, and when last", rules_table);
  const auto choose = [options](CtlAct act) {
    options->views = act.views;
    options->act = std::move(act);
  };
  attach_live_commands(app, choose);
  attach_explain_command(app, choose);
  attach_book_commands(app, choose);
  attach_changes(app, options);
  app.footer(
      "Exit codes: 0 done, 1 the box refuses, 3 no box answers. Commands that only look work on the view socket too,\n"
      "which is tried where the other may not be used.");
  return [options] { return run(*options); };
}

}  // namespace

Command ctl_command() {
  return {"ctl",
          "talk to a running box: status, classes, rules, flows, trace, watch, top, explain, reload, rollback, bypass, "
          "stop",
          attach};
}

}  // namespace slowlane

#include "control/cli.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "control/command.h"
#include "control/commands.h"
#include "control/failure.h"
#include "control/run_summary.h"
#include "control/versions.h"
#include "rules/suggest.h"

namespace slowlane {
namespace {

constexpr const char* kAbout =
    "slowlane: a DPI traffic shaper and laboratory model. It classifies flows by server name and\n"
    "application, and passes, polices, shapes, delays, drops or rewrites them as a book of rules says.";

struct Attached {
  CLI::App* app;
  Command::Run run;
};

std::vector<Attached> attach_all(CLI::App& app) {
  std::vector<Attached> attached;
  for (const Command& command : commands()) {
    CLI::App* sub = app.add_subcommand(command.name, command.line);
    attached.push_back({sub, command.attach(*sub)});
  }
  return attached;
}

Exit run_parsed(const std::vector<Attached>& attached) {
  for (const Attached& one : attached)
    if (one.app->parsed()) return one.run();
  return Exit::wrong_usage;
}

// The app that the command line came to: the program, or the last command in it.
CLI::App* last_parsed(CLI::App* app) {
  for (auto parsed = app->get_subcommands(); !parsed.empty(); parsed = app->get_subcommands()) app = parsed.back();
  return app;
}

// Where a command is missing and something else stands in its place: what that is, and the nearest command; else empty.
std::string not_a_command(CLI::App& app) {
  CLI::App* const last = last_parsed(&app);
  if (last->get_require_subcommand_min() == 0) return {};
  const std::vector<std::string> rest = app.remaining(true);
  const auto word = std::ranges::find_if(rest, [](const std::string& one) { return one != "--"; });
  if (word == rest.end()) return {};
  std::vector<std::string_view> names;
  for (const CLI::App* one : last->get_subcommands([](CLI::App*) { return true; })) names.push_back(one->get_name());
  const std::string of = last == &app ? "" : " of " + last->get_name();
  const std::string known = " (commands: " + one_of(names) + ")";
  if (word->starts_with('-')) return "there is no option \"" + *word + "\" before a command" + of + known;
  return "there is no command \"" + *word + "\"" + of + did_you_mean(*word, names) + known;
}

// Prints help to stdout, or what is wrong with the command line to stderr.
Exit answer(CLI::App& app, const CLI::ParseError& error) {
  const bool required = error.get_exit_code() == static_cast<int>(CLI::ExitCodes::RequiredError);
  const std::string wrong = required ? not_a_command(app) : "";
  if (wrong.empty()) return app.exit(error) == 0 ? Exit::done : Exit::wrong_usage;
  std::fprintf(stderr, "%s\nRun with --help for more information.\n", wrong.c_str());
  return Exit::wrong_usage;
}

std::string versions() {
  std::string text = program_name();
  for (const LibraryVersion& library : library_versions())
    text.append("\n").append(library.name).append(" ").append(library.version);
  return text;
}

Exit run(int argc, const char* const* argv) {
  CLI::App app(kAbout, "slowlane");
  app.require_subcommand(1);
  app.set_version_flag("--version", versions);
  const std::vector<Attached> attached = attach_all(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return answer(app, error);
  }
  return run_parsed(attached);
}

}  // namespace

int run_cli(int argc, const char* const* argv) {
  try {
    return static_cast<int>(run(argc, argv));
  } catch (const Failure& failure) {
    std::fprintf(stderr, "%s\n", failure.what());
    return static_cast<int>(failure.exit());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "slowlane: %s\n", error.what());
    return static_cast<int>(Exit::machine);
  }
}

}  // namespace slowlane

#include "control/cli.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "control/command.h"
#include "control/commands.h"
#include "control/failure.h"
#include "control/run_summary.h"
#include "dataplane/classifier.h"
#include "hw/eal.h"
#include "rules/patterns.h"

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

// Prints help to stdout, or what is wrong with the command line to stderr.
Exit answer(const CLI::App& app, const CLI::ParseError& error) {
  return app.exit(error) == 0 ? Exit::done : Exit::wrong_usage;
}

std::string versions() {
  return program_name() + "\n" + Eal::version() + "\nnDPI " + Classifier::version() + "\nHyperscan " +
         hyperscan_version();
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

#include "control/check_command.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "control/appliance_check.h"
#include "control/check.h"
#include "control/config.h"
#include "hw/ports.h"
#include "rules/load.h"
#include "rules/source.h"

namespace slowlane {
namespace {

struct Options {
  std::string file;
  bool quiet = false;
  bool json = false;
};

template <class Check>
Exit show(const Check& check, const Options& options) {
  const std::string text = options.json
                               ? to_json(check).dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n"
                               : print(check, options.quiet ? Verbosity::quiet : Verbosity::normal);
  std::fputs(text.c_str(), stdout);
  return check.mistakes.empty() ? Exit::done : Exit::wrong_input;
}

Exit run(const Options& options) {
  const auto tree = load_tree(options.file, read_file);
  if (!tree || !is_appliance(tree->root)) return show(check_book(options.file), options);
  return show(check_appliance(*tree, Machine::here(), preflight), options);
}

Command::Run attach(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("FILE", options->file, "a book of rules, or an appliance")->required()->type_name("");
  app.add_flag("-q,--quiet", options->quiet, "print mistakes alone");
  app.add_flag("--json", options->json, "print one JSON object");
  app.footer(
      "A book is read, compiled and linted, and its own expect lines are run. An appliance is read with its book,\n"
      "and its devices are looked at. Changes nothing. Exit codes: 0 all is right (there may be warnings), 1 there\n"
      "are mistakes, each printed as file:line: text.");
  return [options] { return run(*options); };
}

}  // namespace

Command check_command() {
  return {"check", "read a book or an appliance, run the book's own tests and say what is wrong", attach};
}

}  // namespace slowlane

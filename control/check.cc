#include "control/check.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "control/load_rules.h"
#include "rules/lint.h"
#include "rules/load.h"

namespace slowlane {
namespace {

std::size_t count_names(const Condition& when) {
  std::size_t count = 0;
  for (const Term& term : when.terms)
    if (const auto* patterns = std::get_if<HostPatterns>(&term.value)) count += patterns->size();
  for (const Condition& negated : when.negated) count += count_names(negated);
  return count;
}

std::string counted(std::size_t count, const char* one, const char* many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

std::string summary(const BookCheck& check) {
  if (!check.mistakes.empty())
    return check.file + ": " + counted(check.mistakes.size(), "mistake", "mistakes") + "; the book is not used";
  std::string text = check.file + ": " + counted(check.rules, "rule", "rules") + ", " +
                     counted(check.classes, "class", "classes") + ", " +
                     counted(check.names, "host pattern", "host patterns");
  if (check.expectations > 0) text += ", " + counted(check.expectations, "expectation holds", "expectations hold");
  return text + "; no mistakes" +
         (check.warnings.empty() ? "" : ", " + counted(check.warnings.size(), "warning", "warnings"));
}

nlohmann::ordered_json to_json(const Diagnostics& diagnostics) {
  auto list = nlohmann::ordered_json::array();
  for (const Diagnostic& one : diagnostics)
    list.push_back({{"file", one.file}, {"line", one.line}, {"text", one.text}});
  return list;
}

struct Options {
  std::string file;
  bool quiet = false;
  bool json = false;
};

Exit run(const Options& options) {
  const BookCheck check = check_book(options.file);
  const std::string text = options.json
                               ? to_json(check).dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n"
                               : print(check, options.quiet ? Verbosity::quiet : Verbosity::normal);
  std::fputs(text.c_str(), stdout);
  return check.mistakes.empty() ? Exit::done : Exit::wrong_input;
}

Command::Run attach(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("FILE", options->file, "a book of rules")->required()->type_name("");
  app.add_flag("-q,--quiet", options->quiet, "print mistakes alone");
  app.add_flag("--json", options->json, "print one JSON object");
  app.footer(
      "Reads, compiles and lints the book and runs its own expect lines; changes nothing. Exit codes: 0 the\n"
      "book is right (there may be warnings), 1 there are mistakes, each printed as file:line: text.");
  return [options] { return run(*options); };
}

}  // namespace

BookCheck check_book(const std::string& path) {
  BookCheck check;
  check.file = path;
  Result<Book> book = load_book(path);
  if (!book) {
    check.mistakes = book.diagnostics();
    return check;
  }
  check.rules = book->rules.size();
  check.classes = book->classes.size();
  check.expectations = book->expects.size();
  for (const Rule& rule : book->rules) check.names += count_names(rule.when);
  const Dictionary names = application_names(*book);
  check.warnings = lint(*book, names);
  const auto rules = RuleSet::compile(std::move(*book), names);
  if (!rules) check.mistakes = rules.diagnostics();
  return check;
}

std::string print(const BookCheck& check, Verbosity verbosity) {
  std::string text;
  for (const Diagnostic& mistake : check.mistakes) text += mistake.print() + "\n";
  if (verbosity == Verbosity::quiet) return text;
  for (Diagnostic warning : check.warnings) {
    warning.text.insert(0, "warning: ");
    text += warning.print() + "\n";
  }
  return text + summary(check) + "\n";
}

nlohmann::ordered_json to_json(const BookCheck& check) {
  return {{"file", check.file},
          {"ok", check.mistakes.empty()},
          {"mistakes", to_json(check.mistakes)},
          {"warnings", to_json(check.warnings)},
          {"rules", check.rules},
          {"classes", check.classes},
          {"host_patterns", check.names},
          {"expectations", check.expectations}};
}

Command check_command() { return {"check", "read a book, run its own tests and say what is wrong with it", attach}; }

}  // namespace slowlane

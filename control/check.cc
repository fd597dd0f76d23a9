#include "control/check.h"

#include <algorithm>
#include <iterator>
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

}  // namespace

std::string counted(std::size_t count, const char* one, const char* many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

BookCheck check_book(const std::string& path, const BookGuard& guard) {
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
  if (guard) check.mistakes = guard(*book, names);
  const auto rules = RuleSet::compile(std::move(*book), names);
  if (!rules) std::ranges::copy(rules.diagnostics(), std::back_inserter(check.mistakes));
  return check;
}

std::string print(const Diagnostics& mistakes, const Diagnostics& warnings, Verbosity verbosity) {
  std::string text;
  for (const Diagnostic& mistake : mistakes) text += mistake.print() + "\n";
  if (verbosity == Verbosity::quiet) return text;
  for (Diagnostic warning : warnings) {
    warning.text.insert(0, "warning: ");
    text += warning.print() + "\n";
  }
  return text;
}

std::string print(const BookCheck& check, Verbosity verbosity) {
  const std::string text = print(check.mistakes, check.warnings, verbosity);
  return verbosity == Verbosity::quiet ? text : text + summary(check) + "\n";
}

nlohmann::ordered_json to_json(const Diagnostics& diagnostics) {
  auto list = nlohmann::ordered_json::array();
  for (const Diagnostic& one : diagnostics)
    list.push_back({{"file", one.file}, {"line", one.line}, {"text", one.text}});
  return list;
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

}  // namespace slowlane

#include "control/live_rules.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "control/bench_guard.h"
#include "control/load_rules.h"
#include "rules/load.h"

namespace slowlane {

Result<std::unique_ptr<const RuleSet>> load_live_rules(const Config& config) {
  Result<Book> book = load_book(config.book);
  if (!book) return book.diagnostics();
  if (config.seed) book->seed = *config.seed;
  const Dictionary names = application_names(*book);
  Diagnostics mistakes = guard_book(config, *book, names);
  auto rules = RuleSet::compile(std::move(*book), names);
  if (mistakes.empty()) return rules;
  if (!rules) std::ranges::copy(rules.diagnostics(), std::back_inserter(mistakes));
  return mistakes;
}

}  // namespace slowlane

#include "control/live_rules.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "control/bench_guard.h"
#include "control/digest.h"
#include "control/load_rules.h"
#include "rules/load.h"

namespace slowlane {
namespace {

// What the expectations say holds for the rules as written.
Book observed(Book book) {
  for (Rule& rule : book.rules)
    if (rule.mode == Mode::enforce) rule.mode = Mode::observe;
  book.otherwise = "pass";
  book.expects.clear();
  return book;
}

Result<std::unique_ptr<const RuleSet>> compile(Book book, const Dictionary& names, const LiveLoad& how) {
  if (how.force == LiveLoad::Force::as_written) return RuleSet::compile(std::move(book), names, how.cache);
  if (!book.expects.empty()) {
    auto written = RuleSet::compile(book, names, how.cache);
    if (!written) return written;
  }
  return RuleSet::compile(observed(std::move(book)), names, how.cache);
}

}  // namespace

Result<std::unique_ptr<const RuleSet>> load_live_rules(const Config& config, const Bundle& bundle,
                                                       const LiveLoad& how) {
  Result<Book> book = load_book(bundle.path(), reader_of(bundle));
  if (!book) return book.diagnostics();
  if (config.seed) book->seed = *config.seed;
  const Dictionary asked = how.names == nullptr ? application_names(*book) : Dictionary();
  const Dictionary& names = how.names == nullptr ? asked : *how.names;
  Diagnostics mistakes = guard_book(config, *book, names);
  auto rules = compile(std::move(*book), names, how);
  if (mistakes.empty()) return rules;
  if (!rules) std::ranges::copy(rules.diagnostics(), std::back_inserter(mistakes));
  return mistakes;
}

Result<std::unique_ptr<const RuleSet>> load_live_rules(const Config& config) {
  return load_live_rules(config, collect_bundle(config.book), {});
}

std::string version_digest(const Bundle& bundle, LiveLoad::Force force) {
  const std::string texts = bundle_digest(bundle);
  return force == LiveLoad::Force::as_written ? texts : text_digest(texts + "  observe\n");
}

}  // namespace slowlane

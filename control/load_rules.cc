#include "control/load_rules.h"

#include <algorithm>
#include <utility>

#include "dataplane/classifier.h"
#include "rules/keys.h"
#include "rules/load.h"

namespace slowlane {
namespace {

bool asks_application(const Condition& when) {
  const auto asks = [](const Term& term) { return keys()[term.key].needs == Fact::application; };
  return std::any_of(when.terms.begin(), when.terms.end(), asks) ||
         std::any_of(when.negated.begin(), when.negated.end(), asks_application);
}

}  // namespace

Dictionary application_names(const Book& book) {
  const auto asks = [](const Rule& rule) { return asks_application(rule.when); };
  const auto expects = [](const Expectation& expect) { return expect.protocol.has_value(); };
  if (std::none_of(book.rules.begin(), book.rules.end(), asks) &&
      std::none_of(book.expects.begin(), book.expects.end(), expects))
    return {};
  return Classifier(1).dictionary();
}

bool holds_packets(const Book& book) {
  const auto holds = [](const ClassSpec& spec) { return spec.shape || spec.delay; };
  return book.inspection.fragments == Inspection::Fragments::hold ||
         std::any_of(book.classes.begin(), book.classes.end(), holds);
}

Result<std::unique_ptr<const RuleSet>> load_rules(const std::string& path, std::optional<std::uint64_t> seed) {
  Result<Book> book = load_book(path);
  if (!book) return book.diagnostics();
  if (seed) book->seed = *seed;
  const Dictionary names = application_names(*book);
  return RuleSet::compile(std::move(*book), names);
}

}  // namespace slowlane

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "rules/book.h"
#include "rules/dictionary.h"
#include "rules/facts.h"
#include "rules/pattern_cache.h"
#include "rules/result.h"
#include "rules/verdict.h"

namespace slowlane {

// What a rule set asks to be learned about flows.
struct Needs {
  bool application = false;  // protocol or category
  bool payload = false;      // payload patterns
};

// Why one rule did or did not decide: the answer of each of its terms.
struct TermAnswer {
  std::string key;       // "host", "not.server", …
  std::string expected;  // the value, shortened
  Tri answer = Tri::no;  // of the term itself: a true "not.server" makes its rule false
  std::string needs;     // for not_yet: the fact it waits for
};
struct RuleAnswer {
  RuleId rule = kNoRule;
  Tri answer = Tri::no;
  std::vector<TermAnswer> terms;
};

// A book with its meaning: immutable, shared by all cores. Owns its book.
class RuleSet {
 public:
  ~RuleSet();
  RuleSet(const RuleSet&) = delete;
  RuleSet& operator=(const RuleSet&) = delete;

  // Compiles names and patterns, or takes patterns from a cache. Diagnostics: a pattern that Hyperscan refuses, an
  // `expect` that fails.
  static Result<std::unique_ptr<const RuleSet>> compile(Book book, const Dictionary& dictionary,
                                                        PatternCache* cache = nullptr);

  // Working memory for judging: one per thread, made for one rule set.
  class Scratch;
  struct ScratchDeleter {
    void operator()(Scratch*) const;
  };
  using ScratchPtr = std::unique_ptr<Scratch, ScratchDeleter>;
  ScratchPtr make_scratch() const;

  // First match wins, three-valued (contract §2 "How rules are read"). Allocates nothing.
  // Names are judged in the order learned, each as if it were the last: the first that a rule with a key about names
  // matches decides, whatever names may follow. Where none does, rules decide that need no name, and once no more
  // names come, all names count together. Observe rules are noted where they would have decided, had they been
  // enforced alone. Facts that grow never change a settled verdict, nor take a noted rule back.
  Verdict judge(const Facts& facts, Scratch& scratch) const noexcept;

  // The same reading, with every rule's every term answered.
  std::vector<RuleAnswer> explain(const Facts& facts, Scratch& scratch) const;

  // A flow as an `expect` line or `slowlane explain` describes it, all facts known or absent. The strings stay owned
  // by `flow`; `name` is storage for the host name. A protocol that stands alone is the application of a flow with a
  // name, carried by the protocol that the name was read from.
  Facts facts_of(const Expectation& flow, HostName& name) const;

  const Book& book() const;
  // Index = ClassId: "pass", "pending", then the book's in its order.
  std::span<const ClassSpec> classes() const;
  std::span<const Rule> rules() const;  // index = RuleId
  Needs needs() const;
  std::size_t memory() const;  // bytes of names and patterns

 private:
  struct Compiled;
  explicit RuleSet(std::unique_ptr<Compiled> compiled);
  Diagnostics failed_expectations() const;
  std::unique_ptr<Compiled> compiled_;
};

}  // namespace slowlane

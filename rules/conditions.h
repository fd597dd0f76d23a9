#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "rules/book.h"
#include "rules/dictionary.h"
#include "rules/facts.h"
#include "rules/keys.h"
#include "rules/name_matcher.h"
#include "rules/patterns.h"
#include "rules/result.h"

namespace slowlane {

// A set of facts that something waits for.
using FactSet = std::uint8_t;
constexpr FactSet set_of(Fact fact) {
  return fact == Fact::none ? FactSet{0} : static_cast<FactSet>(1u << static_cast<unsigned>(fact));
}

// The answer of a term or a group; `waits` are the facts whose lack keeps it from being known.
struct ConditionAnswer {
  Tri value = Tri::no;
  FactSet waits = 0;
};

// Which payload patterns the flow's first payload fits; scanned when a term first asks.
class PayloadHits {
 public:
  explicit PayloadHits(std::size_t sets) : fits_(sets, 0) {}
  bool of(std::uint32_t set) const { return fits_[set] != 0; }

 private:
  friend class Conditions;
  std::vector<std::uint8_t> fits_;
  bool scanned_ = false;
};

// What a group is read against: the facts, and what the matchers found in them.
struct Evidence {
  const Facts& facts;
  const NameHits& names;
  PayloadHits& payload;
  PatternSet::Scratch& scratch;
};

using GroupId = std::uint32_t;

// All `when` groups of a book, laid out flat, with their values compiled: names in one matcher, payload patterns in
// another, protocols as numbers. Points into the book, which must outlive it and stay where it is.
class Conditions {
 public:
  Conditions(const Book& book, const Dictionary& dictionary);

  GroupId add(const Condition& when);
  // Call once, after the last add.
  Diagnostics compile(PatternCache* cache = nullptr);

  NameHits make_name_hits() const { return NameHits(names_.sets()); }
  PayloadHits make_payload_hits() const { return PayloadHits(payload_sets_); }
  bool fit(PatternSet::Scratch& scratch) const { return names_.fit(scratch) && payload_.fit(scratch); }
  void match(const HostName& name, PatternSet::Scratch& scratch, NameHits& hits) const noexcept {
    names_.match(name, scratch, hits);
  }
  static void forget(PayloadHits& hits) noexcept { hits.scanned_ = false; }

  // Kleene's logic: a group is false as soon as one part is, and true only when all are.
  ConditionAnswer read(GroupId group, const Evidence& evidence) const noexcept;
  // Whether a term of the group itself, not of a negated one, is about names and true: the name brought the match.
  bool named(GroupId group, const Evidence& evidence) const noexcept;

  // The set of a group that is one host term and nothing else.
  std::optional<HostSetId> host_alone(GroupId group) const;

  // One term and where it stands: depth counts the `not`s around it.
  struct TermReading {
    const Term* term;
    unsigned depth;
    ConditionAnswer answer;
  };
  // Every term of the group and of those it negates, in the order written.
  std::vector<TermReading> read_terms(GroupId group, const Evidence& evidence) const;

  bool has_names() const { return names_.sets() > 0; }
  // The facts that the group may wait for.
  FactSet needs(GroupId group) const;
  std::size_t memory() const;

 private:
  struct CompiledTerm {
    const Term* term = nullptr;
    const Key* key = nullptr;
    enum class Kind : std::uint8_t { plain, host, payload, never } kind = Kind::plain;
    bool wants_unknown = false;
    std::uint8_t sources = 0;    // names that count
    std::uint32_t set = 0;       // of host and payload
    std::uint32_t first_id = 0;  // of protocol and category, in ids_
    std::uint32_t id_count = 0;
  };
  struct Group {
    std::uint32_t first_term = 0;
    std::uint32_t term_count = 0;
    std::uint32_t first_negated = 0;
    std::uint32_t negated_count = 0;
  };

  GroupId add(const Condition& when, std::uint8_t sources);
  void fill(GroupId group, const Condition& when, std::uint8_t sources);
  CompiledTerm compile_term(const Term& term, std::uint8_t sources);
  void compile_ids(CompiledTerm& compiled, std::string_view key, const Texts& names);
  ConditionAnswer answer(const CompiledTerm& term, const Evidence& evidence) const noexcept;
  bool payload_fits(std::uint32_t set, const Evidence& evidence) const noexcept;
  void read_terms(GroupId group, unsigned depth, const Evidence& evidence, std::vector<TermReading>& out) const;
  std::span<const CompiledTerm> terms_of(const Group& group) const {
    return {terms_.data() + group.first_term, group.term_count};
  }

  const Dictionary& dictionary_;
  std::uint64_t seed_;
  NameMatcher names_;
  PatternSet payload_;
  std::vector<const Term*> payload_terms_;  // by set
  std::uint32_t payload_sets_ = 0;
  std::vector<Group> groups_;
  std::vector<CompiledTerm> terms_;
  std::vector<std::uint32_t> ids_;
};

}  // namespace slowlane

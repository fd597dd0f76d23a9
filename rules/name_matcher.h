#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "rules/book.h"
#include "rules/facts.h"
#include "rules/hosts.h"
#include "rules/patterns.h"
#include "rules/result.h"

namespace slowlane {

// Bit of a source in a mask of sources.
constexpr std::uint8_t bit_of(NameSource source) {
  return static_cast<std::uint8_t>(1u << static_cast<unsigned>(source));
}

// Which sets of host patterns the names of one flow fit, and from which sources those names were. Sized once.
class NameHits {
 public:
  explicit NameHits(std::size_t sets);

  void clear() noexcept;
  void add(HostSetId set, std::uint8_t sources) noexcept;
  void add(const NameHits& other) noexcept;
  // The first set from `from` on and before `to` that a name fits; `to` where there is none.
  HostSetId first(HostSetId from, HostSetId to) const noexcept;
  // Sources of the names that fit the set.
  std::uint8_t of(HostSetId set) const noexcept { return sources_[set]; }

 private:
  std::vector<std::uint8_t> sources_;
  std::vector<HostSetId> touched_;  // capacity for every set: never grows
};

// The host patterns of a whole book: one set for each term, each name looked up and scanned once for all of them.
class NameMatcher {
 public:
  explicit NameMatcher(Inspection::TrailingDot trailing_dot) : trailing_dot_(trailing_dot) {}

  HostSetId add(const HostPatterns& patterns);
  // Call once, after the last add. Diagnostics: patterns that Hyperscan refuses, each where it was written.
  Diagnostics compile(PatternCache* cache = nullptr);

  std::size_t sets() const { return sets_; }
  bool fit(PatternSet::Scratch& scratch) const { return patterns_.fit(scratch); }
  // Adds every set that the name fits. Requires: compile() found nothing wrong.
  void match(const HostName& name, PatternSet::Scratch& scratch, NameHits& hits) const noexcept;
  std::size_t memory() const;

 private:
  struct Written {
    HostSetId set;
    std::string expression;
    Place place;
  };
  void add_one(const HostPattern& pattern, HostSetId set);
  void add_glob(const HostPattern& pattern, HostSetId set);
  std::string_view without_dot(std::string_view name) const;

  Inspection::TrailingDot trailing_dot_;
  HostTable table_;
  PatternSet patterns_;
  std::vector<HostSetId> any_;    // sets that hold "*"
  std::vector<Written> written_;  // where the patterns stand that Hyperscan may refuse; until compile()
  HostSetId sets_ = 0;
};

}  // namespace slowlane

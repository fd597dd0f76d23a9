#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "rules/pattern_cache.h"

namespace slowlane {

using PatternId = std::uint32_t;  // chosen by who adds; several patterns may share one

// Globs, regular expressions and payload patterns: add, compile, then const scans with the caller's scratch.
// The only home of Hyperscan. Patterns that are equal are compiled once, whatever their ids.
class PatternSet {
 public:
  // Measured (docs/rules.md): a reload compiles these in tens of seconds at most; a text is still scanned in about a
  // microsecond. More are refused with that number.
  static constexpr std::size_t kMaxGlobs = 50'000;
  static constexpr std::size_t kMaxExpressions = 10'000;

  PatternSet();
  ~PatternSet();
  PatternSet(PatternSet&&) noexcept;
  PatternSet& operator=(PatternSet&&) noexcept;

  // `*` is any run of bytes, empty too; the whole text must fit. A glob goes to Hyperscan as its longest literal and
  // is confirmed by our own matcher.
  void add_glob(std::string_view glob, PatternId id);
  // A Hyperscan expression, searched in the text, without case. One that fits the empty string fits every text.
  void add_regex(std::string_view expression, PatternId id);
  // The same over bytes: with case, and `.` is any byte.
  void add_payload(std::string_view expression, PatternId id);

  // Compiles everything added, or takes it from a cache; call once. Every expression that Hyperscan refuses is named,
  // once for each of its ids.
  struct Failure {
    PatternId failed = 0;
    std::string expression;  // as added; empty where the set as a whole is refused
    std::string text;        // what Hyperscan said, and about which expression
  };
  std::vector<Failure> compile(PatternCache* cache = nullptr);

  bool empty() const;

  // Working memory of one thread for the sets it was made for.
  class Scratch {
   public:
    Scratch();
    ~Scratch();
    Scratch(Scratch&&) noexcept;
    Scratch& operator=(Scratch&&) noexcept;

   private:
    friend class PatternSet;
    void* scratch_ = nullptr;
  };
  // Makes `scratch` fit this set too. False: out of memory.
  bool fit(Scratch& scratch) const;

  using Found = void (*)(PatternId, void* context);
  // Calls `found` for every pattern that fits `text`, perhaps more than once. `found` must not scan.
  // Requires: compile() reported no failure, and `scratch` fits this set.
  void scan(std::string_view text, Scratch& scratch, Found found, void* context) const noexcept;

  std::size_t memory() const;  // bytes of the compiled databases and of the globs that confirm them

 private:
  struct Compiled;
  std::unique_ptr<Compiled> compiled_;
};

// Whether `glob` (stars only) fits the whole of `text`.
bool glob_fits(std::string_view glob, std::string_view text) noexcept;

// The longest run of a glob without a star; the first of equals.
std::string_view longest_literal(std::string_view glob) noexcept;

// "5.4.0 2021-…", for --version.
std::string hyperscan_version();

}  // namespace slowlane

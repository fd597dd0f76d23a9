#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rules/result.h"

namespace slowlane {

using PatternId = std::uint32_t;  // chosen by who adds; several patterns may share one

// Globs, regular expressions and payload patterns: add, compile, then const scans with the caller's scratch.
// The only home of Hyperscan.
class PatternSet {
 public:
  PatternSet();
  ~PatternSet();
  PatternSet(PatternSet&&) noexcept;
  PatternSet& operator=(PatternSet&&) noexcept;

  // `*` is any run of bytes, empty too; the whole text must fit. A glob goes to Hyperscan as its longest literal and
  // is confirmed by our own matcher.
  void add_glob(std::string_view glob, PatternId id);
  // A Hyperscan expression, searched in the text, without case.
  void add_regex(std::string_view expression, PatternId id);
  // Compiles everything added. An expression that Hyperscan refuses is named in the message, with its id in `failed`.
  struct Failure {
    PatternId failed = 0;
    std::string text;  // what Hyperscan said, and about which expression
  };
  std::vector<Failure> compile();

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
  // Calls `found` for every pattern that fits `text`, perhaps more than once.
  void scan(std::string_view text, Scratch& scratch, Found found, void* context) const noexcept;

  std::size_t memory() const;  // bytes of the compiled databases

 private:
  struct Compiled;
  std::unique_ptr<Compiled> compiled_;
};

// Whether `glob` (stars only) fits the whole of `text`.
bool glob_fits(std::string_view glob, std::string_view text) noexcept;

}  // namespace slowlane

#pragma once

#include <memory>
#include <string>
#include <vector>

#include "control/bundle.h"
#include "rules/ruleset.h"

namespace slowlane {

// A book as it was written, for those who look at a box. Immutable.
struct BookText {
  struct File {
    std::string path;
    std::string text;
  };
  std::string path;         // of the book
  std::string digest;       // of all its files
  std::vector<File> files;  // those that hold rules or classes, in reading order, up to kMost in all
  bool whole = true;        // nothing was left out for its size

  static constexpr std::size_t kMost = 1 << 20;  // bytes
};

// Of a rule set and the texts that it was loaded from.
std::shared_ptr<const BookText> book_text_of(const RuleSet& rules, const Bundle& texts, std::string digest);

}  // namespace slowlane

#pragma once

#include <memory>
#include <string>
#include <vector>

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

// Reads the files of a rule set that was loaded just now. What cannot be read any more is left out.
std::shared_ptr<const BookText> read_book_text(const RuleSet& rules, const std::string& path);

}  // namespace slowlane

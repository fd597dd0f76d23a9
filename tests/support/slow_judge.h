#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "rules/book.h"
#include "rules/dictionary.h"
#include "rules/facts.h"
#include "rules/verdict.h"

namespace slowlane {

// A second, slow and obvious reading of books, written from the contract alone: the tests' oracle. It knows the keys
// that RandomBooks writes.

// The facts of one flow with their storage.
struct SlowFlow {
  std::vector<std::string> texts;
  std::vector<NameSource> sources;
  std::vector<std::uint16_t> vlans;
  std::string payload;
  Facts rest;  // everything but names, vlans and payload bytes

  // Facts that point into this flow; `names` is their storage.
  Facts facts(std::vector<HostName>& names) const;
};

struct SlowVerdict {
  bool settled = false;
  std::optional<std::string> cls;   // of a settled flow
  std::optional<std::size_t> rule;  // that decided
  std::set<std::size_t> observed;   // more than a Verdict has room for
};

SlowVerdict slow_judge(const Book& book, const Dictionary& dictionary, const SlowFlow& flow);

}  // namespace slowlane

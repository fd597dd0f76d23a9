#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "rules/verdict.h"

namespace slowlane {

// What became of the flows of one name under one class.
struct NameTotals {
  std::string host;
  ClassId cls = kPass;
  std::uint64_t flows = 0;
  std::uint64_t bytes = 0;  // IP bytes offered, both directions
  std::uint64_t dropped_bytes = 0;
  std::uint64_t delayed_packets = 0;
};

// Totals per name, in bounded memory: exact until more than `capacity` pairs of name and class were seen; from then on
// the smaller half is forgotten each time, and what a forgotten name had before is missing from its total.
class TopNames {
 public:
  explicit TopNames(std::size_t capacity = 65536) : capacity_(capacity) {}

  // Adds one flow's share; `totals.flows` is 1.
  void add(const NameTotals& totals);
  // The names most affected: by bytes dropped, then packets delayed, then bytes under a class other than pass.
  std::vector<NameTotals> most_affected(std::size_t limit) const;
  bool exact() const { return exact_; }

 private:
  void forget_smaller_half();

  std::size_t capacity_;
  bool exact_ = true;
  std::unordered_map<std::string, NameTotals> totals_;  // by class and name
};

}  // namespace slowlane

#pragma once

#include <cstdint>
#include <vector>

#include "rules/units.h"

namespace slowlane {

// Times counted on a scale that is linear within each doubling: any percentile within 1 %, in constant memory.
class Histogram {
 public:
  Histogram();

  // Negative times count as 0.
  void add(Nanos time) noexcept;
  // The time that `share` (0 to 1) of those added do not exceed; 0 where none were.
  Nanos percentile(double share) const;
  Nanos max() const { return max_; }
  std::uint64_t count() const { return count_; }

 private:
  std::vector<std::uint64_t> counts_;
  std::uint64_t count_ = 0;
  Nanos max_ = 0;
};

}  // namespace slowlane

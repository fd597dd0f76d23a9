#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "rules/units.h"

namespace slowlane {

// Tells which worker has stopped turning, from the number of turns each has counted. Pure: time and counts are given to
// it. A worker that sleeps turns every 100 ms at least, so one that stands still for `patience` hangs; with a look
// every 100 ms it is noticed within a second. Time in which control itself did not look counts as two such looks at
// most, so that a machine that was suspended as a whole accuses nobody.
class Watchdog {
 public:
  static constexpr Nanos kPatience = 800 * kMillisecond;
  static constexpr Nanos kLook = 100 * kMillisecond;  // how often look() is to be called, at least

  Watchdog(std::size_t workers, Nanos now, Nanos patience = kPatience);

  // Requires: one number for each worker. The worker that has stood still longest, if one did for too long.
  std::optional<std::size_t> look(std::span<const std::uint64_t> turns, Nanos now);
  // It stood still for want of a processor: its time begins anew.
  void excuse(std::size_t worker) { workers_[worker].still = 0; }
  // How long a worker has stood still, as of the last look.
  Nanos still(std::size_t worker) const { return workers_[worker].still; }

 private:
  struct Seen {
    std::uint64_t turns = 0;
    Nanos still = 0;
  };
  const Nanos patience_;
  Nanos looked_;
  std::vector<Seen> workers_;
};

}  // namespace slowlane

#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "control/histogram.h"
#include "dataplane/witness.h"

namespace slowlane {

// The most bytes sent within one second, the second being moved in steps of 100 ms. Times may jitter back.
class PeakMeter {
 public:
  void add(Nanos time, std::uint64_t bytes) noexcept;
  std::uint64_t peak_bps() const { return peak_ * 8; }

 private:
  static constexpr std::size_t kSlots = 10;
  void move_to(std::int64_t slot) noexcept;

  std::array<std::uint64_t, kSlots> slots_{};
  std::int64_t slot_ = -1;
  std::uint64_t sum_ = 0;
  std::uint64_t peak_ = 0;
};

// What the worker's counters do not say about a class: delays, peaks, gaps, and rates over its own time.
struct ClassTimes {
  Histogram delay;  // of packets sent
  std::array<PeakMeter, 2> sent_peak;
  std::array<std::uint64_t, 2> sent_bytes{};
  std::array<Nanos, 2> longest_gap{};  // of its flows
  std::uint64_t first_number = 0;      // the class's first packet; 0: none yet
  Nanos first = 0;                     // its arrival
  std::array<std::uint64_t, 2> first_sent{};
  Nanos last = 0;  // when its last packet left or was dropped

  void packet(const Packet& packet, Fate fate) noexcept;
  // What was sent after the class's first packet, over the time from the first to the last (contract §5).
  double sent_bps(Direction direction) const;
};

}  // namespace slowlane

#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "rules/units.h"

namespace slowlane {

// A token bucket as arithmetic: the virtual scheduling form of a leaky bucket (ITU-T I.371 GCRA), which admits what a
// token bucket admits. No clock of its own; times are Nanos since the run's start, words are 1/1024 ns since then.

// A rate and a depth, made once per class. Immutable.
class RatePlan {
 public:
  RatePlan() = default;
  // `rate` in bits per second, 1 to 2^40; `burst` in bytes, at least 1. The depth may last 2^52 ns at most.
  RatePlan(std::uint64_t rate, std::uint64_t burst);

  // How long `bytes` take at the rate, in 1/1024 ns, rounded up, so that no sum of packets ever exceeds the rate.
  std::uint64_t cost(std::uint32_t bytes) const noexcept;
  std::uint64_t depth() const noexcept { return depth_; }
  std::uint64_t rate() const noexcept { return rate_; }
  std::uint64_t burst() const noexcept { return burst_; }

 private:
  std::uint64_t rate_ = 0;
  std::uint64_t burst_ = 0;
  std::uint64_t depth_ = 0;
  std::uint64_t reciprocal_ = 0;  // 1/1024 ns per byte, fixed point
  unsigned shift_ = 0;
};

enum class Spend : std::uint8_t { passed, empty, too_long };

// One bucket of one core: when it would be full again. 0 is a full bucket.
struct Bucket {
  std::uint64_t full_at = 0;

  // Takes a packet's tokens at `now` if they are there.
  Spend spend(const RatePlan& plan, std::uint32_t bytes, Nanos now) noexcept;
  // The earliest time at which spend() passes; nullopt where it never does (longer than the bucket is deep).
  std::optional<Nanos> ready_at(const RatePlan& plan, std::uint32_t bytes, Nanos now) const noexcept;
};

// The same, shared by all cores: one compare-and-swap a packet, exact at any interleaving.
class SharedBucket {
 public:
  Spend spend(const RatePlan& plan, std::uint32_t bytes, Nanos now) noexcept;

 private:
  std::atomic<std::uint64_t> full_at_{0};
};

}  // namespace slowlane

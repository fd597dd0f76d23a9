#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "rules/units.h"

namespace slowlane {

// A token bucket as arithmetic: the virtual scheduling form of a leaky bucket (ITU-T I.371 GCRA), which admits what a
// token bucket admits. No clock of its own. Times are Nanos from any one start; words are 1/1024 ns since then and wrap
// round, so only differences count: a bucket may lie idle for 104 days.

// A rate and a depth, made once per class. Immutable. A default one passes nothing.
class RatePlan {
 public:
  RatePlan() = default;
  // `rate` in bits per second, 1 to 2^40; `burst` in bytes, at least 1. A depth that lasts longer than 2^52 ns counts
  // as that.
  RatePlan(std::uint64_t rate, std::uint64_t burst);

  // How long `bytes` take at the rate, in 1/1024 ns, rounded up, so that no sum of packets ever exceeds the rate.
  std::uint64_t cost(std::uint32_t bytes) const noexcept {
    const unsigned __int128 words = (static_cast<unsigned __int128>(bytes) * reciprocal_ + round_up_) >> shift_;
    return words < kDeepest ? static_cast<std::uint64_t>(words) : kDeepest;
  }
  // How long the whole burst takes, rounded down, and what may be added without passing a byte too many: exact times
  // are whole multiples of 1/k ns (k = rate / gcd(rate, 8 * 10^9)), so a little less than that lets round sums of
  // rounded costs fill the bucket exactly (four packets of 1,500 B pass a burst of 6,000 B at any common rate).
  std::uint64_t depth() const noexcept { return depth_; }
  std::uint64_t rate() const noexcept { return rate_; }
  std::uint64_t burst() const noexcept { return burst_; }

 private:
  static constexpr std::uint64_t kDeepest = std::uint64_t{1} << 62;

  std::uint64_t rate_ = 0;
  std::uint64_t burst_ = 0;
  std::uint64_t depth_ = 0;
  std::uint64_t reciprocal_ = 0;  // words per byte, fixed point
  std::uint64_t round_up_ = 0;    // what makes the shift a division that rounds up
  unsigned shift_ = 0;
};

enum class Spend : std::uint8_t { passed, empty, too_long };

// One bucket of one core: when it would be full again. 0 is a full bucket.
struct Bucket {
  std::uint64_t full_at = 0;

  // Takes a packet's tokens at `now` if they are there. A full bucket takes every packet of at most `burst` bytes.
  Spend spend(const RatePlan& plan, std::uint32_t bytes, Nanos now) noexcept;
  // The earliest time at which spend() passes; nullopt where it never does (longer than the bucket is deep).
  std::optional<Nanos> ready_at(const RatePlan& plan, std::uint32_t bytes, Nanos now) const noexcept;
  // How many bytes are in it.
  std::uint64_t level(const RatePlan& plan, Nanos now) const noexcept;
  // Whether forgetting it at `now` would change nothing.
  bool full(Nanos now) const noexcept;
  // The rate was another one: what is missing stays missing, in bytes.
  void change(std::uint64_t rate_before, const RatePlan& plan, Nanos now) noexcept;
};

// The same, shared by all cores: one compare-and-swap a packet, exact at any interleaving.
class SharedBucket {
 public:
  Spend spend(const RatePlan& plan, std::uint32_t bytes, Nanos now) noexcept;
  // As Bucket's, unless another core is quicker.
  std::optional<Nanos> ready_at(const RatePlan& plan, std::uint32_t bytes, Nanos now) const noexcept;
  // As Bucket's; what another core spends by the old rate meanwhile counts by the old rate.
  void change(std::uint64_t rate_before, const RatePlan& plan, Nanos now) noexcept;
  Bucket now() const noexcept { return {full_at_.load(std::memory_order_relaxed)}; }
  // Full again: nobody uses it.
  void reset() noexcept { full_at_.store(0, std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> full_at_{0};
};

namespace bucket {

constexpr std::uint64_t words(Nanos time) noexcept { return static_cast<std::uint64_t>(time) << 10; }

// How far from full a bucket is at `now`. Never more than a whole bucket, though after a change of plan the word may
// say so. One word is added because a packet as long as the bucket may cost that much more than depth.
inline std::uint64_t missing(std::uint64_t full_at, const RatePlan& plan, Nanos now) noexcept {
  const std::uint64_t ahead = full_at - words(now);
  if (full_at == 0 || static_cast<std::int64_t>(ahead) <= 0) return 0;
  return ahead <= plan.depth() ? ahead : plan.depth() + 1;
}

// Spends from the word `full_at`, if the tokens are there. Costs are rounded up and the depth down, so what passes fits
// the exact bucket too; and a full bucket takes a whole burst whatever rounding says.
inline Spend spend(std::uint64_t& full_at, const RatePlan& plan, std::uint32_t bytes, Nanos now) noexcept {
  if (bytes > plan.burst()) return Spend::too_long;
  const std::uint64_t before = missing(full_at, plan, now);
  const std::uint64_t after = before + plan.cost(bytes);
  if (after > plan.depth() && before > 0) return Spend::empty;
  full_at = words(now) + after;
  if (full_at == 0) full_at = 1;
  return Spend::passed;
}

// The word of a bucket that goes on under another plan with as many bytes missing as before, at most a whole bucket.
inline std::uint64_t carried_over(std::uint64_t full_at, std::uint64_t rate_before, const RatePlan& plan,
                                  Nanos now) noexcept {
  const std::uint64_t ahead = full_at - words(now);
  if (full_at == 0 || static_cast<std::int64_t>(ahead) <= 0 || plan.rate() == 0) return full_at;
  const unsigned __int128 owed = static_cast<unsigned __int128>(ahead) * rate_before;
  const unsigned __int128 scaled = (owed + plan.rate() - 1) / plan.rate();
  const std::uint64_t word = words(now) + (scaled < plan.depth() ? static_cast<std::uint64_t>(scaled) : plan.depth());
  return word == 0 ? 1 : word;
}

}  // namespace bucket

inline Spend Bucket::spend(const RatePlan& plan, std::uint32_t bytes, Nanos now) noexcept {
  return bucket::spend(full_at, plan, bytes, now);
}

inline void Bucket::change(std::uint64_t rate_before, const RatePlan& plan, Nanos now) noexcept {
  full_at = bucket::carried_over(full_at, rate_before, plan, now);
}

inline std::uint64_t Bucket::level(const RatePlan& plan, Nanos now) const noexcept {
  constexpr unsigned __int128 kWordsPerByte = static_cast<unsigned __int128>(8) * 1024 * kSecond;  // at 1 bit/s
  const auto owed = static_cast<unsigned __int128>(bucket::missing(full_at, plan, now)) * plan.rate() / kWordsPerByte;
  return owed < plan.burst() ? plan.burst() - static_cast<std::uint64_t>(owed) : 0;
}

inline bool Bucket::full(Nanos now) const noexcept {
  return full_at == 0 || static_cast<std::int64_t>(full_at - bucket::words(now)) <= 0;
}

}  // namespace slowlane

#include "dataplane/bucket.h"

#include <algorithm>
#include <bit>
#include <numeric>

namespace slowlane {
namespace {

// One byte takes 8 / rate seconds, and a second has 1024 * 10^9 words.
constexpr std::uint64_t kWordsPerByteAtOneBit = 8ull * 1024 * 1'000'000'000;

}  // namespace

// The reciprocal is rounded up to 2^-shift words a byte, shift = 20 + log2(rate). A sum of exact costs is a multiple of
// 1/rate words, and for frames below 512 KiB the error is smaller than that, so adding 1 - 1/rate and cutting off gives
// the exact cost rounded up; longer ones may cost a word more.
RatePlan::RatePlan(std::uint64_t rate, std::uint64_t burst) : rate_(rate), burst_(burst) {
  shift_ = 20 + static_cast<unsigned>(std::bit_width(rate) - 1);
  const unsigned __int128 scaled = static_cast<unsigned __int128>(kWordsPerByteAtOneBit) << shift_;
  reciprocal_ = static_cast<std::uint64_t>((scaled + rate - 1) / rate);
  const std::uint64_t one = std::uint64_t{1} << shift_;
  round_up_ = one - one / rate;
  const unsigned __int128 depth = static_cast<unsigned __int128>(burst) * kWordsPerByteAtOneBit / rate;
  const std::uint64_t grid = rate / std::gcd(rate, std::uint64_t{8'000'000'000});
  depth_ = static_cast<std::uint64_t>(std::min<unsigned __int128>(depth, kDeepest)) + (1024 + grid - 1) / grid - 1;
}

std::optional<Nanos> Bucket::ready_at(const RatePlan& plan, std::uint32_t bytes, Nanos now) const noexcept {
  if (bytes > plan.burst()) return std::nullopt;
  const std::uint64_t before = bucket::missing(full_at, plan, now);
  const std::uint64_t cost = plan.cost(bytes);
  const std::uint64_t allowed = plan.depth() - std::min(plan.depth(), cost);  // what may be missing when it is taken
  if (before <= allowed) return now;
  return now + static_cast<Nanos>((before - allowed + 1023) >> 10);
}

std::optional<Nanos> SharedBucket::ready_at(const RatePlan& plan, std::uint32_t bytes, Nanos now) const noexcept {
  return Bucket{full_at_.load(std::memory_order_relaxed)}.ready_at(plan, bytes, now);
}

Spend SharedBucket::spend(const RatePlan& plan, std::uint32_t bytes, Nanos now) noexcept {
  std::uint64_t seen = full_at_.load(std::memory_order_relaxed);
  for (;;) {
    std::uint64_t next = seen;
    const Spend answer = bucket::spend(next, plan, bytes, now);
    if (answer != Spend::passed) return answer;
    if (full_at_.compare_exchange_weak(seen, next, std::memory_order_relaxed)) return answer;
  }
}

void SharedBucket::change(std::uint64_t rate_before, const RatePlan& plan, Nanos now) noexcept {
  std::uint64_t word = full_at_.load(std::memory_order_relaxed);
  while (!full_at_.compare_exchange_weak(word, bucket::carried_over(word, rate_before, plan, now),
                                         std::memory_order_relaxed))
    continue;
}

}  // namespace slowlane

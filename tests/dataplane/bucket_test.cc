#include "dataplane/bucket.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <limits>
#include <random>
#include <thread>
#include <vector>

namespace slowlane {
namespace {

using Wide = __int128;

// A token bucket in exact integers: what is owed, in bits times 10^9, drains by `rate` a nanosecond.
class ExactBucket {
 public:
  ExactBucket(std::uint64_t rate, std::uint64_t burst) : rate_(rate), room_(Wide{burst} * 8'000'000'000) {}

  void advance(Nanos now) {
    owed_ = std::max<Wide>(0, owed_ - Wide{rate_} * (now - last_));
    last_ = now;
  }
  bool fits(std::uint32_t bytes) const { return owed_ + need(bytes) <= room_; }
  // Whether it would have fitted `words` / 1024 ns ago.
  bool fitted(std::uint32_t bytes, std::uint64_t words) const {
    return owed_ + (Wide{rate_} * words + 1023) / 1024 + need(bytes) <= room_;
  }
  void take(std::uint32_t bytes) { owed_ += need(bytes); }

 private:
  static Wide need(std::uint32_t bytes) { return Wide{bytes} * 8'000'000'000; }

  std::uint64_t rate_;
  Wide room_;
  Wide owed_ = 0;
  Nanos last_ = 0;
};

constexpr std::array<std::uint64_t, 14> kRates = {
    1,          1000,          64'000,        140'000,        999'983,        2'000'000,  10'000'000,
    97'654'321, 1'000'000'000, 3'333'333'333, 10'000'000'000, 40'000'000'001, 1ull << 39, 1ull << 40};

TEST(RatePlan, CostIsTheExactTimeRoundedUp) {
  std::mt19937_64 random(1);
  for (const std::uint64_t rate : kRates) {
    const RatePlan plan(rate, 1 << 20);
    for (int i = 0; i < 2000; ++i) {
      const auto bytes = static_cast<std::uint32_t>(1 + random() % 65535);
      const Wide exact = (Wide{bytes} * 8'192'000'000'000 + rate - 1) / rate;
      ASSERT_EQ(Wide{plan.cost(bytes)}, exact) << bytes << " bytes at " << rate;
    }
  }
}

TEST(RatePlan, CostsKnownNumbers) {
  EXPECT_EQ(RatePlan(8'000'000, 6000).cost(1000), 1024u * 1'000'000u);  // 1,000 B at 1 MB/s: 1 ms
  EXPECT_EQ(RatePlan(10'000'000'000, 6000).cost(64), 52429u);           // 51.2 ns
  EXPECT_EQ(RatePlan(8'000'000, 6000).depth() / 1024, 6'000'000u);
}

TEST(RatePlan, SurvivesTheLargestNumbers) {
  const RatePlan slow(1, std::numeric_limits<std::uint64_t>::max());
  Bucket bucket;
  EXPECT_EQ(bucket.spend(slow, std::numeric_limits<std::uint32_t>::max(), 0), Spend::passed);
  EXPECT_EQ(bucket.spend(slow, 1, 0), Spend::empty);
  const RatePlan fast(1ull << 40, 1ull << 40);
  Bucket other;
  EXPECT_EQ(other.spend(fast, std::numeric_limits<std::uint32_t>::max(), 0), Spend::passed);
  EXPECT_EQ(Bucket{}.spend(RatePlan{}, 1, 0), Spend::too_long);
}

TEST(Bucket, StartsFullAndTakesOneWholeBurst) {
  for (const std::uint64_t rate :
       {64'000ull, 130'000ull, 140'000ull, 150'000ull, 1'300'000ull, 5'000'000ull, 700'000'000ull}) {
    const RatePlan plan(rate, 6000);
    Bucket bucket;
    for (int i = 0; i < 4; ++i) EXPECT_EQ(bucket.spend(plan, 1500, 0), Spend::passed) << rate;
    EXPECT_EQ(bucket.spend(plan, 1, 0), Spend::empty) << rate;
    EXPECT_EQ(bucket.spend(plan, 6001, 0), Spend::too_long);
  }
}

// At common rates rounding is invisible: the same packets pass as in exact arithmetic, to the nanosecond.
TEST(Bucket, DecidesAsTheExactBucketWhileItIsNotDrainedForLong) {
  std::mt19937_64 random(17);
  for (const std::uint64_t rate :
       {64'000ull, 140'000ull, 2'000'000ull, 30'000'000ull, 1'000'000'000ull, 10'000'000'000ull}) {
    const RatePlan plan(rate, 60'000);
    for (int round = 0; round < 200; ++round) {
      Bucket bucket;
      ExactBucket exact(rate, 60'000);
      Nanos now = 0;
      for (int i = 0; i < 140; ++i) {
        const auto bytes = static_cast<std::uint32_t>(500 * (1 + random() % 3));
        now += static_cast<Nanos>(random() % 3 * bytes * 4'000'000'000 / rate);
        exact.advance(now);
        const bool fits = exact.fits(bytes);
        ASSERT_EQ(bucket.spend(plan, bytes, now) == Spend::passed, fits) << rate << " packet " << i;
        if (fits) exact.take(bytes);
      }
    }
  }
}

TEST(Bucket, TakesAPacketAsLongAsItIsDeepOnlyWhenFull) {
  // 7 bytes at this rate are no whole number of words and no simple fraction: depth rounds down, cost rounds up.
  const RatePlan plan(3'333'333'333, 7);
  ASSERT_GT(plan.cost(7), plan.depth());
  Bucket bucket;
  EXPECT_EQ(bucket.spend(plan, 7, 0), Spend::passed);
  const Nanos again = *bucket.ready_at(plan, 7, 0);
  EXPECT_EQ(again, 17);  // 16.8 ns
  EXPECT_EQ(bucket.spend(plan, 7, again - 1), Spend::empty);
  EXPECT_EQ(bucket.spend(plan, 7, again), Spend::passed);
}

TEST(Bucket, RefillsNoFurtherThanItsDepth) {
  const RatePlan plan(8'000'000, 3000);
  Bucket bucket;
  EXPECT_EQ(bucket.spend(plan, 3000, 0), Spend::passed);
  EXPECT_EQ(bucket.spend(plan, 3000, 100 * kSecond), Spend::passed);
  EXPECT_EQ(bucket.spend(plan, 1, 100 * kSecond), Spend::empty);
}

TEST(Bucket, ARefusedPacketSpendsNothing) {
  const RatePlan plan(8'000'000, 2000);
  Bucket bucket;
  EXPECT_EQ(bucket.spend(plan, 1500, 0), Spend::passed);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(bucket.spend(plan, 1500, 0), Spend::empty);
  EXPECT_EQ(bucket.spend(plan, 1500, kMillisecond), Spend::passed);
}

TEST(Bucket, IsFullWhenItsTokensAreBack) {
  const RatePlan plan(8'000'000, 3000);
  Bucket bucket;
  EXPECT_TRUE(bucket.full(0));
  bucket.spend(plan, 1000, 0);
  EXPECT_FALSE(bucket.full(kMillisecond - 1));
  EXPECT_TRUE(bucket.full(kMillisecond));
}

TEST(Bucket, WorksWithTimesOfAnyEpoch) {
  const RatePlan plan(8'000'000, 1500);
  for (const Nanos start : {Nanos{0}, Nanos{1'616'000'000} * kSecond, (Nanos{1} << 54) - 500, Nanos{1} << 53}) {
    Bucket bucket;
    EXPECT_EQ(bucket.spend(plan, 1500, start), Spend::passed) << start;
    EXPECT_EQ(bucket.ready_at(plan, 1500, start), start + 1'500'000) << start;
    EXPECT_EQ(bucket.spend(plan, 1500, start + 1'499'999), Spend::empty) << start;
    EXPECT_EQ(bucket.spend(plan, 1500, start + 1'500'000), Spend::passed) << start;
  }
}

TEST(Bucket, IsAtWorstEmptyAfterAChangeOfPlan) {
  Bucket bucket;
  EXPECT_EQ(bucket.spend(RatePlan(1, 100'000), 100'000, 0), Spend::passed);  // nine days
  const RatePlan faster(8'000'000, 3000);
  EXPECT_EQ(bucket.spend(faster, 1500, 0), Spend::empty);
  EXPECT_LE(*bucket.ready_at(faster, 1500, 0), 1'500'001);
}

struct Load {
  std::uint64_t rate;
  std::uint64_t burst;
  std::uint32_t shortest;
  std::uint32_t longest;
  double pressure;  // offered / rate
};

// Whatever our bucket lets through, the exact one lets through; and what ours refuses, the exact one would have refused
// but for the words lost to rounding since it was last full.
void compare_with_exact(const Load& load, std::mt19937_64& random) {
  const RatePlan plan(load.rate, load.burst);
  Bucket bucket;
  ExactBucket exact(load.rate, load.burst);
  Nanos now = static_cast<Nanos>(random() % 1000);
  std::uint64_t since_full = 0;
  for (int i = 0; i < 3000; ++i) {
    const auto bytes = static_cast<std::uint32_t>(load.shortest + random() % (load.longest - load.shortest + 1));
    const double mean_gap = bytes * 8e9 / static_cast<double>(load.rate) / load.pressure;
    if (random() % 4 != 0) now += static_cast<Nanos>(mean_gap * static_cast<double>(random() % 2667) / 1000);
    exact.advance(now);
    if (bucket.full(now)) since_full = 0;
    const Spend answer = bucket.spend(plan, bytes, now);
    if (answer == Spend::passed) {
      ASSERT_TRUE(exact.fits(bytes)) << load.rate << " " << load.burst << " packet " << i;
      exact.take(bytes);
      ++since_full;
    } else if (answer == Spend::too_long) {
      ASSERT_GT(bytes, load.burst);
    } else {
      ASSERT_FALSE(exact.fitted(bytes, since_full + 1)) << load.rate << " " << load.burst << " packet " << i;
    }
  }
}

TEST(Bucket, NeverPassesMoreThanTheExactBucketAndHardlyLess) {
  std::mt19937_64 random(7);
  for (const std::uint64_t rate : kRates)
    for (const std::uint64_t burst : {1500ull, 1501ull, 6000ull, 65'536ull, 1ull << 24})
      for (const double pressure : {0.7, 1.0, 1.5, 20.0}) {
        if (Wide{burst} * 8'000'000'000 / rate > Wide{1} << 52) continue;
        compare_with_exact({rate, burst, 40, 1500, pressure}, random);
        compare_with_exact({rate, burst, 1, 64, pressure}, random);
        if (HasFatalFailure()) return;
      }
}

TEST(Bucket, ReadyAtIsTheFirstNanosecondThatPasses) {
  std::mt19937_64 random(9);
  for (int round = 0; round < 20000; ++round) {
    const RatePlan plan(kRates[random() % kRates.size()], 1500 + random() % 10000);
    Bucket bucket;
    Nanos now = static_cast<Nanos>(random() % 1'000'000);
    for (std::uint64_t i = random() % 12; i > 0; --i)
      bucket.spend(plan, static_cast<std::uint32_t>(1 + random() % 1500), now);
    const auto bytes = static_cast<std::uint32_t>(1 + random() % 1500);
    const Nanos ready = *bucket.ready_at(plan, bytes, now);
    if (ready > now) {
      Bucket early = bucket;
      ASSERT_EQ(early.spend(plan, bytes, ready - 1), Spend::empty);
    }
    ASSERT_EQ(bucket.spend(plan, bytes, ready), Spend::passed);
  }
}

// A backlogged sender that sends each packet as soon as it may.
TEST(Bucket, ABackloggedInputGetsItsRate) {
  std::mt19937_64 random(11);
  for (const std::uint64_t rate : kRates) {
    const RatePlan plan(rate, std::max<std::uint64_t>(3000, rate / 4000));
    Bucket bucket;
    Nanos now = 0;
    Wide sent = 0;
    for (int i = 0; i < 5000; ++i) {
      const auto bytes = static_cast<std::uint32_t>(40 + random() % 1461);
      now = *bucket.ready_at(plan, bytes, now);
      ASSERT_EQ(bucket.spend(plan, bytes, now), Spend::passed);
      sent += bytes;
    }
    const Wide fair = Wide{rate} * now / 8'000'000'000;
    EXPECT_GE(sent * 1000, fair * 999) << rate;
    EXPECT_LE(sent, fair + Wide{plan.burst()}) << rate;
  }
}

// The policer's case: packets come at one and a half times the rate and what is not passed is gone.
TEST(Bucket, AnOverloadedPolicerPassesItsRate) {
  std::mt19937_64 random(13);
  for (const std::uint64_t rate : {64'000ull, 140'000ull, 5'000'000ull, 1'000'000'000ull, 10'000'000'000ull}) {
    const RatePlan plan(rate, std::max<std::uint64_t>(6000, rate / 32));
    Bucket bucket;
    double clock = 0;
    Wide sent = 0;
    const int packets = static_cast<int>(std::max<std::uint64_t>(20000, 40 * plan.burst() / 770));
    for (int i = 0; i < packets; ++i) {
      const auto bytes = static_cast<std::uint32_t>(40 + random() % 1461);
      clock += bytes * 8e9 / static_cast<double>(rate) / 1.5;
      if (bucket.spend(plan, bytes, static_cast<Nanos>(clock)) == Spend::passed) sent += bytes;
    }
    const Wide fair = Wide{rate} * static_cast<Nanos>(clock) / 8'000'000'000;
    EXPECT_GE(sent * 1000, fair * 999) << rate;
    EXPECT_LE(sent, fair + Wide{plan.burst()}) << rate;
  }
}

TEST(SharedBucket, AgreesWithABucketOfOneCore) {
  const RatePlan plan(5'000'000, 9000);
  SharedBucket shared;
  Bucket own;
  std::mt19937_64 random(3);
  Nanos now = 0;
  for (int i = 0; i < 20000; ++i) {
    now += static_cast<Nanos>(random() % 2'000'000);
    const auto bytes = static_cast<std::uint32_t>(random() % 10000);
    ASSERT_EQ(shared.spend(plan, bytes, now), own.spend(plan, bytes, now));
  }
}

TEST(SharedBucket, ManyCoresTogetherNeverExceedItAndLoseNothing) {
  const RatePlan plan(8'000'000'000, 100'000);  // a byte a nanosecond
  SharedBucket shared;
  std::atomic<std::uint64_t> sent{0};
  constexpr Nanos kLast = 300'000;
  const auto core = [&] {
    std::uint64_t mine = 0;
    for (Nanos now = 0; now <= kLast; now += 10)
      if (shared.spend(plan, 100, now) == Spend::passed) mine += 100;
    sent += mine;
  };
  std::vector<std::thread> cores;
  for (int i = 0; i < 4; ++i) cores.emplace_back(core);
  for (std::thread& one : cores) one.join();
  // Each offers ten times the rate, so together they get all of it, and not a byte more.
  EXPECT_LE(sent.load(), 100'000u + static_cast<std::uint64_t>(kLast));
  EXPECT_GE(sent.load(), 100'000u + static_cast<std::uint64_t>(kLast) - 100);
}

}  // namespace
}  // namespace slowlane

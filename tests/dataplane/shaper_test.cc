#include "dataplane/shaper.h"

#include <gtest/gtest.h>

#include <array>

#include "tests/dataplane/shaper_bench.h"

namespace slowlane {
namespace {

using Admission = Shaper::Admission;

TEST(Shaper, LetsABurstThroughAndReleasesTheRestAtTheRate) {
  ShaperBench bench;
  const std::uint32_t queue = bench.shaper.open_queue(plan_of(2000));
  HeldState state;
  EXPECT_EQ(bench.admit(1, 1000, state, queue_wish(queue), 0), Admission::pass);
  EXPECT_EQ(bench.admit(2, 1000, state, queue_wish(queue), 0), Admission::pass);
  EXPECT_EQ(bench.admit(3, 1000, state, queue_wish(queue), 0), Admission::held);
  EXPECT_EQ(bench.admit(4, 500, state, queue_wish(queue), 0), Admission::held);
  EXPECT_EQ(state.shaped, 2u);
  EXPECT_EQ(bench.shaper.next_due(), kMillisecond);
  EXPECT_EQ(bench.release(kMillisecond - 1), Departures{});
  EXPECT_EQ(bench.release(kMillisecond), (Departures{{3, kMillisecond}}));
  EXPECT_EQ(bench.release(kSecond), (Departures{{4, 1'500 * kMicrosecond}}));
  EXPECT_EQ(state.shaped, 0u);
  EXPECT_EQ(bench.shaper.next_due(), kNever);
}

TEST(Shaper, DelaysByWhatIsAsked) {
  ShaperBench bench;
  HeldState state;
  Shaper::DelayLoad load;
  EXPECT_EQ(bench.admit(1, 100, state, delay_wish(80 * kMillisecond), 5, &load), Admission::held);
  EXPECT_EQ(state.delayed, 1u);
  EXPECT_EQ(load.packets, 1u);
  EXPECT_EQ(load.bytes, 100u);
  EXPECT_EQ(bench.shaper.next_due(), 80 * kMillisecond + 5);
  EXPECT_EQ(bench.release(kSecond), (Departures{{1, 80 * kMillisecond + 5}}));
  EXPECT_EQ(load.packets, 0u);
  EXPECT_EQ(load.bytes, 0u);
}

TEST(Shaper, JitterNeverReordersAFlowButMayReorderTwo) {
  ShaperBench bench;
  HeldState one;
  HeldState other;
  bench.admit(1, 100, one, delay_wish(90), 0);
  bench.admit(2, 100, one, delay_wish(70), 1);
  bench.admit(3, 100, other, delay_wish(70), 2);
  EXPECT_EQ(bench.release(kSecond), (Departures{{3, 72}, {1, 90}, {2, 90}}));
}

TEST(Shaper, APacketWithoutAWishStaysBehindItsFlow) {
  ShaperBench bench;
  const std::uint32_t queue = bench.shaper.open_queue(plan_of());
  HeldState shaped;
  bench.admit(1, 1500, shaped, queue_wish(queue), 0);
  bench.admit(2, 1000, shaped, queue_wish(queue), 0);
  EXPECT_EQ(bench.admit(3, 200, shaped, {}, 10), Admission::held);
  HeldState delayed;
  bench.admit(4, 100, delayed, delay_wish(3 * kMillisecond), 0);
  EXPECT_EQ(bench.admit(5, 100, delayed, {}, 10), Admission::held);
  HeldState free;
  EXPECT_EQ(bench.admit(6, 100, free, {}, 10), Admission::pass);
  EXPECT_EQ(bench.release(kSecond),
            (Departures{{2, kMillisecond}, {3, 1'200 * kMicrosecond}, {4, 3 * kMillisecond}, {5, 3 * kMillisecond}}));
}

TEST(Shaper, AFlowThatChangesItsQueueStaysInTheOldOneWhileItHasPacketsThere) {
  ShaperBench bench;
  const std::uint32_t slow = bench.shaper.open_queue(plan_of());
  const std::uint32_t fast = bench.shaper.open_queue({RatePlan(8'000'000'000, 1500), 1 << 20, 1000});
  HeldState state;
  bench.admit(1, 1500, state, queue_wish(slow), 0);
  bench.admit(2, 1000, state, queue_wish(slow), 0);
  EXPECT_EQ(bench.admit(3, 1000, state, queue_wish(fast), 0), Admission::held);
  EXPECT_EQ(bench.release(kSecond), (Departures{{2, kMillisecond}, {3, 2 * kMillisecond}}));
  EXPECT_EQ(bench.admit(4, 1000, state, queue_wish(fast), kSecond), Admission::pass);
}

TEST(Shaper, AShapedPacketIsDelayedAfterItsRelease) {
  ShaperBench bench;
  const std::uint32_t queue = bench.shaper.open_queue(plan_of());
  HeldState state;
  Shaper::DelayLoad load;
  Shaper::Wish wish = delay_wish(10 * kMillisecond);
  wish.queue = queue;
  EXPECT_EQ(bench.admit(1, 1500, state, wish, 0, &load), Admission::held)
      << "its tokens are there, its delay is not over";
  EXPECT_EQ(bench.admit(2, 1000, state, wish, 0, &load), Admission::held);
  EXPECT_EQ(load.packets, 2u);
  EXPECT_EQ(state.shaped, 1u);
  EXPECT_EQ(state.delayed, 1u);
  EXPECT_EQ(bench.release(5 * kMillisecond), Departures{});
  EXPECT_EQ(state.shaped, 0u);
  EXPECT_EQ(state.delayed, 2u);
  EXPECT_EQ(bench.release(kSecond), (Departures{{1, 10 * kMillisecond}, {2, 11 * kMillisecond}}));
  EXPECT_EQ(load.packets, 0u);
}

TEST(Shaper, PacketsDueTogetherLeaveInTheOrderTheyCame) {
  ShaperBench bench;
  const std::uint32_t queue = bench.shaper.open_queue(plan_of());
  std::array<HeldState, 4> flows;
  bench.admit(1, 1500, flows[0], queue_wish(queue), 0);
  bench.admit(2, 100, flows[1], delay_wish(kMillisecond), 0);
  bench.admit(3, 1000, flows[2], queue_wish(queue), 0);
  bench.admit(4, 100, flows[3], delay_wish(kMillisecond), 0);
  EXPECT_EQ(bench.release(kSecond), (Departures{{2, kMillisecond}, {3, kMillisecond}, {4, kMillisecond}}));
}

TEST(Shaper, RefusesWhatWouldNeverLeave) {
  ShaperBench bench;
  const std::uint32_t queue = bench.shaper.open_queue(plan_of(1500));
  HeldState state;
  EXPECT_EQ(bench.admit(1, 1501, state, queue_wish(queue), 0), Admission::over_burst);
  EXPECT_EQ(bench.admit(2, 1500, state, queue_wish(queue), 0), Admission::pass);
}

TEST(Shaper, KeepsTheBoundsOfAQueueAndDropsTheNewest) {
  ShaperBench bench;
  const std::uint32_t by_bytes = bench.shaper.open_queue(plan_of(1500, 2000));
  const std::uint32_t by_packets = bench.shaper.open_queue(plan_of(1500, 1 << 20, 2));
  HeldState one;
  bench.admit(1, 1500, one, queue_wish(by_bytes), 0);
  EXPECT_EQ(bench.admit(2, 1500, one, queue_wish(by_bytes), 0), Admission::held);
  EXPECT_EQ(bench.admit(3, 501, one, queue_wish(by_bytes), 0), Admission::queue_full);
  EXPECT_EQ(bench.admit(4, 500, one, queue_wish(by_bytes), 0), Admission::held);
  HeldState two;
  bench.admit(5, 1500, two, queue_wish(by_packets), 0);
  EXPECT_EQ(bench.admit(6, 40, two, queue_wish(by_packets), 0), Admission::held);
  EXPECT_EQ(bench.admit(7, 40, two, queue_wish(by_packets), 0), Admission::held);
  EXPECT_EQ(bench.admit(8, 40, two, queue_wish(by_packets), 0), Admission::queue_full);
}

TEST(Shaper, KeepsTheBoundsOfADelay) {
  ShaperBench bench;
  HeldState state;
  Shaper::DelayLoad load;
  EXPECT_EQ(bench.admit(1, 600, state, delay_wish(100, 1000, 2), 0, &load), Admission::held);
  EXPECT_EQ(bench.admit(2, 401, state, delay_wish(100, 1000, 2), 0, &load), Admission::queue_full);
  EXPECT_EQ(bench.admit(3, 400, state, delay_wish(100, 1000, 2), 0, &load), Admission::held);
  EXPECT_EQ(bench.admit(4, 0, state, delay_wish(100, 1000, 2), 0, &load), Admission::queue_full);
}

TEST(Shaper, KeepsTheBoundsOfTheBox) {
  ShaperBench by_packets({1 << 20, 2, 4});
  HeldState state;
  EXPECT_EQ(by_packets.admit(1, 10, state, delay_wish(100), 0), Admission::held);
  EXPECT_EQ(by_packets.admit(2, 10, state, delay_wish(100), 0), Admission::held);
  EXPECT_EQ(by_packets.admit(3, 10, state, delay_wish(100), 0), Admission::held_full);
  EXPECT_EQ(by_packets.release(100).size(), 2u);
  EXPECT_EQ(by_packets.admit(4, 10, state, delay_wish(100), 100), Admission::held) << "its slot is used again";
  ShaperBench by_bytes({1000, 100, 4});
  HeldState other;
  EXPECT_EQ(by_bytes.admit(1, 1000, other, delay_wish(100), 0), Admission::held);
  EXPECT_EQ(by_bytes.admit(2, 1, other, delay_wish(100), 0), Admission::held_full);
  EXPECT_EQ(by_bytes.shaper.held_bytes(), 1000u);
}

TEST(Shaper, ADroppedPacketSpendsNoTokens) {
  ShaperBench bench({100, 100, 4});
  const std::uint32_t queue = bench.shaper.open_queue(plan_of(1500));
  HeldState state;
  Shaper::Wish wish = delay_wish(100);
  wish.queue = queue;
  EXPECT_EQ(bench.admit(1, 1500, state, wish, 0), Admission::held_full);
  EXPECT_EQ(bench.admit(2, 1500, state, queue_wish(queue), 0), Admission::pass);
}

TEST(Shaper, GivesQueuesOutAgainOnlyWhenTheyAreEmpty) {
  ShaperBench bench({1 << 20, 100, 1});
  const std::uint32_t queue = bench.shaper.open_queue(plan_of());
  EXPECT_EQ(bench.shaper.open_queue(plan_of()), kNoIndex);
  HeldState state;
  bench.admit(1, 1500, state, queue_wish(queue), 0);
  EXPECT_TRUE(bench.shaper.queue_empty(queue));
  EXPECT_FALSE(bench.shaper.queue_idle(queue, kMillisecond)) << "its bucket is not full yet";
  EXPECT_TRUE(bench.shaper.queue_idle(queue, 2 * kMillisecond));
  bench.admit(2, 1500, state, queue_wish(queue), 0);
  EXPECT_FALSE(bench.shaper.close_queue(queue));
  EXPECT_EQ(bench.shaper.open_queue(plan_of()), kNoIndex);
  EXPECT_EQ(bench.admit(3, 500, state, {}, 0), Admission::held) << "its flow goes on behind what it holds";
  EXPECT_EQ(bench.release(kSecond).size(), 2u);
  const std::uint32_t again = bench.shaper.open_queue(plan_of());
  EXPECT_EQ(again, queue);
  EXPECT_EQ(bench.admit(4, 1500, state, queue_wish(again), 0), Admission::pass) << "with a bucket of its own";
  EXPECT_TRUE(bench.shaper.close_queue(again));
}

TEST(Shaper, FillsABurstAndGoesOnWithTheNext) {
  ShaperBench bench;
  HeldState state;
  for (std::uint64_t i = 0; i < 40; ++i) bench.admit(i, 10, state, delay_wish(100), 0);
  Burst burst;
  burst.count = 0;
  bench.shaper.release(100, burst);
  EXPECT_TRUE(burst.full());
  EXPECT_EQ(bench.shaper.next_due(), 100);
  bench.shaper.release(100, burst);
  EXPECT_EQ(bench.shaper.held_packets(), 8u) << "a full burst takes nothing";
  for (Packet* packet : burst) free_packet(packet);
}

}  // namespace
}  // namespace slowlane

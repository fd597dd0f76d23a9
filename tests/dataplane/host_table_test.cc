#include "dataplane/host_table.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>
#include <utility>

namespace slowlane {
namespace {

constexpr ClassId kSlow = 2;
constexpr ClassId kSmooth = 3;

Address host(std::uint32_t number) { return Address::v4(0xc0000200 + number); }
bool never(std::uint32_t) { return false; }

TEST(HostStates, KeepsOneEntryForAHostAndAClass) {
  HostStates hosts(16, 1);
  HostState* state = hosts.find_or_add(host(1), kSlow, 0);
  ASSERT_NE(state, nullptr);
  EXPECT_EQ(state->host, host(1));
  EXPECT_EQ(state->owner, kSlow);
  EXPECT_EQ(hosts.find_or_add(host(1), kSlow, 5), state);
  EXPECT_EQ(state->last, 5);
  EXPECT_NE(hosts.find_or_add(host(1), kSmooth, 0), state);
  EXPECT_NE(hosts.find_or_add(host(2), kSlow, 0), state);
  EXPECT_EQ(hosts.size(), 3u);
}

TEST(HostStates, RefusesOneMoreThanItHolds) {
  HostStates hosts(100, 1);
  for (std::uint32_t i = 0; i < 100; ++i) ASSERT_NE(hosts.find_or_add(host(i), kSlow, 0), nullptr);
  EXPECT_EQ(hosts.find_or_add(host(100), kSlow, 0), nullptr);
  EXPECT_NE(hosts.find_or_add(host(7), kSlow, 0), nullptr);
}

TEST(HostStates, ForgetsAHostOnlyWhenItsBucketsAreFullAgain) {
  HostStates hosts(16, 1);
  const RatePlan plan(8'000'000, 3000);
  HostState* state = hosts.find_or_add(host(1), kSlow, 0);
  state->police[1].spend(plan, 1000, 0);  // full again after 1 ms
  EXPECT_EQ(hosts.sweep(kMillisecond - 1, 16, never), 0u);
  EXPECT_EQ(hosts.sweep(kMillisecond, 1, never), 1u);
  EXPECT_EQ(hosts.size(), 0u);
}

TEST(HostStates, KeepsAHostThatWasAskedForNow) {
  HostStates hosts(16, 1);
  hosts.find_or_add(host(1), kSlow, 7);
  EXPECT_EQ(hosts.sweep(7, 16, never), 0u);
  EXPECT_EQ(hosts.sweep(8, 16, never), 1u);
}

TEST(HostStates, KeepsAHostWhoseQueueIsInUse) {
  HostStates hosts(16, 1);
  hosts.find_or_add(host(1), kSlow, 0)->queue = {4, 5};
  std::set<std::uint32_t> asked;
  EXPECT_EQ(hosts.sweep(1, 1, [&](std::uint32_t queue) { return asked.insert(queue), queue == 4; }), 0u);
  EXPECT_EQ(asked, (std::set<std::uint32_t>{4, 5}));
  asked.clear();
  EXPECT_EQ(hosts.sweep(1, 1, [&](std::uint32_t queue) { return asked.insert(queue), true; }), 1u);
  EXPECT_EQ(asked, (std::set<std::uint32_t>{5})) << "queue 4 was given up before";
}

TEST(HostStates, BeginsAFreshEntryInAPlaceThatWasFreed) {
  HostStates hosts(1, 1);
  HostState* state = hosts.find_or_add(host(1), kSlow, 0);
  state->police[0].spend(RatePlan(8'000'000, 3000), 1000, 0);
  EXPECT_EQ(hosts.sweep(kSecond, 4, never), 1u);
  state = hosts.find_or_add(host(2), kSlow, kSecond);
  ASSERT_NE(state, nullptr);
  EXPECT_EQ(state->police[0].full_at, 0u);
  EXPECT_EQ(state->queue[0], kNoIndex);
}

TEST(HostStates, AgreesWithAMapWhileHostsComeAndGo) {
  HostStates hosts(40, 3);
  const RatePlan plan(80'000, 6000);
  std::map<std::pair<Address, ClassId>, Bucket> model;
  std::mt19937_64 random(1);
  Nanos now = 0;
  int refused = 0;
  for (int step = 0; step < 50000; ++step) {
    now += static_cast<Nanos>(random() % (2 * kMillisecond));
    const std::pair<Address, ClassId> key{host(static_cast<std::uint32_t>(random() % 400)),
                                          random() % 2 ? kSlow : kSmooth};
    HostState* state = hosts.find_or_add(key.first, key.second, now);
    if (state == nullptr) {
      ++refused;
      ASSERT_EQ(hosts.size(), 40u);
    } else {
      const auto bytes = static_cast<std::uint32_t>(40 + random() % 1400);
      // Forgetting is only allowed where it changes nothing: a bucket that is never forgotten answers the same.
      ASSERT_EQ(state->police[0].spend(plan, bytes, now), model[key].spend(plan, bytes, now));
    }
    hosts.sweep(now, 2, never);
  }
  EXPECT_GT(refused, 0);
  EXPECT_GT(hosts.sweep(now + 3600 * kSecond, 40, never), 0u);
  EXPECT_EQ(hosts.size(), 0u);
}

}  // namespace
}  // namespace slowlane

#include "dataplane/spsc_ring.h"

#include <gtest/gtest.h>

#include <thread>

namespace slowlane {
namespace {

TEST(SpscRing, HandsSlotsOverInOrder) {
  SpscRing<int> ring(4);
  EXPECT_EQ(ring.front(), nullptr);
  for (const int value : {1, 2, 3}) {
    *ring.claim() = value;
    ring.publish();
  }
  for (const int value : {1, 2, 3}) {
    ASSERT_NE(ring.front(), nullptr);
    EXPECT_EQ(*ring.front(), value);
    ring.pop();
  }
  EXPECT_EQ(ring.front(), nullptr);
}

TEST(SpscRing, ShowsNothingThatWasOnlyClaimed) {
  SpscRing<int> ring(2);
  *ring.claim() = 7;
  EXPECT_EQ(ring.front(), nullptr);
  ring.publish();
  EXPECT_EQ(*ring.front(), 7);
}

TEST(SpscRing, IsFullAtItsCapacityAndTakesMoreOnceRead) {
  SpscRing<int> ring(3);
  EXPECT_EQ(ring.capacity(), 4u);
  for (int i = 0; i < 4; ++i) {
    ASSERT_NE(ring.claim(), nullptr);
    ring.publish();
  }
  EXPECT_EQ(ring.claim(), nullptr);
  ASSERT_NE(ring.front(), nullptr);
  ring.pop();
  EXPECT_NE(ring.claim(), nullptr);
}

TEST(SpscRing, CarriesEveryValueBetweenTwoThreads) {
  struct Pair {
    std::uint64_t value = 0;
    std::uint64_t twice = 0;
  };
  constexpr std::uint64_t kLast = 20'000;
  SpscRing<Pair> ring(1024);
  std::thread writer([&] {
    for (std::uint64_t i = 1; i <= kLast;) {
      Pair* const slot = ring.claim();
      if (slot == nullptr) {
        std::this_thread::yield();
        continue;
      }
      *slot = {i, 2 * i};
      ring.publish();
      ++i;
    }
  });
  std::uint64_t wrong = 0;
  for (std::uint64_t expected = 1; expected <= kLast;) {
    const Pair* const slot = ring.front();
    if (slot == nullptr) {
      std::this_thread::yield();
      continue;
    }
    if (slot->value != expected || slot->twice != 2 * expected) ++wrong;
    ring.pop();
    ++expected;
  }
  writer.join();
  EXPECT_EQ(wrong, 0u);
}

}  // namespace
}  // namespace slowlane

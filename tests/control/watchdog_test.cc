#include "control/watchdog.h"

#include <gtest/gtest.h>

#include <array>

namespace slowlane {
namespace {

constexpr Nanos kStart = 5000 * kSecond;

TEST(Watchdog, IsContentWhileEveryWorkerTurns) {
  Watchdog dog(2, kStart);
  std::array<std::uint64_t, 2> turns{};
  for (Nanos now = kStart; now < kStart + 60 * kSecond; now += Watchdog::kLook) {
    ++turns[0];
    turns[1] += 1000;
    EXPECT_EQ(dog.look(turns, now), std::nullopt);
  }
}

TEST(Watchdog, NamesTheWorkerThatStandsStillWithinASecond) {
  Watchdog dog(3, kStart);
  std::array<std::uint64_t, 3> turns{};
  const Nanos stops = kStart + 10 * kSecond;
  std::optional<Nanos> noticed;
  for (Nanos now = kStart; now < stops + 3 * kSecond && !noticed; now += Watchdog::kLook) {
    for (std::size_t i = 0; i < turns.size(); ++i)
      if (i != 1 || now < stops) ++turns[i];
    if (const auto stuck = dog.look(turns, now)) {
      EXPECT_EQ(*stuck, 1u);
      noticed = now;
    }
  }
  ASSERT_TRUE(noticed);
  EXPECT_LE(*noticed - stops, kSecond);
  EXPECT_GE(*noticed - stops, 500 * kMillisecond);
}

TEST(Watchdog, AllowsAWorkerToSleepForATenthOfASecond) {
  Watchdog dog(1, kStart);
  std::array<std::uint64_t, 1> turns{};
  for (int i = 0; i < 1000; ++i) {
    if (i % 3 == 0) ++turns[0];
    EXPECT_EQ(dog.look(turns, kStart + i * 50 * kMillisecond), std::nullopt);
  }
}

TEST(Watchdog, AccusesNobodyWhenControlItselfDidNotLook) {
  Watchdog dog(1, kStart);
  const std::array<std::uint64_t, 1> turns{7};
  dog.look(turns, kStart);
  EXPECT_EQ(dog.look(turns, kStart + 3600 * kSecond), std::nullopt) << "the machine was suspended";
  EXPECT_LE(dog.still(0), 2 * Watchdog::kLook);
  std::optional<std::size_t> stuck;
  for (int i = 1; i <= 8; ++i) stuck = dog.look(turns, kStart + 3600 * kSecond + i * Watchdog::kLook);
  EXPECT_EQ(stuck, 0u) << "but it still does not turn";
}

TEST(Watchdog, ForgivesAWorkerThatTurnsAgain) {
  Watchdog dog(1, kStart);
  std::array<std::uint64_t, 1> turns{1};
  for (int i = 0; i < 7; ++i) dog.look(turns, kStart + i * Watchdog::kLook);
  ++turns[0];
  dog.look(turns, kStart + kSecond);
  EXPECT_EQ(dog.still(0), 0);
}

TEST(Watchdog, GivesAnExcusedWorkerItsTimeAnew) {
  Watchdog dog(1, kStart);
  const std::array<std::uint64_t, 1> turns{1};
  Nanos now = kStart;
  const auto looks_until_named = [&] {
    int looks = 0;
    for (; looks < 100 && !dog.look(turns, now); ++looks) now += Watchdog::kLook;
    return looks;
  };
  EXPECT_LT(looks_until_named(), 100);
  dog.excuse(0);
  EXPECT_GE(looks_until_named(), 7);
  EXPECT_GE(dog.still(0), Watchdog::kPatience);
}

TEST(Watchdog, NamesTheOneThatStoodStillLongest) {
  Watchdog dog(2, kStart);
  std::array<std::uint64_t, 2> turns{};
  std::optional<std::size_t> stuck;
  for (int i = 0; i < 30; ++i) {
    if (i < 5) ++turns[0];
    stuck = dog.look(turns, kStart + i * Watchdog::kLook);
  }
  EXPECT_EQ(stuck, 1u);
}

TEST(Watchdog, TakesNoHarmFromAClockThatGoesBack) {
  Watchdog dog(1, kStart);
  const std::array<std::uint64_t, 1> turns{0};
  EXPECT_EQ(dog.look(turns, kStart - 10 * kSecond), std::nullopt);
  EXPECT_EQ(dog.still(0), 0);
}

}  // namespace
}  // namespace slowlane

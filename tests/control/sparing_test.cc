#include "control/sparing.h"

#include <gtest/gtest.h>

namespace slowlane {
namespace {

constexpr Nanos kStart = Nanos{1'700'000'000} * kSecond;

TEST(SparingTest, LetsTenPassAtOnceAndThenOneAMinute) {
  Sparing sparing;
  for (std::uint64_t i = 0; i < Sparing::kAtOnce; ++i) EXPECT_EQ(sparing.pass(kStart), 0u);
  EXPECT_EQ(sparing.pass(kStart), std::nullopt);
  EXPECT_EQ(sparing.pass(kStart + Sparing::kEvery - 1), std::nullopt);
  EXPECT_EQ(sparing.pass(kStart + Sparing::kEvery), 2u) << "how many were left out is told";
  EXPECT_EQ(sparing.pass(kStart + Sparing::kEvery), std::nullopt);
}

TEST(SparingTest, WhatWasNotUsedIsSavedUpForTenAtMost) {
  Sparing sparing;
  EXPECT_EQ(sparing.pass(kStart), 0u);
  const Nanos later = kStart + 1000 * Sparing::kEvery;
  for (std::uint64_t i = 0; i < Sparing::kAtOnce; ++i) EXPECT_TRUE(sparing.pass(later));
  EXPECT_FALSE(sparing.pass(later));
}

}  // namespace
}  // namespace slowlane

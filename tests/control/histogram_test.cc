#include "control/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace slowlane {
namespace {

TEST(Histogram, OfNothingIsZero) {
  const Histogram histogram;
  EXPECT_EQ(histogram.percentile(0.5), 0);
  EXPECT_EQ(histogram.max(), 0);
}

TEST(Histogram, IsExactForSmallTimesAndTheLargest) {
  Histogram histogram;
  for (Nanos time = 1; time <= 100; ++time) histogram.add(time);
  histogram.add(-5);
  histogram.add(123456789);
  EXPECT_EQ(histogram.percentile(0.5), 50);
  EXPECT_EQ(histogram.max(), 123456789);
  EXPECT_EQ(histogram.percentile(1), 123456789);
  EXPECT_EQ(histogram.count(), 102u);
}

TEST(Histogram, IsWithinOnePercentOfASortedList) {
  std::mt19937_64 random(7);
  std::uniform_int_distribution<int> magnitude(0, 61);
  Histogram histogram;
  std::vector<Nanos> all;
  for (int i = 0; i < 20000; ++i) {
    const Nanos time = static_cast<Nanos>(random() >> (63 - magnitude(random)) >> 1);
    histogram.add(time);
    all.push_back(time);
  }
  std::sort(all.begin(), all.end());
  for (const double share : {0.01, 0.25, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const auto rank = static_cast<std::size_t>(std::max(1.0, share * 20000)) - 1;
    const auto exact = static_cast<double>(all[rank]);
    EXPECT_GE(static_cast<double>(histogram.percentile(share)), exact);
    EXPECT_LE(static_cast<double>(histogram.percentile(share)), exact * 1.01 + 1) << share;
  }
}

TEST(Histogram, TakesTheLongestTimeThereIs) {
  Histogram histogram;
  histogram.add(std::numeric_limits<Nanos>::max());
  EXPECT_EQ(histogram.percentile(0.5), std::numeric_limits<Nanos>::max());
}

}  // namespace
}  // namespace slowlane

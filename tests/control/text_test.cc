#include "control/text.h"

#include <gtest/gtest.h>

namespace slowlane {
namespace {

TEST(Text, PrintsTimesWithNineDecimals) {
  EXPECT_EQ(print_seconds(1616000000123456000), "1616000000.123456000");
  EXPECT_EQ(print_seconds(1), "0.000000001");
  EXPECT_EQ(print_seconds(0), "0.000000000");
  EXPECT_EQ(print_seconds(-1500000000), "-1.500000000");
}

TEST(Text, PrintsShortTimesExactly) {
  EXPECT_EQ(print_short_seconds(0), "0.0");
  EXPECT_EQ(print_short_seconds(12250 * kMillisecond), "12.25");
  EXPECT_EQ(print_short_seconds(10 * kSecond), "10.0");
  EXPECT_EQ(print_short_seconds(1), "0.000000001");
}

TEST(Text, ShowsThreeDigitsThatCount) {
  EXPECT_EQ(human_bytes(0), "0 B");
  EXPECT_EQ(human_bytes(999), "999 B");
  EXPECT_EQ(human_bytes(1234), "1.23 kB");
  EXPECT_EQ(human_bytes(45678901), "45.7 MB");
  EXPECT_EQ(human_bytes(999999), "1.00 MB");
  EXPECT_EQ(human_rate(140000), "140 kbit/s");
  EXPECT_EQ(human_rate(0), "0 bit/s");
  EXPECT_EQ(human_rate(0.5), "0.50 bit/s");
}

TEST(Text, ChoosesAUnitOfTimeThatReadsWell) {
  EXPECT_EQ(human_time(12), "12 ns");
  EXPECT_EQ(human_time(1500), "1.50 us");
  EXPECT_EQ(human_time(80 * kMillisecond), "80.0 ms");
  EXPECT_EQ(human_time(90 * kSecond), "90.0 s");
  EXPECT_EQ(human_time(600 * kSecond), "10.0 min");
  EXPECT_EQ(human_time(24 * 3600 * kSecond), "24.0 h");
}

TEST(Text, GroupsThousands) {
  EXPECT_EQ(human_count(7), "7");
  EXPECT_EQ(human_count(999), "999");
  EXPECT_EQ(human_count(1000), "1,000");
  EXPECT_EQ(human_count(1234567), "1,234,567");
}

}  // namespace
}  // namespace slowlane

#include "rules/units.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace slowlane {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::uint64_t rate(std::string_view text) {
  const auto read = parse_rate(text);
  return std::holds_alternative<std::uint64_t>(read) ? std::get<std::uint64_t>(read) : 0;
}
std::uint64_t bytes(std::string_view text) {
  const auto read = parse_size(text);
  return std::holds_alternative<std::uint64_t>(read) ? std::get<std::uint64_t>(read) : ~0ull;
}
Nanos time_of(std::string_view text) {
  const auto read = parse_time(text);
  return std::holds_alternative<Nanos>(read) ? std::get<Nanos>(read) : -1;
}
double share(std::string_view text) {
  const auto read = parse_share(text);
  return std::holds_alternative<double>(read) ? std::get<double>(read) : -1;
}
template <class T>
std::string sentence(const Reading<T>& read) {
  return std::holds_alternative<std::string>(read) ? std::get<std::string>(read) : "";
}

TEST(Units, RatesAreDecimalAndPerSecond) {
  EXPECT_EQ(rate("140kbit"), 140'000u);
  EXPECT_EQ(rate("2.5 mbit"), 2'500'000u);
  EXPECT_EQ(rate("1gbit"), 1'000'000'000u);
  EXPECT_EQ(rate("10 Gbit"), 10'000'000'000u);
  EXPECT_EQ(rate("64bit"), 64u);
  EXPECT_EQ(rate("1Mbit/s"), 1'000'000u);
  EXPECT_EQ(rate(" .5kbit "), 500u);
}

TEST(Units, AmbiguousRatesAreRefusedWithBothReadings) {
  EXPECT_THAT(sentence(parse_rate("140kbps")), AllOf(HasSubstr("140kbit"), HasSubstr("1120kbit")));
  EXPECT_THAT(sentence(parse_rate("2Mbps")), AllOf(HasSubstr("2mbit"), HasSubstr("16mbit")));
  EXPECT_THAT(sentence(parse_rate("140kb")), AllOf(HasSubstr("140kbit"), HasSubstr("1120kbit")));
  EXPECT_THAT(sentence(parse_rate("140000")), AllOf(HasSubstr("140kbit"), HasSubstr("1120kbit")));
  EXPECT_THAT(sentence(parse_rate("5M")), AllOf(HasSubstr("5mbit"), HasSubstr("40mbit")));
}

TEST(Units, RatesOutOfBoundsAreRefused) {
  EXPECT_THAT(sentence(parse_rate("0kbit")), HasSubstr("at least 1 bit"));
  EXPECT_THAT(sentence(parse_rate("2000gbit")), HasSubstr("too fast"));
  EXPECT_THAT(sentence(parse_rate("99999999999999999999bit")), HasSubstr("no rate"));
  EXPECT_THAT(sentence(parse_rate("-5kbit")), HasSubstr("no rate"));
  EXPECT_THAT(sentence(parse_rate("")), HasSubstr("no rate"));
  EXPECT_THAT(sentence(parse_rate("1.2.3kbit")), HasSubstr("kbit"));
}

TEST(Units, SizesTellDecimalFromBinary) {
  EXPECT_EQ(bytes("100B"), 100u);
  EXPECT_EQ(bytes("16KiB"), 16384u);
  EXPECT_EQ(bytes("16kB"), 16000u);
  EXPECT_EQ(bytes("1.5 MB"), 1'500'000u);
  EXPECT_EQ(bytes("64MiB"), 64u << 20);
  EXPECT_EQ(bytes("16kib"), 16384u);
  EXPECT_EQ(bytes("0B"), 0u);
}

TEST(Units, AmbiguousSizesAreRefusedWithBothReadings) {
  EXPECT_THAT(sentence(parse_size("16kb")), AllOf(HasSubstr("16kB"), HasSubstr("16KiB")));
  EXPECT_THAT(sentence(parse_size("16K")), AllOf(HasSubstr("16kB"), HasSubstr("16KiB")));
  EXPECT_THAT(sentence(parse_size("2Mb")), AllOf(HasSubstr("2MB"), HasSubstr("2MiB")));
  EXPECT_THAT(sentence(parse_size("16384")), AllOf(HasSubstr("16384B"), HasSubstr("16384KiB")));
  EXPECT_THAT(sentence(parse_size("16kbit")), AllOf(HasSubstr("16kB"), HasSubstr("2kB")));
  EXPECT_THAT(sentence(parse_size("16 parsecs")), HasSubstr("no unit of a size"));
}

TEST(Units, TimesHaveUnits) {
  EXPECT_EQ(time_of("600s"), 600 * kSecond);
  EXPECT_EQ(time_of("80ms"), 80 * kMillisecond);
  EXPECT_EQ(time_of("10 us"), 10 * kMicrosecond);
  EXPECT_EQ(time_of("2min"), 120 * kSecond);
  EXPECT_EQ(time_of("24h"), 86400 * kSecond);
  EXPECT_EQ(time_of("0.5s"), 500 * kMillisecond);
  EXPECT_THAT(sentence(parse_time("600")), AllOf(HasSubstr("600s"), HasSubstr("600ms")));
  EXPECT_THAT(sentence(parse_time("5m")), AllOf(HasSubstr("5min"), HasSubstr("5ms")));
  EXPECT_THAT(sentence(parse_time("9000000h")), HasSubstr("too long"));
  EXPECT_THAT(sentence(parse_time("-1s")), HasSubstr("no time"));
}

TEST(Units, SharesArePercentOrFraction) {
  EXPECT_DOUBLE_EQ(share("5%"), 0.05);
  EXPECT_DOUBLE_EQ(share("0.05"), 0.05);
  EXPECT_DOUBLE_EQ(share("100 %"), 1);
  EXPECT_DOUBLE_EQ(share("0"), 0);
  EXPECT_THAT(sentence(parse_share("5")), HasSubstr("did you mean \"5%\""));
  EXPECT_THAT(sentence(parse_share("101%")), HasSubstr("more than the whole"));
  EXPECT_THAT(sentence(parse_share("half")), HasSubstr("no share"));
}

TEST(Units, PrintTakesTheShortestSpelling) {
  EXPECT_EQ(print_rate(140'000), "140kbit");
  EXPECT_EQ(print_rate(1'500'000), "1.5mbit");
  EXPECT_EQ(print_rate(1), "1bit");
  EXPECT_EQ(print_size(16384), "16KiB");
  EXPECT_EQ(print_size(6000), "6kB");
  EXPECT_EQ(print_size(0), "0B");
  EXPECT_EQ(print_time(600 * kSecond), "600s");
  EXPECT_EQ(print_time(80 * kMillisecond), "80ms");
  EXPECT_EQ(print_time(86400 * kSecond), "24h");
  EXPECT_EQ(print_time(-5), "-5ns");
  EXPECT_EQ(print_time(0), "0ns");
}

TEST(Units, WhatIsPrintedReadsBackToTheSameValue) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 20000; ++i) {
    const std::uint64_t value = random() >> (random() % 63);
    if (value >= 1 && value <= (1ull << 40)) {
      ASSERT_EQ(rate(print_rate(value)), value) << print_rate(value);
    }
    if (value <= (1ull << 60)) {
      ASSERT_EQ(bytes(print_size(value)), value) << print_size(value);
    }
    if (value <= (1ull << 62)) {
      ASSERT_EQ(time_of(print_time(Nanos(value))), Nanos(value)) << print_time(Nanos(value));
    }
  }
}

TEST(Units, EveryTextGivesAValueOrASentence) {
  const std::string_view alphabet = "0123456789.kKmMgGiIbBpsth/% -";
  std::mt19937_64 random(2);
  for (int i = 0; i < 50000; ++i) {
    std::string text;
    for (std::uint64_t n = random() % 12; n > 0; --n) text += alphabet[random() % alphabet.size()];
    const auto read = parse_rate(text);
    if (std::holds_alternative<std::string>(read)) {
      ASSERT_FALSE(std::get<std::string>(read).empty());
    }
    const auto amount = parse_size(text);
    if (std::holds_alternative<std::string>(amount)) {
      ASSERT_FALSE(std::get<std::string>(amount).empty());
    }
    const auto length = parse_time(text);
    if (std::holds_alternative<Nanos>(length)) {
      ASSERT_GE(std::get<Nanos>(length), 0);
    }
    const auto part = parse_share(text);
    if (std::holds_alternative<double>(part)) {
      ASSERT_LE(std::get<double>(part), 1);
    }
  }
}

}  // namespace
}  // namespace slowlane

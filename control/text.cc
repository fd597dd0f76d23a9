#include "control/text.h"

#include <fmt/format.h>

#include <array>

namespace slowlane {
namespace {

// Three digits that count, without an exponent: 1.23, 12.3, 123.
std::string three_digits(double value) {
  if (value < 9.995) return fmt::format("{:.2f}", value);
  if (value < 99.95) return fmt::format("{:.1f}", value);
  return fmt::format("{:.0f}", value);
}

std::string scaled(double value, const std::array<const char*, 5>& units) {
  std::size_t unit = 0;
  while (value >= 999.5 && unit + 1 < units.size()) {
    value /= 1000;
    ++unit;
  }
  const bool whole = unit == 0 && value == static_cast<double>(static_cast<std::uint64_t>(value));
  return (whole ? fmt::format("{:.0f}", value) : three_digits(value)) + " " + units[unit];
}

}  // namespace

std::string print_seconds(Nanos time) {
  if (time < 0) return "-" + print_seconds(-time);
  return fmt::format("{}.{:09}", time / kSecond, time % kSecond);
}

std::string print_short_seconds(Nanos time) {
  std::string text = print_seconds(time);
  const std::size_t point = text.find('.');
  while (text.back() == '0' && text.size() > point + 2) text.pop_back();
  return text;
}

double to_milliseconds(Nanos time) { return static_cast<double>(time) / static_cast<double>(kMillisecond); }

std::string human_bytes(std::uint64_t bytes) {
  return scaled(static_cast<double>(bytes), {"B", "kB", "MB", "GB", "TB"});
}

std::string human_rate(double bits_per_second) {
  return scaled(bits_per_second, {"bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s"});
}

std::string human_time(Nanos time) {
  const auto value = static_cast<double>(time);
  if (time < kMicrosecond) return fmt::format("{} ns", time);
  if (time < kMillisecond) return three_digits(value / 1e3) + " us";
  if (time < kSecond) return three_digits(value / 1e6) + " ms";
  if (time < 120 * kSecond) return three_digits(value / 1e9) + " s";
  if (time < 120 * 60 * kSecond) return three_digits(value / 60e9) + " min";
  return three_digits(value / 3600e9) + " h";
}

std::string human_count(std::uint64_t count) {
  std::string text = std::to_string(count);
  for (std::size_t i = text.size(); i > 3; i -= 3) text.insert(i - 3, ",");
  return text;
}

}  // namespace slowlane

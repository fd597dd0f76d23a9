#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace slowlane {

// Time everywhere: nanoseconds, a point (since the Unix epoch) or a length, signed.
using Nanos = std::int64_t;
inline constexpr Nanos kMicrosecond = 1000;
inline constexpr Nanos kMillisecond = 1000 * kMicrosecond;
inline constexpr Nanos kSecond = 1000 * kMillisecond;

// A parsed number, or a sentence that says what was read and what is allowed (contract §2 "Syntax and units").
template <class T>
using Reading = std::variant<T, std::string>;

using ParsedRate = Reading<std::uint64_t>;  // bits per second, at least 1
using ParsedSize = Reading<std::uint64_t>;  // bytes
using ParsedTime = Reading<Nanos>;          // at least 0
using ParsedShare = Reading<double>;        // 0 to 1

// "140kbit", "2.5 mbit", "1gbit", decimal and per second. "kbps", "Mbps", "kb" and bare numbers are refused, and the
// message names both readings.
ParsedRate parse_rate(std::string_view text);
// "16KiB", "1.5 MB", "100B". Bare numbers and "kb" are refused likewise.
ParsedSize parse_size(std::string_view text);
// "600s", "80ms", "10 us", "2min", "24h".
ParsedTime parse_time(std::string_view text);
// "5%" or "0.05".
ParsedShare parse_share(std::string_view text);

// The shortest exact spelling that the parsers above read back to the same value.
std::string print_rate(std::uint64_t bits_per_second);
std::string print_size(std::uint64_t bytes);
std::string print_time(Nanos time);

}  // namespace slowlane

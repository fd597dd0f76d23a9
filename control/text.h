#pragma once

#include <cstdint>
#include <string>

#include "rules/units.h"

namespace slowlane {

// How control prints numbers for people and records.

// "1616000000.123456000": seconds with nine decimals.
std::string print_seconds(Nanos time);
// "0.1", "12.25": as few decimals as say it exactly, one at least.
std::string print_short_seconds(Nanos time);
double to_milliseconds(Nanos time);

// For tables: "1.2 MB", "138 kbit/s", "1.5 s", "12,345"; three digits that count.
std::string human_bytes(std::uint64_t bytes);
std::string human_rate(double bits_per_second);
std::string human_time(Nanos time);
std::string human_count(std::uint64_t count);

}  // namespace slowlane

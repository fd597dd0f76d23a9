#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace slowlane {

// What `ctl flows`, `trace` and `watch` print for people, from the box's answers.

// A line for each flow, and how many there were.
std::string flows_table(const nlohmann::ordered_json& answer);
// One traced packet, or how the trace began or ended: a few lines.
std::string print_trace(const nlohmann::ordered_json& line);
// One event: a line.
std::string print_event(const nlohmann::ordered_json& line);

// "192.0.2.0 > 198.51.100.7:443"; "-" for what is not told.
std::string print_ends(const nlohmann::ordered_json& record);

}  // namespace slowlane

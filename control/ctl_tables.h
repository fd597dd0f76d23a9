#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace slowlane {

// Answers of a box as tables for a terminal. What a box of another version says else or leaves out is no trouble.

// The `classes` of `ctl classes`: a line for each class and direction.
std::string classes_table(const nlohmann::ordered_json& answer);
// The `rules` of `ctl rules`.
std::string rules_table(const nlohmann::ordered_json& answer);

}  // namespace slowlane

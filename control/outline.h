#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace slowlane {

// A JSON object for people: one line a member, what it holds indented below it, members of a group aligned.
std::string outline(const nlohmann::ordered_json& object);

}  // namespace slowlane

#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace slowlane {

// Checks a JSON value against a schema and says all that is wrong, each with its place ("/up/bytes: …"). Knows the
// keywords that control/schemas use; another one in a schema is itself a complaint.
std::vector<std::string> schema_complaints(const nlohmann::json& schema, const nlohmann::json& value);

// Reads a schema; throws where it is no JSON.
nlohmann::json load_schema(const std::string& path);

}  // namespace slowlane

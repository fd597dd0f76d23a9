#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

namespace slowlane {

// Members of what a box answered; a box of another version may say else or leave it out, and that is no trouble.

inline nlohmann::ordered_json member(const nlohmann::ordered_json& object, const char* name) {
  return object.is_object() && object.contains(name) ? object[name] : nlohmann::ordered_json();
}

inline std::uint64_t whole(const nlohmann::ordered_json& object, const char* name) {
  const nlohmann::ordered_json value = member(object, name);
  const bool fits = value.is_number_integer() && (value.is_number_unsigned() || value.get<std::int64_t>() >= 0);
  return fits ? value.get<std::uint64_t>() : 0;
}

inline double real(const nlohmann::ordered_json& object, const char* name) {
  const nlohmann::ordered_json value = member(object, name);
  return value.is_number() ? value.get<double>() : 0;
}

inline bool truth(const nlohmann::ordered_json& object, const char* name) {
  const nlohmann::ordered_json value = member(object, name);
  return value.is_boolean() && value.get<bool>();
}

inline std::string word(const nlohmann::ordered_json& object, const char* name, const char* otherwise = "-") {
  const nlohmann::ordered_json value = member(object, name);
  return value.is_string() ? value.get<std::string>() : otherwise;
}

}  // namespace slowlane

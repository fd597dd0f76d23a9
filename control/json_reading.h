#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

namespace slowlane {

// What a client asks. Nested deeper than any request is, it is discarded as what is no JSON at all: copying a value
// recurses once a level, and some ten thousand levels would be the end of the thread's stack.
inline nlohmann::ordered_json parse_request(const std::string& text) {
  using Json = nlohmann::ordered_json;
  constexpr int kDeepest = 16;
  bool deep = false;
  const auto shallow = [&deep](int depth, Json::parse_event_t, const Json&) {
    deep = deep || depth > kDeepest;
    return !deep;
  };
  Json parsed = Json::parse(text, shallow, false);
  return deep ? Json(Json::value_t::discarded) : parsed;
}

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

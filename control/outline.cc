#include "control/outline.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace slowlane {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kIndent = 2;

std::string scalar(const Json& value) {
  if (value.is_null()) return "-";
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
  return value.dump();
}

bool is_plain_list(const Json& value) {
  return value.is_array() && std::ranges::none_of(value, [](const Json& one) { return one.is_structured(); });
}

bool fits_a_line(const Json& value) { return !value.is_structured() || is_plain_list(value) || value.empty(); }

std::string in_a_line(const Json& value) {
  if (!value.is_structured()) return scalar(value);
  std::string text;
  for (const Json& one : value) text += (text.empty() ? "" : ", ") + scalar(one);
  return text.empty() ? "none" : text;
}

std::string members(const Json& object, int indent) {
  std::size_t widest = 0;
  for (const auto& [name, value] : object.items())
    if (fits_a_line(value)) widest = std::max(widest, name.size());
  std::string text;
  for (const auto& [name, value] : object.items()) {
    text.append(static_cast<std::size_t>(indent), ' ');
    if (fits_a_line(value))
      text += fmt::format("{:<{}}  {}\n", name, widest, in_a_line(value));
    else
      // A list's members are called by their own names, or by their numbers.
      text += (object.is_array() ? value.value("name", name) : name) + "\n" + members(value, indent + kIndent);
  }
  return text;
}

}  // namespace

std::string outline(const Json& object) { return members(object, 0); }

}  // namespace slowlane

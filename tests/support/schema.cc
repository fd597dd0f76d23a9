#include "tests/support/schema.h"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>

namespace slowlane {
namespace {

using Json = nlohmann::json;

class Validator {
 public:
  explicit Validator(const Json& root) : root_(root) {}

  std::vector<std::string> check(const Json& schema, const Json& value, const std::string& place) const {
    std::vector<std::string> complaints;
    for (const auto& [keyword, rule] : schema.items()) {
      if (keyword == "$schema" || keyword == "title" || keyword == "description" || keyword == "$defs") continue;
      for (std::string& text : check_keyword(keyword, rule, schema, value, place))
        complaints.push_back(std::move(text));
    }
    return complaints;
  }

 private:
  using Complaints = std::vector<std::string>;

  static bool is_type(const std::string& type, const Json& value) {
    if (type == "integer") return value.is_number_integer();
    if (type == "number") return value.is_number();
    return type == value.type_name();
  }

  static Complaints unless(bool good, const std::string& place, const std::string& text) {
    return good ? Complaints{} : Complaints{place + ": " + text};
  }

  Complaints check_type(const Json& types, const Json& value, const std::string& place) const {
    bool good = false;
    for (const Json& type : types.is_array() ? types : Json::array({types})) good = good || is_type(type, value);
    return unless(good, place, "is no " + types.dump() + " but " + value.dump());
  }

  Complaints check_ref(const Json& name, const Json& value, const std::string& place) const {
    return check(root_.at(Json::json_pointer(name.get<std::string>().substr(1))), value, place);
  }

  Complaints check_any(const Json& choices, const Json& value, const std::string& place) const {
    for (const Json& choice : choices)
      if (check(choice, value, place).empty()) return {};
    return {place + ": fits none of " + choices.dump()};
  }

  Complaints check_required(const Json& names, const Json& value, const std::string& place) const {
    Complaints complaints;
    for (const Json& name : names)
      if (value.is_object() && !value.contains(name.get<std::string>()))
        complaints.push_back(place + ": lacks " + name.dump());
    return complaints;
  }

  Complaints check_members(const Json& schema, const Json& value, const std::string& place) const {
    Complaints complaints;
    if (!value.is_object()) return complaints;
    const Json properties = schema.value("properties", Json::object());
    const Json others = schema.value("additionalProperties", Json(true));
    for (const auto& [name, member] : value.items()) {
      const std::string where = place + "/" + name;
      Complaints found;
      if (properties.contains(name))
        found = check(properties[name], member, where);
      else if (others.is_object())
        found = check(others, member, where);
      else
        found = unless(others.get<bool>(), where, "is not in the schema");
      complaints.insert(complaints.end(), found.begin(), found.end());
    }
    return complaints;
  }

  Complaints check_items(const Json& schema, const Json& value, const std::string& place) const {
    Complaints complaints;
    for (std::size_t i = 0; value.is_array() && i < value.size(); ++i)
      for (std::string& text : check(schema, value[i], place + "/" + std::to_string(i)))
        complaints.push_back(std::move(text));
    return complaints;
  }

  Complaints check_keyword(const std::string& keyword, const Json& rule, const Json& schema, const Json& value,
                           const std::string& place) const {
    if (keyword == "type") return check_type(rule, value, place);
    if (keyword == "$ref") return check_ref(rule, value, place);
    if (keyword == "anyOf") return check_any(rule, value, place);
    if (keyword == "required") return check_required(rule, value, place);
    if (keyword == "properties") return check_members(schema, value, place);
    if (keyword == "additionalProperties")
      return schema.contains("properties") ? Complaints{} : check_members(schema, value, place);
    if (keyword == "items") return check_items(rule, value, place);
    if (keyword == "const") return unless(value == rule, place, "is not " + rule.dump());
    if (keyword == "enum")
      return unless(std::find(rule.begin(), rule.end(), value) != rule.end(), place, "is none of " + rule.dump());
    if (keyword == "minimum") return unless(!value.is_number() || value >= rule, place, "is under " + rule.dump());
    if (keyword == "maximum") return unless(!value.is_number() || value <= rule, place, "is over " + rule.dump());
    if (keyword == "minItems")
      return unless(!value.is_array() || value.size() >= rule.get<std::size_t>(), place, "is too short");
    if (keyword == "pattern")
      return unless(
          !value.is_string() || std::regex_search(value.get<std::string>(), std::regex(rule.get<std::string>())), place,
          value.dump() + " does not fit " + rule.dump());
    return {place + ": the validator does not know the keyword " + keyword};
  }

  const Json& root_;
};

}  // namespace

std::vector<std::string> schema_complaints(const Json& schema, const Json& value) {
  return Validator(schema).check(schema, value, "");
}

Json load_schema(const std::string& path) {
  std::ifstream file(path);
  return Json::parse(file);
}

}  // namespace slowlane

#include "control/cli_checks.h"

#include <variant>

#include "rules/units.h"

namespace slowlane {

std::string not_a_time(const std::string& text) {
  const ParsedTime time = parse_time(text);
  const auto* const why = std::get_if<std::string>(&time);
  return why == nullptr ? "" : *why;
}

}  // namespace slowlane

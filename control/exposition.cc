#include "control/exposition.h"

#include <fmt/format.h>

#include <iterator>

namespace slowlane {
namespace {

// In a label's value a backslash, a quote and a line's end are escaped.
std::string escaped(std::string_view value) {
  std::string out;
  for (const char c : value) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n')
      out += "\\n";
    else
      out += c;
  }
  return out;
}

}  // namespace

void Exposition::family(std::string_view name, std::string_view help, std::string_view type) {
  name_ = fmt::format("slowlane_{}", name);
  fmt::format_to(std::back_inserter(text_), "# HELP {0} {1}\n# TYPE {0} {2}\n", name_, help, type);
}

void Exposition::begin(Labels labels) {
  text_ += name_;
  char before = '{';
  for (const auto& [key, value] : labels) {
    fmt::format_to(std::back_inserter(text_), "{}{}=\"{}\"", before, key, escaped(value));
    before = ',';
  }
  text_ += labels.size() == 0 ? " " : "} ";
}

void Exposition::sample(Labels labels, std::uint64_t value) {
  begin(labels);
  fmt::format_to(std::back_inserter(text_), "{}\n", value);
}

void Exposition::sample(Labels labels, double value) {
  begin(labels);
  fmt::format_to(std::back_inserter(text_), "{}\n", value);
}

}  // namespace slowlane

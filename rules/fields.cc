#include "rules/fields.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <variant>

#include "rules/suggest.h"
#include "rules/utf8.h"

namespace slowlane {
namespace {

constexpr std::size_t kShown = 60;  // characters of a text that messages repeat

std::string shorten(std::string_view text) {
  if (text.size() <= kShown) return std::string(text);
  return std::string(text.substr(0, kShown)) + "...";
}

// The shortest spelling that reads back to the same number.
std::string print_number(double number) {
  std::array<char, 32> text;
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), number);
  return std::string(text.data(), error == std::errc() ? end : text.data());
}

// What a parser of rules/units.h reads from a node; a bare number is given to it as its digits, so that its message
// names the readings.
template <class T>
Result<T> read_unit(const Node& node, Reading<T> (*parse)(std::string_view), std::string_view example) {
  const bool numeric = node.kind == Node::Kind::integer || node.kind == Node::Kind::number;
  if (node.kind != Node::Kind::text && !numeric)
    return mistake(node, "takes a text like " + std::string(example) + ", not " + describe(node));
  auto read = parse(numeric ? describe(node) : node.text);
  if (auto* sentence = std::get_if<std::string>(&read)) {
    // A number without a unit is refused in any case; that libconfig makes another of it is said too.
    if (node.wrapped) *sentence += "; as an integer it would be read as " + std::to_string(node.integer);
    return mistake(node, std::move(*sentence));
  }
  return std::get<T>(read);
}

}  // namespace

std::string describe(const Node& node) {
  switch (node.kind) {
    case Node::Kind::boolean: return node.boolean ? "true" : "false";
    case Node::Kind::integer: return node.wrapped ? node.text : std::to_string(node.integer);
    case Node::Kind::number: return print_number(node.number);
    case Node::Kind::text: return "\"" + shorten(node.text) + "\"";
    case Node::Kind::group: return "a group { ... }";
    case Node::Kind::list: return "a list";
  }
  return {};
}

Diagnostic mistake(const Node& at, std::string text) { return {at.place.file, at.place.line, std::move(text)}; }

Result<std::uint64_t> read_rate(const Node& node) { return read_unit(node, parse_rate, "\"140kbit\""); }

Result<std::uint64_t> read_size(const Node& node) { return read_unit(node, parse_size, "\"16KiB\""); }

Result<Nanos> read_time(const Node& node) { return read_unit(node, parse_time, "\"600s\""); }

Result<double> read_share(const Node& node) {
  if (node.kind != Node::Kind::integer && node.kind != Node::Kind::number)
    return read_unit(node, parse_share, "\"5%\" or a number like 0.05");
  if (node.number >= 0 && node.number <= 1) return node.number;
  return mistake(node, describe(node) + " is no share: write 0 to 1, or \"0%\" to \"100%\"");
}

Result<bool> read_boolean(const Node& node) {
  if (node.kind == Node::Kind::boolean) return node.boolean;
  return mistake(node, "takes true or false, not " + describe(node));
}

Result<std::string> read_text(const Node& node) {
  // Texts are shown to others; expressions, which may ask for any byte, are not read here.
  if (node.kind == Node::Kind::text && !is_utf8(node.text))
    return mistake(node, "must be UTF-8, and its bytes behind \\x are not");
  if (node.kind == Node::Kind::text && !node.text.empty()) return node.text;
  return mistake(node,
                 node.kind == Node::Kind::text ? "must not be empty" : "takes a text in quotes, not " + describe(node));
}

Result<std::uint64_t> read_number(const Node& node, std::uint64_t first, std::uint64_t last) {
  if (node.wrapped)
    return mistake(node, node.text + " would be read as " + std::to_string(node.integer) +
                             ", because it does not fit the integer it is written as; " +
                             (node.text.find_first_of("lL") == std::string::npos ? "write " + node.text + "L"
                                                                                 : "no larger integer can be written"));
  constexpr double kExact = 9007199254740992.0;  // 2^53: beyond it a float is no certain integer
  std::optional<std::uint64_t> value;
  if (node.kind == Node::Kind::integer && node.integer >= 0) value = static_cast<std::uint64_t>(node.integer);
  if (node.kind == Node::Kind::number && node.number >= 0 && node.number <= kExact &&
      std::floor(node.number) == node.number)
    value = static_cast<std::uint64_t>(node.number);
  if (value && *value >= first && *value <= last) return *value;
  const bool open = last >= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  const std::string range =
      open ? "from " + std::to_string(first) + " on" : "from " + std::to_string(first) + " to " + std::to_string(last);
  return mistake(node, "takes a whole number " + range + ", not " + describe(node));
}

Result<NumberRange> read_range(const Node& node, std::uint64_t first, std::uint64_t last) {
  if (node.kind != Node::Kind::list) {
    const auto number = read_number(node, first, last);
    if (!number) return number.diagnostics();
    return NumberRange{*number, *number};
  }
  if (node.children.size() != 2) return mistake(node, "takes a number or a range of two like [5, 8]");
  const auto least = read_number(node.children[0], first, last);
  const auto most = read_number(node.children[1], first, last);
  if (!least) return least.diagnostics();
  if (!most) return most.diagnostics();
  if (*least > *most)
    return mistake(node, "[" + std::to_string(*least) + ", " + std::to_string(*most) +
                             "] ends before it begins; the smaller number stands first");
  return NumberRange{*least, *most};
}

Result<std::size_t> read_word(const Node& node, const std::vector<std::string_view>& allowed) {
  const auto same = [](char a, char b) {
    const auto low = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    return low(a) == low(b);
  };
  const bool text = node.kind == Node::Kind::text;
  for (std::size_t i = 0; text && i < allowed.size(); ++i)
    if (std::ranges::equal(node.text, allowed[i], same)) return i;
  return mistake(
      node, "takes " + one_of(allowed) + ", not " + describe(node) + (text ? did_you_mean(node.text, allowed) : ""));
}

Result<std::vector<const Node*>> read_items(const Node& node) {
  if (node.kind != Node::Kind::list) return std::vector{&node};
  if (node.children.empty()) return mistake(node, "an empty list fits nothing; leave it out or name a value");
  std::vector<const Node*> out;
  for (const Node& child : node.children) out.push_back(&child);
  return out;
}

Fields::Fields(const Node& group, std::string what) : group_(group), what_(std::move(what)) {
  if (group.kind != Node::Kind::group)
    mistakes_.push_back(mistake(group, what_ + ": takes a group { ... }, not " + describe(group)));
}

const Node* Fields::find(std::string_view name) {
  if (std::ranges::find(asked_, name) == asked_.end()) asked_.push_back(name);
  return group_.kind == Node::Kind::group ? group_.child(name) : nullptr;
}

void Fields::require(std::string_view name, std::string_view allowed) {
  if (group_.kind != Node::Kind::group || find(name) != nullptr) return;
  mistakes_.push_back(mistake(group_, what_ + ": " + std::string(name) + " is missing; write " + std::string(allowed)));
}

Diagnostics Fields::finish() {
  if (group_.kind == Node::Kind::group)
    for (const Node& child : group_.children)
      if (std::ranges::find(asked_, child.key) == asked_.end())
        mistakes_.push_back(mistake(child, what_ + ": there is no setting \"" + child.key + "\"" +
                                               did_you_mean(child.key, asked_) + " (allowed: " + one_of(asked_) + ")"));
  return std::exchange(mistakes_, {});
}

}  // namespace slowlane

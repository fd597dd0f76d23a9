#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rules/book.h"
#include "rules/node.h"
#include "rules/result.h"
#include "rules/units.h"

namespace slowlane {

// What was read, for messages: `"140kbit"`, `17`, `true`, `a group { ... }`, `a list`.
std::string describe(const Node& node);

// A mistake at a node.
Diagnostic mistake(const Node& at, std::string text);

// One value of its kind, or what is wrong with it. Numbers are given as integers, as floats without a fraction, or not
// at all; rates, sizes and times as text with a unit.
Result<std::uint64_t> read_rate(const Node& node);
Result<std::uint64_t> read_size(const Node& node);
Result<Nanos> read_time(const Node& node);
Result<double> read_share(const Node& node);
Result<bool> read_boolean(const Node& node);
Result<std::string> read_text(const Node& node);  // UTF-8, not empty
// `first` to `last`, both allowed.
Result<std::uint64_t> read_number(const Node& node, std::uint64_t first, std::uint64_t last);
// A number, or a list of the least and the most, both within `first` to `last`.
Result<NumberRange> read_range(const Node& node, std::uint64_t first, std::uint64_t last);
// Index into `allowed` of the word that stands there, without case.
Result<std::size_t> read_word(const Node& node, const std::vector<std::string_view>& allowed);

// The members of a list, or the one value that stands for a list of one; nothing but mistakes where it is empty.
Result<std::vector<const Node*>> read_items(const Node& node);

// Reads one group, setting by setting, and collects every mistake in it: settings nobody asked for (with the nearest
// one asked for), missing ones, wrong values. A reader answers nullopt where the setting is absent or wrong.
// The group must outlive it.
class Fields {
 public:
  // `what` is how messages call the group: "police", "rule".
  Fields(const Node& group, std::string what);

  std::optional<std::uint64_t> rate(std::string_view name) { return take(name, find(name), read_rate); }
  std::optional<std::uint64_t> size(std::string_view name) { return take(name, find(name), read_size); }
  std::optional<Nanos> time(std::string_view name) { return take(name, find(name), read_time); }
  std::optional<double> share(std::string_view name) { return take(name, find(name), read_share); }
  std::optional<bool> boolean(std::string_view name) { return take(name, find(name), read_boolean); }
  std::optional<std::string> text(std::string_view name) { return take(name, find(name), read_text); }
  std::optional<std::uint64_t> number(std::string_view name, std::uint64_t first, std::uint64_t last) {
    return take(name, find(name), [=](const Node& node) { return read_number(node, first, last); });
  }
  // One of the words, as the value that stands beside it.
  template <class T>
  std::optional<T> word(std::string_view name, const std::vector<std::pair<std::string_view, T>>& allowed) {
    std::vector<std::string_view> words;
    words.reserve(allowed.size());
    for (const auto& pair : allowed) words.push_back(pair.first);
    const auto index = take(name, find(name), [&](const Node& node) { return read_word(node, words); });
    if (!index) return std::nullopt;
    return allowed[*index].second;
  }
  // The value of a setting, read by `read`: Node -> Result<T>.
  template <class Read>
  auto with(std::string_view name, Read read) {
    return take(name, find(name), read);
  }

  // From now on messages call the group by what it is and its own name: `class "slow"`.
  void call(std::string_view name) { what_ += " \"" + std::string(name) + "\""; }

  // The setting itself, which counts as asked for; null where it is absent.
  const Node* find(std::string_view name);
  // Reports a setting that must be there and is not; `allowed` says what it looks like.
  void require(std::string_view name, std::string_view allowed);

  void add(Diagnostic diagnostic) { mistakes_.push_back(std::move(diagnostic)); }
  void add(const Diagnostics& diagnostics) {
    mistakes_.insert(mistakes_.end(), diagnostics.begin(), diagnostics.end());
  }
  // Mistakes within one of the group's settings, which already say which.
  void add_in(const Diagnostics& diagnostics) {
    for (const Diagnostic& one : diagnostics) mistakes_.push_back({one.file, one.line, what_ + ": " + one.text});
  }
  // A mistake of the group as a whole.
  void add(std::string text) { mistakes_.push_back(mistake(group_, what_ + ": " + std::move(text))); }

  // Settings nobody asked for become mistakes; hands over all of them.
  Diagnostics finish();
  // The value, if there was no mistake in the group.
  template <class T>
  Result<T> finish(T value) {
    Diagnostics all = finish();
    if (!all.empty()) return all;
    return value;
  }

 private:
  template <class Read>
  auto take(std::string_view name, const Node* node, Read read) -> std::optional<std::decay_t<decltype(*read(*node))>> {
    if (node == nullptr) return std::nullopt;
    auto result = read(*node);
    if (result) return std::move(*result);
    const std::string where = what_ + (what_.ends_with('"') ? ": " : ".") + std::string(name) + ": ";
    for (const Diagnostic& one : result.diagnostics()) mistakes_.push_back({one.file, one.line, where + one.text});
    return std::nullopt;
  }

  const Node& group_;
  std::string what_;
  std::vector<std::string_view> asked_;
  Diagnostics mistakes_;
};

}  // namespace slowlane

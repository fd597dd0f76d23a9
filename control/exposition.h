#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace slowlane {

// Writes Prometheus's text format 0.0.4: a family's head, then its samples.
class Exposition {
 public:
  using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  // `name` without "slowlane_"; a counter's must end in "_total".
  void counter(std::string_view name, std::string_view help) { family(name, help, "counter"); }
  void gauge(std::string_view name, std::string_view help) { family(name, help, "gauge"); }
  // Of the family begun last. Label values may hold anything; what is not UTF-8 is the caller's mistake.
  void sample(Labels labels, std::uint64_t value);
  void sample(Labels labels, double value);

  const std::string& text() const { return text_; }

 private:
  void family(std::string_view name, std::string_view help, std::string_view type);
  void begin(Labels labels);

  std::string text_;
  std::string name_;
};

}  // namespace slowlane

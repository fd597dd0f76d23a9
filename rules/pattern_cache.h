#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace slowlane {

// Where compiled databases of patterns outlive the process. Called by the thread that compiles. What is damaged or
// cannot be kept is compiled again: neither verb has anything to report.
class PatternCache {
 public:
  virtual ~PatternCache() = default;
  // The very bytes that were kept for this key, or nothing.
  virtual std::optional<std::string> find(std::string_view key) = 0;
  virtual void keep(std::string_view key, std::string_view bytes) = 0;
};

}  // namespace slowlane

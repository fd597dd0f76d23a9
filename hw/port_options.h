#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace slowlane {

// PortSpec::options, NAME=VALUE,…, in their order; a name alone has an empty value.
class PortOptions {
 public:
  explicit PortOptions(const std::string& text) {
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find(',', at), text.size());
      const std::string word = text.substr(at, end - at);
      const std::size_t equals = std::min(word.find('='), word.size());
      all_.emplace_back(word.substr(0, equals), equals < word.size() ? word.substr(equals + 1) : "");
      at = end + 1;
    }
  }
  std::optional<std::string> get(const std::string& name) const {
    for (const auto& [known, value] : all_)
      if (known == name) return value;
    return std::nullopt;
  }
  const std::vector<std::pair<std::string, std::string>>& all() const { return all_; }

 private:
  std::vector<std::pair<std::string, std::string>> all_;
};

}  // namespace slowlane

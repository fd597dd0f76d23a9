#include "rules/dictionary.h"

namespace slowlane {
namespace {

std::optional<ProtocolId> find_one(const Dictionary& dictionary, const std::string& name) {
  const auto at = dictionary.protocols.find(name);
  if (at == dictionary.protocols.end() || at->second == kUnknownProtocol) return std::nullopt;
  return at->second;
}

}  // namespace

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return lower;
}

std::optional<ProtocolName> find_protocol(const Dictionary& dictionary, std::string_view name) {
  const std::string lower = lower_case(name);
  if (const auto whole = find_one(dictionary, lower)) return ProtocolName{*whole, kUnknownProtocol};
  const std::size_t dot = lower.find('.');
  if (dot == std::string::npos) return std::nullopt;
  const auto master = find_one(dictionary, lower.substr(0, dot));
  const auto app = find_one(dictionary, lower.substr(dot + 1));
  if (!master || !app) return std::nullopt;
  return ProtocolName{*master, *app};
}

std::optional<std::uint16_t> find_category(const Dictionary& dictionary, std::string_view name) {
  const auto at = dictionary.categories.find(lower_case(name));
  if (at == dictionary.categories.end()) return std::nullopt;
  return at->second;
}

bool is_unknown_protocol(std::string_view name) { return lower_case(name) == "unknown"; }

}  // namespace slowlane

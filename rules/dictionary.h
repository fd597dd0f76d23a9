#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "rules/facts.h"

namespace slowlane {

// What application and category names mean, as numbers. Names are lower case. Comes from the classifier; tests make
// their own. `protocol = "tls.youtube"` asks for master and application, "youtube" for either.
struct Dictionary {
  std::unordered_map<std::string, ProtocolId> protocols;
  std::unordered_map<std::string, std::uint16_t> categories;
  std::unordered_map<ProtocolId, std::uint16_t> category_of{};  // each protocol's own, whatever a flow shows besides
};

// A protocol name as numbers. `app` of 0: the name stands alone and means either half.
struct ProtocolName {
  ProtocolId master = kUnknownProtocol;
  ProtocolId app = kUnknownProtocol;
};

// Reads "youtube" or "tls.youtube", without case. Nothing for "unknown" and for a name the dictionary does not know.
std::optional<ProtocolName> find_protocol(const Dictionary& dictionary, std::string_view name);
std::optional<std::uint16_t> find_category(const Dictionary& dictionary, std::string_view name);
// Whether it is the word that matches flows without an application.
bool is_unknown_protocol(std::string_view name);

std::string lower_case(std::string_view text);

}  // namespace slowlane

#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace slowlane {

// The first question of a DNS query (RFC 1035 §4.1). The name is written lower case, dotted and without the root's dot
// into `text`.
struct DnsQuestion {
  enum class Status : std::uint8_t { complete, incomplete, not_dns };
  Status status = Status::not_dns;
  bool response = false;
  std::uint16_t type = 0;
  std::uint8_t length = 0;
  char text[255];

  std::string_view name() const { return {text, length}; }
};

// One message, as a UDP payload carries it. Names that are no host names (bytes outside printable ASCII) are written
// with '?' in their place.
DnsQuestion read_dns(std::span<const std::uint8_t> message) noexcept;

// DNS itself, mDNS and LLMNR.
constexpr bool is_dns_port(std::uint16_t port) { return port == 53 || port == 5353 || port == 5355; }

}  // namespace slowlane

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace slowlane {

// The client's half of a SOCKS4, 4a or 5 negotiation (RFC 1928, RFC 1929): everything it sends before the proxied
// protocol begins.
struct SocksPreamble {
  enum class Status : std::uint8_t { complete, incomplete, not_socks };
  Status status = Status::not_socks;
  std::string_view target;  // a domain name, or empty where an address was asked for
  std::size_t length = 0;   // bytes of the client's stream that belong to the negotiation
};

// Reads what the client has sent so far. The target points into `stream`.
SocksPreamble read_socks(std::span<const std::uint8_t> stream) noexcept;

// Reads one packet of a client's by itself: a SOCKS4 request, a SOCKS5 greeting or a SOCKS5 request. Complete where it
// is one of them from its first byte to its last; `length` is 0.
SocksPreamble read_socks_packet(std::span<const std::uint8_t> payload) noexcept;

}  // namespace slowlane

#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace slowlane {

// An IPv4 or IPv6 address. IPv4 is kept in its mapped form (::ffff:a.b.c.d, RFC 4291 §2.5.5.2), so that both compare,
// hash and fit prefixes alike; network byte order.
struct Address {
  std::array<std::uint8_t, 16> bytes{};

  static Address v4(std::uint32_t host_order);
  static Address v4(std::span<const std::uint8_t, 4> wire);
  static Address v6(std::span<const std::uint8_t, 16> wire);
  bool is_v4() const;
  std::string print() const;                         // "192.0.2.1", "2001:db8::1" (RFC 5952)
  auto operator<=>(const Address&) const = default;  // NOLINT(modernize-use-nullptr): clang-tidy 14 errs
};

std::optional<Address> parse_address(std::string_view text);

// A prefix; `bits` counts in the 128-bit form, so 192.0.2.0/24 has 120.
struct Prefix {
  Address base;  // host bits are zero
  std::uint8_t bits = 0;

  bool contains(const Address& address) const;
  bool contains(const Prefix& other) const;
  std::string print() const;  // "192.0.2.0/24"
  auto operator<=>(const Prefix&) const = default;
};

// "10.0.0.0/8", "fd00::/8" or a plain address. Host bits that are set are refused (nullopt), as `ip route` does.
std::optional<Prefix> parse_prefix(std::string_view text);

// The address with all but the first bits cleared; `v4_bits` of 32, `v6_bits` of 128.
Address truncate(const Address& address, unsigned v4_bits, unsigned v6_bits);

struct PortRange {
  std::uint16_t first = 0;
  std::uint16_t last = 0;

  bool contains(std::uint16_t port) const { return first <= port && port <= last; }
  auto operator<=>(const PortRange&) const = default;
};

// "443", "443,8000-8100".
std::optional<std::vector<PortRange>> parse_ports(std::string_view text);

// A destination as --server takes it: "192.0.2.1", "192.0.2.1:443", "[2001:db8::1]:443". No port: 0.
struct Endpoint {
  Address address;
  std::uint16_t port = 0;
};
std::optional<Endpoint> parse_endpoint(std::string_view text);

}  // namespace slowlane

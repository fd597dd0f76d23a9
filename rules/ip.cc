#include "rules/ip.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace slowlane {
namespace {

constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};  // RFC 4291 §2.5.5.2
constexpr unsigned kMappedBits = 96;

// A decimal number up to `most`, digits only.
std::optional<unsigned> number(std::string_view text, unsigned most) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value > most) return std::nullopt;
  return value;
}

void clear_after(Address& address, unsigned bits) {
  for (unsigned i = 0; i < address.bytes.size(); ++i) {
    const unsigned begin = i * 8;
    if (begin + 8 <= bits) continue;
    const unsigned keep = bits > begin ? bits - begin : 0;
    address.bytes[i] = static_cast<std::uint8_t>(address.bytes[i] & (0xff00u >> keep));
  }
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

std::optional<PortRange> parse_range(std::string_view text) {
  constexpr unsigned kLast = 65535;
  text = trim(text);
  const std::size_t dash = text.find('-');
  const auto first = number(trim(text.substr(0, dash)), kLast);
  std::optional<unsigned> last = first;
  if (dash != std::string_view::npos) {
    const std::string_view rest = trim(text.substr(dash + 1));
    last = rest.empty() ? kLast : number(rest, kLast);
  }
  if (!first || !last || *first > *last) return std::nullopt;
  return PortRange{static_cast<std::uint16_t>(*first), static_cast<std::uint16_t>(*last)};
}

}  // namespace

Address Address::v4(std::uint32_t host_order) {
  Address out;
  std::ranges::copy(kMapped, out.bytes.begin());
  for (unsigned i = 0; i < 4; ++i) out.bytes[12 + i] = static_cast<std::uint8_t>(host_order >> (24 - 8 * i));
  return out;
}

Address Address::v4(std::span<const std::uint8_t, 4> wire) {
  Address out;
  std::ranges::copy(kMapped, out.bytes.begin());
  std::ranges::copy(wire, out.bytes.begin() + 12);
  return out;
}

Address Address::v6(std::span<const std::uint8_t, 16> wire) {
  Address out;
  std::ranges::copy(wire, out.bytes.begin());
  return out;
}

bool Address::is_v4() const { return std::memcmp(bytes.data(), kMapped.data(), kMapped.size()) == 0; }

std::string Address::print() const {
  char text[INET6_ADDRSTRLEN];
  const bool four = is_v4();
  return inet_ntop(four ? AF_INET : AF_INET6, bytes.data() + (four ? 12 : 0), text, sizeof text);
}

std::optional<Address> parse_address(std::string_view text) {
  char copy[INET6_ADDRSTRLEN];
  if (text.size() >= sizeof copy || text.find('\0') != std::string_view::npos) return std::nullopt;
  copy[text.copy(copy, text.size())] = '\0';
  std::array<std::uint8_t, 16> wire{};
  if (inet_pton(AF_INET, copy, wire.data()) == 1) return Address::v4(std::span(wire).first<4>());
  if (inet_pton(AF_INET6, copy, wire.data()) == 1) return Address::v6(wire);
  return std::nullopt;
}

bool Prefix::contains(const Address& address) const {
  // IPv4 is a corner of the mapped form only: "::/0" means every IPv6 address and no IPv4 one.
  if (bits < kMappedBits && address.is_v4()) return false;
  const unsigned whole = bits / 8;
  if (std::memcmp(base.bytes.data(), address.bytes.data(), whole) != 0) return false;
  const unsigned rest = bits % 8;
  if (rest == 0) return true;
  return ((base.bytes[whole] ^ address.bytes[whole]) >> (8 - rest)) == 0;
}

bool Prefix::contains(const Prefix& other) const { return bits <= other.bits && contains(other.base); }

std::string Prefix::print() const {
  const unsigned offset = base.is_v4() && bits >= kMappedBits ? kMappedBits : 0;
  return base.print() + "/" + std::to_string(bits - offset);
}

std::optional<Prefix> parse_prefix(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = parse_address(text.substr(0, slash));
  if (!address) return std::nullopt;
  if (slash == std::string_view::npos) return Prefix{*address, 128};
  const unsigned offset = text.substr(0, slash).find(':') == std::string_view::npos ? kMappedBits : 0;
  const auto bits = number(text.substr(slash + 1), 128 - offset);
  if (!bits) return std::nullopt;
  Address base = *address;
  clear_after(base, *bits + offset);
  if (base != *address) return std::nullopt;
  return Prefix{base, static_cast<std::uint8_t>(*bits + offset)};
}

Address truncate(const Address& address, unsigned v4_bits, unsigned v6_bits) {
  Address out = address;
  clear_after(out, address.is_v4() ? kMappedBits + v4_bits : v6_bits);
  return out;
}

std::optional<std::vector<PortRange>> parse_ports(std::string_view text) {
  std::vector<PortRange> out;
  while (true) {
    const std::size_t comma = text.find(',');
    const auto range = parse_range(text.substr(0, comma));
    if (!range) return std::nullopt;
    out.push_back(*range);
    if (comma == std::string_view::npos) return out;
    text.remove_prefix(comma + 1);
  }
}

std::optional<Endpoint> parse_endpoint(std::string_view text) {
  if (const auto address = parse_address(text)) return Endpoint{*address, 0};
  std::string_view host = text;
  std::string_view port;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    host = text.substr(1, close - 1);
    if (host.find(':') == std::string_view::npos) return std::nullopt;
    if (close + 1 == text.size()) {
      const auto address = parse_address(host);
      return address ? std::optional(Endpoint{*address, 0}) : std::nullopt;
    }
    if (text[close + 1] != ':') return std::nullopt;
    port = text.substr(close + 2);
  } else {
    const std::size_t colon = text.find(':');
    // A second colon makes it an IPv6 address, whose port needs brackets.
    if (colon == std::string_view::npos || text.find(':', colon + 1) != std::string_view::npos) return std::nullopt;
    host = text.substr(0, colon);
    port = text.substr(colon + 1);
  }
  const auto address = parse_address(host);
  const auto value = number(port, 65535);
  if (!address || !value) return std::nullopt;
  return Endpoint{*address, static_cast<std::uint16_t>(*value)};
}

}  // namespace slowlane

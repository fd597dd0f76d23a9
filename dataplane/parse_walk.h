#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

#include "dataplane/parse.h"

namespace slowlane::walk {

// The inside of parse(): a frame is walked header by header, each reader says what comes next and where.

inline constexpr unsigned kMaxDepth = 16;

enum class Layer : std::uint8_t {
  ethernet,
  llc,
  vlan,
  mpls,
  pppoe,
  ppp,
  ieee80211,
  ip,
  ipv4,
  ipv6,
  extension,
  protocol,
  gre,
  vxlan,
  geneve,
  gtp,
  teredo,
  l2tp,
  done,
  not_ip,
  malformed
};

// What comes next. `type` is the protocol number of extension and protocol, the reason of malformed, and of ieee80211
// the bytes its header is padded to a multiple of (0 and 1: none).
struct Step {
  Layer layer;
  std::uint8_t type;
  std::uint32_t at;
};
static_assert(sizeof(Step) == 8);

constexpr Step step(Layer layer, std::uint32_t at, std::uint8_t type = 0) { return {layer, type, at}; }
constexpr Step done() { return step(Layer::done, 0); }
constexpr Step not_ip() { return step(Layer::not_ip, 0); }
constexpr Step malformed(Malformed reason) { return step(Layer::malformed, 0, static_cast<std::uint8_t>(reason)); }

// The frame, how far it may be read, and what was found so far.
struct Walk {
  const std::uint8_t* data;
  std::uint32_t limit;  // what may be read: captured, and within every length met so far
  std::uint32_t end;    // where the innermost layer ends by its own length; beyond `limit` where the frame is snapped
  Parsed& out;
  const std::uint8_t* source = nullptr;  // addresses of the innermost IP header
  const std::uint8_t* destination = nullptr;
  bool no_ip_length = false;      // the IP length is 0: segmentation was offloaded
  bool checksummed = false;       // the tunnel header being read carries a checksum over all that follows
  std::optional<Parsed> outer{};  // the innermost flow that is certain, while a tunnel's inside is being tried

  bool has(std::uint32_t at, std::uint32_t size) const noexcept { return at + size <= limit; }
  std::uint8_t u8(std::uint32_t at) const noexcept { return data[at]; }
  std::uint16_t u16(std::uint32_t at) const noexcept {
    std::uint16_t value;
    std::memcpy(&value, data + at, sizeof value);
    return __builtin_bswap16(value);
  }
  std::uint32_t u32(std::uint32_t at) const noexcept {
    std::uint32_t value;
    std::memcpy(&value, data + at, sizeof value);
    return __builtin_bswap32(value);
  }
  // A layer says that it ends there.
  void bound(std::uint32_t layer_end) noexcept {
    end = std::min(end, layer_end);
    limit = std::min(limit, layer_end);
  }
  // A link layer's length at `field` counts what follows it.
  void bound_link(std::uint32_t field) noexcept {
    std::uint16_t& noted = out.headers.length_field;
    noted = noted == 0 ? static_cast<std::uint16_t>(field) : Headers::kManyLengths;
    bound(field + 2 + u16(field));
  }
  // An IP header of a packet of `length` bytes.
  void begin_ip(std::uint32_t at, std::uint32_t length) noexcept {
    out.headers.in_tunnel = out.headers.version != 0;
    out.headers.l3 = static_cast<std::uint16_t>(at);
    out.headers.ip_bytes = length;
    end = at + length;
    limit = std::min(limit, end);
  }
  bool fragment() const noexcept { return out.headers.fragment != FragmentKind::none; }
  void add_encap(Encap encap) noexcept {
    Headers& headers = out.headers;
    const bool stack = encap == Encap::vlan || encap == Encap::mpls;
    if (stack && headers.encap_count > 0 && headers.encaps[headers.encap_count - 1u] == encap) return;
    if (headers.encap_count < headers.encaps.size()) headers.encaps[headers.encap_count++] = encap;
  }
  // From here on the flow found so far stands, unless a better one is found inside.
  void enter(Encap encap) noexcept {
    outer = out;
    out.headers.outer_checksum |= checksummed;
    checksummed = false;
    add_encap(encap);
  }
};

// parse() without its short way for the common frame: what that must agree with.
Parsed parse_walking(LinkType link, std::span<const std::uint8_t> frame, std::uint32_t wire_length) noexcept;

// The layer behind an Ethernet type.
Step by_ether_type(std::uint16_t type, std::uint32_t at) noexcept;

// parse_link.cc
Step first_step(LinkType link, Walk& walk) noexcept;
Step read_ethernet(Walk& walk, std::uint32_t at) noexcept;
Step read_llc(Walk& walk, std::uint32_t at) noexcept;
Step read_vlan(Walk& walk, std::uint32_t at) noexcept;
Step read_mpls(Walk& walk, std::uint32_t at) noexcept;
Step read_pppoe(Walk& walk, std::uint32_t at) noexcept;
Step read_ppp(Walk& walk, std::uint32_t at) noexcept;
Step read_ieee80211(Walk& walk, Step here) noexcept;

// parse_ip.cc
Step read_ip(Walk& walk, std::uint32_t at) noexcept;
Step read_ipv4(Walk& walk, std::uint32_t at) noexcept;
Step read_ipv6(Walk& walk, std::uint32_t at) noexcept;
Step read_extension(Walk& walk, std::uint8_t protocol, std::uint32_t at) noexcept;

// parse_transport.cc
Step read_plain(Walk& walk) noexcept;  // an Ethernet frame from its first byte: Ethernet, IPv4, TCP or UDP, or the walk
Step read_protocol(Walk& walk, std::uint8_t protocol, std::uint32_t at) noexcept;
Step read_portless(Walk& walk, std::uint8_t protocol, std::uint32_t at) noexcept;
Step damaged(Walk& walk, std::uint32_t at, Malformed reason) noexcept;

// parse_tunnel.cc. Each is called when the flow outside has been read, which stands where the header is not plausible.
Step read_gre(Walk& walk, std::uint32_t at) noexcept;
Step read_vxlan(Walk& walk, std::uint32_t at) noexcept;
Step read_geneve(Walk& walk, std::uint32_t at) noexcept;
Step read_gtp(Walk& walk, std::uint32_t at) noexcept;
Step read_teredo(Walk& walk, std::uint32_t at) noexcept;
Step read_l2tp(Walk& walk, std::uint32_t at) noexcept;

}  // namespace slowlane::walk

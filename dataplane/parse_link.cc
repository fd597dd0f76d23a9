#include <algorithm>
#include <array>

#include "dataplane/parse_walk.h"

namespace slowlane {

// Numbers of https://www.tcpdump.org/linktypes.html; libpcap's DLT_RAW is 12 or 14 where the file says 101.
LinkType link_type_of(int dlt) {
  switch (dlt) {
    case 0: return LinkType::null;
    case 1: return LinkType::ethernet;
    case 9: return LinkType::ppp;
    case 12:
    case 14:
    case 101:
    case 228:
    case 229: return LinkType::raw_ip;
    case 50:
    case 166: return LinkType::ppp_hdlc;
    case 104: return LinkType::cisco_hdlc;
    case 105: return LinkType::ieee80211;
    case 107: return LinkType::frame_relay;
    case 108: return LinkType::loop;
    case 113: return LinkType::linux_sll;
    case 127: return LinkType::radiotap;
    case 276: return LinkType::linux_sll2;
    default: return LinkType::unsupported;
  }
}

namespace walk {
namespace {

constexpr std::uint16_t kIpv4 = 0x0800;
constexpr std::uint16_t kIpv6 = 0x86dd;
constexpr std::uint16_t kLongestLength = 1500;  // IEEE 802.3 3.2.6: above 1535 it is a type

Step truncated() noexcept { return malformed(Malformed::truncated_link); }

// Address families of the systems that write this link type: AF_INET is 2 on all, AF_INET6 is 10, 24, 28 or 30.
Step read_null(const Walk& walk) noexcept {
  if (!walk.has(0, 4)) return truncated();
  const std::uint32_t family = walk.u32(0) < 0x10000 ? walk.u32(0) : __builtin_bswap32(walk.u32(0));
  if (family == 2) return step(Layer::ipv4, 4);
  if (family == 10 || family == 24 || family == 28 || family == 30) return step(Layer::ipv6, 4);
  return not_ip();
}

Step read_cisco_hdlc(const Walk& walk) noexcept {
  if (!walk.has(0, 4)) return truncated();
  return by_ether_type(walk.u16(2), 4);
}

// In captures of pppd a direction stands in for HDLC's address, and Cisco's framing shares the link type with PPP's.
Step read_ppp_link(const Walk& walk, LinkType link) noexcept {
  if (!walk.has(0, 2)) return truncated();
  const std::uint8_t address = walk.u8(0);
  if (link == LinkType::ppp_hdlc && (address == 0x0f || address == 0x8f)) return read_cisco_hdlc(walk);
  const bool direction = link == LinkType::ppp_hdlc && address <= 1 && walk.u8(1) == 3;
  return step(Layer::ppp, direction ? 2 : 0);
}

// RFC 2427: address of 2 to 4 bytes, control, perhaps a pad, NLPID. Cisco writes an Ethernet type instead.
Step read_frame_relay(const Walk& walk) noexcept {
  std::uint32_t at = 0;
  while (at < 4 && walk.has(at, 1) && (walk.u8(at) & 1) == 0) ++at;
  ++at;
  if (!walk.has(at, 2)) return truncated();
  if (walk.u8(at) != 3) return by_ether_type(walk.u16(at), at + 2);
  ++at;
  if (walk.u8(at) == 0) ++at;
  if (!walk.has(at, 1)) return truncated();
  const std::uint8_t nlpid = walk.u8(at++);
  if (nlpid == 0xcc) return step(Layer::ipv4, at);
  if (nlpid == 0x8e) return step(Layer::ipv6, at);
  if (nlpid == 0xcf) return step(Layer::ppp, at);
  if (nlpid != 0x80) return not_ip();
  if (!walk.has(at, 5)) return truncated();
  return by_ether_type(walk.u16(at + 3), at + 5);  // SNAP: organisation and type
}

// The fields before "flags" are the time (bit 0, aligned to 8); flag 0x20: the 802.11 header is padded to 4 bytes.
std::uint8_t radiotap_padding(const Walk& walk, std::uint32_t length) noexcept {
  const std::uint32_t present = __builtin_bswap32(walk.u32(4));
  if ((present & 2) == 0) return 1;
  std::uint32_t at = 8;
  for (std::uint32_t word = present; (word & 0x80000000u) != 0 && at + 4 <= length; at += 4)
    word = __builtin_bswap32(walk.u32(at));
  if ((present & 1) != 0) at = (at + 7) / 8 * 8 + 8;
  return at < length && (walk.u8(at) & 0x20) != 0 ? 4 : 1;
}

Step read_radiotap(const Walk& walk) noexcept {
  if (!walk.has(0, 8)) return truncated();
  const std::uint32_t length = __builtin_bswap16(walk.u16(2));
  if (walk.u8(0) != 0 || length < 8) return not_ip();
  if (!walk.has(0, length)) return truncated();
  return step(Layer::ieee80211, length, radiotap_padding(walk, length));
}

// Whether an Ethernet header may stand there, by a type that leads on to IP.
bool looks_ethernet(const Walk& walk, std::uint32_t at) noexcept {
  return walk.has(at, 14) && by_ether_type(walk.u16(at + 12), at).layer < Layer::done;
}

// Whether an IP header may stand there, by its length, which an Ethernet address would hardly show.
bool looks_ip(const Walk& walk, std::uint32_t at) noexcept {
  const std::uint8_t first = walk.u8(at);
  if (first >> 4 == 4 && walk.has(at, 20)) {
    const std::uint32_t header = (first & 15u) * 4;
    const std::uint32_t length = walk.u16(at + 2);
    return header >= 20 && length >= header && at + length <= walk.end;
  }
  return first >> 4 == 6 && walk.has(at, 40) && at + 40u + walk.u16(at + 4) <= walk.end;
}

}  // namespace

Step by_ether_type(std::uint16_t type, std::uint32_t at) noexcept {
  switch (type) {
    case kIpv4: return step(Layer::ipv4, at);
    case kIpv6: return step(Layer::ipv6, at);
    case 0x8100:
    case 0x88a8:
    case 0x9100:
    case 0x9200: return step(Layer::vlan, at);
    case 0x8847:
    case 0x8848: return step(Layer::mpls, at);
    case 0x8864: return step(Layer::pppoe, at);
    case 0x6558: return step(Layer::ethernet, at);
    case 0x880b: return step(Layer::ppp, at);
    default: return not_ip();
  }
}

Step first_step(LinkType link, Walk& walk) noexcept {
  switch (link) {
    case LinkType::ethernet: return step(Layer::ethernet, 0);
    case LinkType::raw_ip: return step(Layer::ip, 0);
    case LinkType::linux_sll:
      if (!walk.has(0, 16)) return truncated();
      return walk.u16(14) == 4 ? step(Layer::llc, 16) : by_ether_type(walk.u16(14), 16);
    case LinkType::linux_sll2:
      if (!walk.has(0, 20)) return truncated();
      return walk.u16(0) == 4 ? step(Layer::llc, 20) : by_ether_type(walk.u16(0), 20);
    case LinkType::null:
    case LinkType::loop: return read_null(walk);
    case LinkType::ppp:
    case LinkType::ppp_hdlc: return read_ppp_link(walk, link);
    case LinkType::cisco_hdlc: return read_cisco_hdlc(walk);
    case LinkType::ieee80211: return step(Layer::ieee80211, 0);
    case LinkType::radiotap: return read_radiotap(walk);
    case LinkType::frame_relay: return read_frame_relay(walk);
    case LinkType::unsupported: return not_ip();
  }
  return not_ip();
}

Step read_ethernet(Walk& walk, std::uint32_t at) noexcept {
  if (!walk.has(at, 14)) return truncated();
  const std::uint16_t type = walk.u16(at + 12);
  if (type > kLongestLength) return by_ether_type(type, at + 14);
  walk.bound_link(at + 12);
  return step(Layer::llc, at + 14);
}

// IEEE 802.2 with SNAP (RFC 1042), or IP's own service access point.
Step read_llc(Walk& walk, std::uint32_t at) noexcept {
  if (!walk.has(at, 3)) return not_ip();
  if (walk.u16(at) == 0x0606 && walk.u8(at + 2) == 3) return step(Layer::ipv4, at + 3);
  if (walk.u16(at) != 0xaaaa || walk.u8(at + 2) != 3 || !walk.has(at, 8)) return not_ip();
  const std::uint32_t organisation = walk.u32(at + 2) & 0xffffff;
  if (organisation != 0 && organisation != 0x0000f8) return not_ip();
  return by_ether_type(walk.u16(at + 6), at + 8);
}

Step read_vlan(Walk& walk, std::uint32_t at) noexcept {
  if (!walk.has(at, 4)) return truncated();
  Headers& headers = walk.out.headers;
  walk.add_encap(Encap::vlan);
  if (headers.vlan_count < headers.vlans.size()) headers.vlans[headers.vlan_count++] = walk.u16(at) & 0xfff;
  const std::uint16_t type = walk.u16(at + 2);
  if (type > kLongestLength) return by_ether_type(type, at + 4);
  walk.bound_link(at + 2);
  return step(Layer::llc, at + 4);
}

// RFC 3032. What the bottom label carries is told by the first nibble: IP, or a pseudowire, whose control word begins
// with 0 (RFC 4385 3), as may an Ethernet address: the place that shows a type we know decides.
Step read_mpls(Walk& walk, std::uint32_t at) noexcept {
  if (!walk.has(at, 4)) return truncated();
  walk.add_encap(Encap::mpls);
  const bool bottom = (walk.u8(at + 2) & 1) != 0;
  at += 4;
  if (!bottom) return step(Layer::mpls, at);
  if (!walk.has(at, 1)) return truncated();
  if (looks_ip(walk, at)) return step(Layer::ip, at);
  if (looks_ethernet(walk, at)) return step(Layer::ethernet, at);
  if (walk.u8(at) >> 4 == 0 && looks_ethernet(walk, at + 4)) return step(Layer::ethernet, at + 4);
  const std::uint8_t nibble = walk.u8(at) >> 4;
  return nibble == 4 || nibble == 6 ? step(Layer::ip, at) : not_ip();
}

// RFC 2516 4: version and type 1, code 0 for a session; the length covers the PPP protocol.
Step read_pppoe(Walk& walk, std::uint32_t at) noexcept {
  if (!walk.has(at, 6)) return truncated();
  if (walk.u8(at) != 0x11 || walk.u8(at + 1) != 0) return not_ip();
  walk.add_encap(Encap::pppoe);
  walk.bound_link(at + 4);
  return step(Layer::ppp, at + 6);
}

// RFC 1661 2: an odd first byte is a compressed protocol. Address and control (RFC 1662) may stand before it.
Step read_ppp(Walk& walk, std::uint32_t at) noexcept {
  if (walk.has(at, 2) && walk.u16(at) == 0xff03) at += 2;
  if (!walk.has(at, 2)) return truncated();
  const bool one_byte = (walk.u8(at) & 1) != 0;
  const std::uint16_t protocol = one_byte ? walk.u8(at) : walk.u16(at);
  at += one_byte ? 1 : 2;
  if (protocol == 0x0021) return step(Layer::ipv4, at);
  if (protocol == 0x0057) return step(Layer::ipv6, at);
  if (protocol == 0x0281) return step(Layer::mpls, at);
  return not_ip();
}

// IEEE 802.11 9.3.2.1: data frames that carry something (subtype bit 2 clear) and are not encrypted. Addresses: a
// fourth one between access points; QoS control, and HT control behind it where the order bit is set.
Step read_ieee80211(Walk& walk, Step here) noexcept {
  const std::uint32_t at = here.at;
  if (!walk.has(at, 24)) return not_ip();
  const std::uint8_t control = walk.u8(at);
  const std::uint8_t flags = walk.u8(at + 1);
  if ((control & 0x0f) != 0x08 || (control & 0x40) != 0 || (flags & 0x40) != 0) return not_ip();
  std::uint32_t length = (flags & 3) == 3 ? 30 : 24;
  if ((control & 0x80) != 0) {
    const bool aggregate = walk.has(at, length + 2) && (walk.u8(at + length) & 0x80) != 0;
    if (aggregate) return not_ip();
    length += (flags & 0x80) != 0 ? 6 : 2;
  }
  if (here.type > 1) length = (length + here.type - 1) / here.type * here.type;
  return step(Layer::llc, at + length);
}

}  // namespace walk
}  // namespace slowlane

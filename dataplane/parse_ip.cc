
#include "dataplane/parse_walk.h"

namespace slowlane::walk {
namespace {

constexpr std::uint8_t kFragment = 44, kAuthentication = 51, kNoNext = 59, kMobility = 135;

// RFC 8200 4.5. Offset 0 and no more: a whole datagram that only looks like a fragment (RFC 6946).
void read_fragment_header(Walk& walk, std::uint32_t at) noexcept {
  Headers& headers = walk.out.headers;
  headers.fragment_offset = walk.u16(at + 2) & 0xfff8;
  headers.more_fragments = (walk.u8(at + 3) & 1) != 0;
  headers.fragment_id = walk.u32(at + 4);
  if (headers.fragment_offset != 0) {
    headers.fragment = FragmentKind::later;
  } else if (headers.more_fragments) {
    headers.fragment = FragmentKind::first;
  }
}

}  // namespace

Step read_ip(Walk& walk, std::uint32_t at) noexcept {
  if (!walk.has(at, 1)) return malformed(Malformed::truncated_ip);
  const std::uint8_t version = walk.u8(at) >> 4;
  if (version == 4) return read_ipv4(walk, at);
  if (version == 6) return read_ipv6(walk, at);
  return malformed(Malformed::bad_ip_version);
}

Step read_ipv4(Walk& walk, std::uint32_t at) noexcept {
  if (!walk.has(at, 20)) return malformed(Malformed::truncated_ip);
  const std::uint8_t first = walk.u8(at);
  if (first >> 4 != 4) return malformed(Malformed::bad_ip_version);
  const std::uint32_t header = (first & 15u) * 4;
  if (header < 20) return malformed(Malformed::bad_ip_header);
  if (!walk.has(at, header)) return malformed(Malformed::truncated_ip);
  const std::uint32_t stated = walk.u16(at + 2);
  walk.no_ip_length = stated == 0;
  const std::uint32_t length = stated == 0 ? walk.end - at : stated;
  if (length < header) return malformed(Malformed::bad_ip_length);
  walk.begin_ip(at, length);
  Headers& headers = walk.out.headers;
  headers.version = 4;
  headers.ttl = walk.u8(at + 8);
  const std::uint16_t fragment = walk.u16(at + 6);
  if ((fragment & 0x3fff) != 0) [[unlikely]] {
    headers.fragment_offset = static_cast<std::uint16_t>((fragment & 0x1fff) * 8);
    headers.more_fragments = (fragment & 0x2000) != 0;
    headers.fragment_id = walk.u16(at + 4);
    headers.fragment = headers.fragment_offset == 0 ? FragmentKind::first : FragmentKind::later;
  }
  walk.source = walk.data + at + 12;
  walk.destination = walk.data + at + 16;
  return read_protocol(walk, walk.u8(at + 9), at + header);
}

Step read_ipv6(Walk& walk, std::uint32_t at) noexcept {
  if (!walk.has(at, 40)) return malformed(Malformed::truncated_ip);
  if (walk.u8(at) >> 4 != 6) return malformed(Malformed::bad_ip_version);
  const std::uint32_t stated = walk.u16(at + 4);
  const std::uint8_t next = walk.u8(at + 6);
  // A length of 0 with something behind it: a jumbogram (RFC 2675 3) or offloaded segmentation.
  walk.no_ip_length = stated == 0 && next != kNoNext;
  walk.begin_ip(at, walk.no_ip_length ? walk.end - at : 40 + stated);
  Headers& headers = walk.out.headers;
  headers.version = 6;
  headers.ttl = walk.u8(at + 7);
  walk.source = walk.data + at + 8;
  walk.destination = walk.data + at + 24;
  return read_protocol(walk, next, at + 40);
}

Step read_extension(Walk& walk, std::uint8_t protocol, std::uint32_t at) noexcept {
  if (!walk.has(at, 8)) return damaged(walk, at, Malformed::truncated_extension);
  const std::uint8_t next = walk.u8(at);
  if (protocol == kFragment) {
    if (walk.fragment()) return damaged(walk, at, Malformed::bad_extension);
    read_fragment_header(walk, at);
    return read_protocol(walk, next, at + 8);
  }
  // RFC 4302 2.2 counts in words of four bytes, less two; the others in eight, less one.
  const std::uint32_t words = walk.u8(at + 1);
  const std::uint32_t length = protocol == kAuthentication ? (words + 2) * 4 : (words + 1) * 8;
  if (length < 8 || (protocol == kAuthentication && length < 12)) return damaged(walk, at, Malformed::bad_extension);
  if (!walk.has(at, length)) return damaged(walk, at, Malformed::truncated_extension);
  // RFC 6275 6.1.1: a mobility header is the last one: it is what the packet carries.
  if (protocol == kMobility && next == kNoNext) {
    walk.out.headers.l4 = static_cast<std::uint16_t>(at);
    return read_portless(walk, protocol, at);
  }
  return read_protocol(walk, next, at + length);
}

}  // namespace slowlane::walk

#include <algorithm>

#include "dataplane/parse_walk.h"

namespace slowlane::walk {
namespace {

constexpr std::uint16_t kErspan = 0x88be;
constexpr std::uint16_t kErspan3 = 0x22eb;

// draft-foschiano-erspan-03 4: type I has no header and no GRE sequence number; II and III say so in the first nibble.
Step read_erspan(Walk& walk, std::uint32_t at, std::uint16_t gre_flags) noexcept {
  constexpr std::uint16_t kSequence = 0x1000;
  std::uint32_t length = 0;
  if ((gre_flags & kSequence) != 0) {
    if (!walk.has(at, 12)) return done();
    const std::uint8_t version = walk.u8(at) >> 4;
    if (version != 1 && version != 2) return done();
    const bool platform = version == 2 && (walk.u8(at + 11) & 1) != 0;
    length = version == 1 ? 8 : platform ? 20 : 12;
  }
  walk.enter(Encap::gre);
  walk.add_encap(Encap::erspan);
  return step(Layer::ethernet, at + length);
}

// RFC 2637 4.1: PPP, where there is a sequence number; without one it only acknowledges.
Step read_gre_ppp(Walk& walk, std::uint32_t at) noexcept {
  const std::uint16_t flags = walk.u16(at);
  const std::uint32_t length = 12 + ((flags & 0x0080) != 0 ? 4 : 0);
  if ((flags & 0x3000) != 0x3000 || walk.u16(at + 2) != 0x880b || !walk.has(at, length)) return done();
  const std::uint32_t end = at + length + walk.u16(at + 4);
  walk.enter(Encap::gre);
  walk.bound(end);
  return step(Layer::ppp, at + length);
}

// Next protocols of VXLAN-GPE (draft-ietf-nvo3-vxlan-gpe-12 3.2).
Step gpe_payload(std::uint8_t next, std::uint32_t at) noexcept {
  switch (next) {
    case 1: return step(Layer::ipv4, at);
    case 2: return step(Layer::ipv6, at);
    case 3: return step(Layer::ethernet, at);
    case 5: return step(Layer::mpls, at);
    default: return not_ip();
  }
}

}  // namespace

// RFC 2784, RFC 2890; routing (RFC 1701) is not followed.
Step read_gre(Walk& walk, std::uint32_t at) noexcept {
  if (!walk.has(at, 4)) return done();
  const std::uint16_t flags = walk.u16(at);
  if ((flags & 7) == 1) return read_gre_ppp(walk, at);
  if ((flags & 7) != 0 || (flags & 0x4000) != 0) return done();
  std::uint32_t length = 4;
  for (const unsigned option : {0x8000u, 0x2000u, 0x1000u}) length += (flags & option) != 0 ? 4 : 0;
  if (!walk.has(at, length)) return done();
  walk.checksummed = (flags & 0x8000) != 0;
  const std::uint16_t type = walk.u16(at + 2);
  if (type == kErspan || type == kErspan3) return read_erspan(walk, at + length, flags);
  const Step next = by_ether_type(type, at + length);
  if (next.layer == Layer::not_ip) return done();
  walk.enter(Encap::gre);
  return next;
}

// RFC 7348 5: the I flag, all reserved bits 0; a group policy (flag G) may use some. With flag P it is VXLAN-GPE.
Step read_vxlan(Walk& walk, std::uint32_t at) noexcept {
  if (!walk.has(at, 8)) return done();
  const std::uint8_t flags = walk.u8(at);
  if ((flags & 0x08) == 0 || walk.u8(at + 7) != 0) return done();
  Step next = step(Layer::ethernet, at + 8);
  if ((flags & 0x04) != 0) {
    if ((flags & 0xf0) != 0 || walk.u16(at + 1) != 0) return done();
    next = gpe_payload(walk.u8(at + 3), at + 8);
    if (next.layer == Layer::not_ip) return done();
  } else {
    const bool policy = (flags & 0x80) != 0;
    if ((flags & 0x77) != 0 || (!policy && (walk.u32(at) & 0xffffff) != 0)) return done();
  }
  walk.enter(Encap::vxlan);
  return next;
}

// RFC 8926 3.4: version 0, reserved bits 0.
Step read_geneve(Walk& walk, std::uint32_t at) noexcept {
  if (!walk.has(at, 8)) return done();
  const std::uint32_t options = (walk.u8(at) & 0x3fu) * 4;
  if (walk.u8(at) >> 6 != 0 || (walk.u8(at + 1) & 0x3f) != 0 || walk.u8(at + 7) != 0) return done();
  const Step next = by_ether_type(walk.u16(at + 2), at + 8 + options);
  if (next.layer == Layer::not_ip || !walk.has(at, 8 + options)) return done();
  walk.enter(Encap::geneve);
  return next;
}

// 3GPP TS 29.281 5.1: version 1, GTP and not GTP', a G-PDU. Any of the flags E, S, PN brings four more bytes, the last
// of which names the first extension header; each ends with the type of the next (5.2).
Step read_gtp(Walk& walk, std::uint32_t at) noexcept {
  if (!walk.has(at, 8)) return done();
  const std::uint8_t flags = walk.u8(at);
  if ((flags & 0xf8) != 0x30 || walk.u8(at + 1) != 0xff) return done();
  const std::uint32_t end = at + 8 + walk.u16(at + 2);
  if (end > walk.end) return done();
  std::uint32_t inner = at + 8;
  if ((flags & 7) != 0) {
    if (!walk.has(inner, 4)) return done();
    std::uint8_t type = (flags & 4) != 0 ? walk.u8(inner + 3) : 0;
    inner += 4;
    for (unsigned count = 0; type != 0 && count < kMaxDepth; ++count) {
      const std::uint32_t length = walk.has(inner, 1) ? walk.u8(inner) * 4u : 0;
      if (length == 0 || !walk.has(inner, length)) return done();
      type = walk.u8(inner + length - 1);
      inner += length;
    }
    if (type != 0) return done();
  }
  walk.enter(Encap::gtp);
  walk.bound(end);
  return step(Layer::ip, inner);
}

// RFC 4380 5.1.1: an authentication and an origin indication may stand before the IPv6 packet, which fills the rest.
Step read_teredo(Walk& walk, std::uint32_t at) noexcept {
  if (walk.has(at, 4) && walk.u16(at) == 1) at += 13u + walk.u8(at + 2) + walk.u8(at + 3);
  if (walk.has(at, 8) && walk.u16(at) == 0) at += 8;
  if (!walk.has(at, 40) || walk.u8(at) >> 4 != 6 || at + 40u + walk.u16(at + 4) != walk.end) return done();
  walk.enter(Encap::teredo);
  return step(Layer::ipv6, at);
}

// RFC 2661 3.1: version 2, a data message, reserved bits 0; length, sequence and offset as flagged. PPP follows.
Step read_l2tp(Walk& walk, std::uint32_t at) noexcept {
  if (!walk.has(at, 6)) return done();
  const std::uint16_t flags = walk.u16(at);
  if ((flags & 0x8000) != 0 || (flags & 0x34ff) != 2) return done();
  std::uint32_t length = 6;
  if ((flags & 0x4000) != 0) length += 2;
  if ((flags & 0x0800) != 0) length += 4;
  if ((flags & 0x0200) != 0) {
    if (!walk.has(at, length + 2)) return done();
    length += 2u + walk.u16(at + length);
  }
  if (!walk.has(at, length)) return done();
  walk.enter(Encap::l2tp);
  return step(Layer::ppp, at + length);
}

}  // namespace slowlane::walk

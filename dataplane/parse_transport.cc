#include <algorithm>

#include "dataplane/parse_walk.h"

namespace slowlane::walk {
namespace {

constexpr std::uint8_t kHopByHop = 0, kIcmp = 1, kIpInIp = 4, kTcp = 6, kUdp = 17, kIpv6 = 41, kRouting = 43,
                       kFragment = 44, kGre = 47, kAuthentication = 51, kIcmp6 = 58, kDestination = 60, kSctp = 132,
                       kMobility = 135, kMplsInIp = 137, kHostIdentity = 139, kShim6 = 140;

// Both words as numbers compare as the address does: network byte order.
struct Words {
  std::uint64_t first;
  std::uint64_t second;
};

Words words_of(const std::uint8_t* address, bool v4) noexcept {
  Words words;
  if (v4) {
    std::uint32_t word;
    std::memcpy(&word, address, sizeof word);
    return {0, 0xffff00000000u | __builtin_bswap32(word)};  // mapped: RFC 4291 2.5.5.2
  }
  std::memcpy(&words, address, sizeof words);
  return {__builtin_bswap64(words.first), __builtin_bswap64(words.second)};
}

void put(Address& address, Words words) noexcept {
  const Words wire{__builtin_bswap64(words.first), __builtin_bswap64(words.second)};
  std::memcpy(address.bytes.data(), &wire, sizeof wire);
}

// `one` where the mask is 0, `two` where it is all ones.
template <class Word>
Word pick(Word one, Word two, Word mask) noexcept {
  return static_cast<Word>(one ^ ((one ^ two) & mask));
}

// Without branches: which end sends is as good as random.
void set_key(Walk& walk, std::uint16_t source_port, std::uint16_t destination_port) noexcept {
  Parsed& out = walk.out;
  const bool v4 = out.headers.version == 4;
  const Words a = words_of(walk.source, v4);
  const Words b = words_of(walk.destination, v4);
  const unsigned less = unsigned{a.first < b.first} | (unsigned{a.first == b.first} & unsigned{a.second < b.second});
  const unsigned same = unsigned{a.first == b.first} & unsigned{a.second == b.second};
  const unsigned from_low = less | (same & unsigned{source_port <= destination_port});
  const std::uint64_t swap = std::uint64_t{from_low} - 1;
  const auto swap_ports = static_cast<std::uint16_t>(swap);
  put(out.key.low, {pick(a.first, b.first, swap), pick(a.second, b.second, swap)});
  put(out.key.high, {pick(b.first, a.first, swap), pick(b.second, a.second, swap)});
  out.key.low_port = pick(source_port, destination_port, swap_ports);
  out.key.high_port = pick(destination_port, source_port, swap_ports);
  out.key.transport = out.headers.transport;
  out.key.version = out.headers.version;
  out.from_low = from_low != 0;
}

// The payload lies from `at` to `end`, both by the headers; less of it may have been captured.
void set_payload(Walk& walk, std::uint32_t at, std::uint32_t end) noexcept {
  Headers& headers = walk.out.headers;
  const std::uint32_t begin = std::min(at, walk.limit);
  headers.payload = static_cast<std::uint16_t>(begin);
  headers.payload_bytes = end > at ? end - at : 0;
  headers.captured_payload = std::min(headers.payload_bytes, walk.limit - begin);
}

// Whether a transport header of `size` bytes may be used: whole, or cut by a snapped capture or the end of a first
// fragment, but with its ports.
bool usable(const Walk& walk, std::uint32_t at, std::uint32_t size) noexcept {
  if (walk.has(at, size)) return true;
  const bool cut = walk.limit < walk.end || walk.fragment();
  return cut && walk.has(at, 4);
}

Step read_tcp(Walk& walk, std::uint32_t at) noexcept {
  if (!usable(walk, at, 20)) return damaged(walk, at, Malformed::truncated_transport);
  Headers& headers = walk.out.headers;
  std::uint32_t length = 20;
  if (walk.has(at, 20)) [[likely]] {
    headers.tcp_seq = walk.u32(at + 4);
    headers.tcp_ack = walk.u32(at + 8);
    headers.tcp_flags = walk.u8(at + 13);
    length = walk.u8(at + 12) / 16u * 4;
  } else if (walk.has(at, 8)) {
    headers.tcp_seq = walk.u32(at + 4);
  }
  // RFC 9293 3.1: at least five words, and no more than there is.
  if (length < 20 || (!walk.fragment() && at + length > walk.end)) return damaged(walk, at, Malformed::bad_tcp_header);
  set_payload(walk, at + length, walk.end);
  set_key(walk, walk.u16(at), walk.u16(at + 2));
  return done();
}

// Where a datagram's payload is another packet, by its port; the readers of tunnels look closer.
Layer tunnel_of(std::uint16_t source_port, std::uint16_t destination_port) noexcept {
  switch (destination_port) {
    case 4789:
    case 4790:
    case 8472: return Layer::vxlan;
    case 6081: return Layer::geneve;
    case 2152: return Layer::gtp;
    case 1701: return Layer::l2tp;
    case 3544: return Layer::teredo;
    default: return source_port == 3544 ? Layer::teredo : source_port == 1701 ? Layer::l2tp : Layer::done;
  }
}

Step read_udp(Walk& walk, std::uint32_t at) noexcept {
  if (!usable(walk, at, 8)) return damaged(walk, at, Malformed::truncated_transport);
  const bool whole = walk.has(at, 8);
  std::uint32_t length = whole ? walk.u16(at + 4) : 8;
  if (length == 0 && walk.no_ip_length) length = walk.end - at;  // RFC 2675 4, and offloaded segmentation
  if (length < 8) return damaged(walk, at, Malformed::bad_udp_length);
  set_payload(walk, at + 8, std::min(at + length, walk.end));
  const std::uint16_t source_port = walk.u16(at);
  const std::uint16_t destination_port = walk.u16(at + 2);
  set_key(walk, source_port, destination_port);
  const Layer tunnel = tunnel_of(source_port, destination_port);
  if (tunnel == Layer::done || !whole || walk.fragment()) return done();
  walk.bound(at + length);
  walk.checksummed = walk.u16(at + 6) != 0;
  return step(tunnel, at + 8);
}

Step read_sctp(Walk& walk, std::uint32_t at) noexcept {
  if (!usable(walk, at, 12)) return damaged(walk, at, Malformed::truncated_transport);
  set_payload(walk, at + 12, walk.end);
  set_key(walk, walk.u16(at), walk.u16(at + 2));
  return done();
}

// A packet within a packet: the flow outside is read already.
Step inside(Walk& walk, Encap encap, Step next) noexcept {
  if (walk.fragment()) return done();
  walk.enter(encap);
  return next;
}

bool is_extension(std::uint8_t protocol, std::uint8_t version) noexcept {
  if (protocol == kAuthentication) return true;
  if (version != 6) return false;
  return protocol == kHopByHop || protocol == kRouting || protocol == kFragment || protocol == kDestination ||
         protocol == kMobility || protocol == kHostIdentity || protocol == kShim6;
}

}  // namespace

// The packet is its flow's, but nothing else of it is used.
Step damaged(Walk& walk, std::uint32_t at, Malformed reason) noexcept {
  Parsed& out = walk.out;
  const bool has_ports =
      out.headers.transport == kTcp || out.headers.transport == kUdp || out.headers.transport == kSctp;
  const bool readable = has_ports && walk.has(at, 4);
  out.damaged = true;
  out.reason = reason;
  out.headers.tcp_seq = out.headers.tcp_ack = out.headers.tcp_flags = 0;
  out.headers.l4 = static_cast<std::uint16_t>(std::min(at, walk.limit));
  set_payload(walk, at, 0);
  set_key(walk, readable ? walk.u16(at) : std::uint16_t{0}, readable ? walk.u16(at + 2) : std::uint16_t{0});
  return done();
}

// A transport without ports: the key is the address pair. Some of them carry packets.
Step read_portless(Walk& walk, std::uint8_t protocol, std::uint32_t at) noexcept {
  const bool icmp = (protocol == kIcmp || protocol == kIcmp6) && walk.out.headers.l4 != 0;
  set_payload(walk, icmp ? at + 8 : at, walk.end);
  set_key(walk, 0, 0);
  switch (protocol) {
    case kIpInIp: return inside(walk, Encap::ip_in_ip, step(Layer::ipv4, at));
    case kIpv6: return inside(walk, Encap::ip_in_ip, step(Layer::ipv6, at));
    case kMplsInIp: return inside(walk, Encap::mpls, step(Layer::mpls, at));
    case kGre: return walk.fragment() ? done() : step(Layer::gre, at);
    default: return done();
  }
}

Step read_protocol(Walk& walk, std::uint8_t protocol, std::uint32_t at) noexcept {
  Headers& headers = walk.out.headers;
  headers.transport = protocol;
  headers.l4 = 0;
  if (headers.fragment != FragmentKind::later) {
    if (is_extension(protocol, headers.version)) return step(Layer::extension, at, protocol);
    headers.l4 = static_cast<std::uint16_t>(std::min(at, walk.limit));
    if (protocol == kTcp) return read_tcp(walk, at);
    if (protocol == kUdp) return read_udp(walk, at);
    if (protocol == kSctp) return read_sctp(walk, at);
  }
  return read_portless(walk, protocol, at);
}

// Saves the common frame the way through the loop; says nothing else than the readers below.
Step read_plain(Walk& walk) noexcept {
  constexpr std::uint32_t kIp = 14;
  constexpr std::uint32_t kTransport = kIp + 20;
  const Step walk_it = step(Layer::ethernet, 0);
  if (!walk.has(0, kTransport + 20) || walk.u32(12) >> 8 != 0x080045 || (walk.u16(kIp + 6) & 0x3fff) != 0)
    return walk_it;
  const std::uint32_t length = walk.u16(kIp + 2);
  const std::uint8_t protocol = walk.u8(kIp + 9);
  if (length < 40 || (protocol != kTcp && protocol != kUdp)) return walk_it;
  walk.begin_ip(kIp, length);
  Headers& headers = walk.out.headers;
  headers.version = 4;
  headers.ttl = walk.u8(kIp + 8);
  headers.transport = protocol;
  headers.l4 = kTransport;
  walk.source = walk.data + kIp + 12;
  walk.destination = walk.data + kIp + 16;
  return protocol == kTcp ? read_tcp(walk, kTransport) : read_udp(walk, kTransport);
}

}  // namespace slowlane::walk

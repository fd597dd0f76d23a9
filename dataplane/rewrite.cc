#include "dataplane/rewrite.h"

#include <algorithm>
#include <cstring>
#include <span>

namespace slowlane {
namespace {

using Bytes = std::span<std::uint8_t>;

constexpr std::uint8_t kTcp = 6, kRouting = 43, kFragment = 44, kAuthentication = 51;
constexpr std::uint32_t kIpv6Header = 40;
constexpr std::uint32_t kTcpHeader = 20;
constexpr std::uint32_t kShortestEthernet = 60;  // IEEE 802.3 4.2.3.3, without the check sequence

std::uint16_t get16(Bytes bytes, std::size_t at) noexcept {
  return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}

void put16(Bytes bytes, std::size_t at, std::size_t value) noexcept {
  bytes[at] = static_cast<std::uint8_t>(value >> 8);
  bytes[at + 1] = static_cast<std::uint8_t>(value);
}

// RFC 1071: the sum of 16-bit words, not folded. `bytes` has an even size.
std::uint32_t sum_of(Bytes bytes) noexcept {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i + 1 < bytes.size(); i += 2) sum += get16(bytes, i);
  return sum;
}

std::uint16_t folded(std::uint32_t sum) noexcept {
  while (sum > 0xffff) sum = (sum >> 16) + (sum & 0xffff);
  return static_cast<std::uint16_t>(sum);
}

std::uint16_t inverted(std::uint16_t value) noexcept { return static_cast<std::uint16_t>(~value); }

// Whether a reset may be written over the headers between the IP header and TCP. An authentication header covers what
// would change; behind a routing header with segments left the checksum counts an address that is not in the IP header
// (RFC 8200 8.1).
bool extensions_allow(const Headers& headers, Bytes bytes) noexcept {
  if (headers.version == 4) return bytes[headers.l3 + 9u] == kTcp;
  std::uint8_t next = bytes[headers.l3 + 6u];
  for (std::uint32_t at = headers.l3 + kIpv6Header; at < headers.l4;) {
    if (next == kAuthentication || (next == kRouting && bytes[at + 3] != 0)) return false;
    const std::uint32_t length = next == kFragment ? 8 : (bytes[at + 1] + 1u) * 8;
    next = bytes[at];
    at += length;
  }
  return true;
}

// The datagram becomes whole: nothing of it is to follow.
void end_fragments(const Headers& headers, Bytes bytes) noexcept {
  if (headers.fragment == FragmentKind::none) return;
  if (headers.version == 4) return put16(bytes, headers.l3 + 6u, get16(bytes, headers.l3 + 6u) & 0xdfffu);
  std::uint8_t next = bytes[headers.l3 + 6u];
  for (std::uint32_t at = headers.l3 + kIpv6Header; at < headers.l4;) {
    if (next == kFragment) {
      bytes[at + 3] &= 0xfe;
      return;
    }
    next = bytes[at];
    at += (bytes[at + 1] + 1u) * 8;
  }
}

// Flags become RST and ACK; options, window and urgent pointer go; ports, seq and ack stay (facts F1).
void write_tcp(const Headers& headers, Bytes bytes) noexcept {
  const Bytes tcp = bytes.subspan(headers.l4, kTcpHeader);
  tcp[12] = 5 << 4;
  tcp[13] = kRst | kAck;
  std::fill(tcp.begin() + 14, tcp.end(), std::uint8_t{0});
  const Bytes addresses =
      headers.version == 4 ? bytes.subspan(headers.l3 + 12u, 8) : bytes.subspan(headers.l3 + 8u, 32);
  put16(tcp, 16, inverted(folded(sum_of(addresses) + kTcp + kTcpHeader + sum_of(tcp))));
}

void write_ip_length(const Headers& headers, Bytes bytes, std::uint32_t ip_bytes) noexcept {
  if (headers.version == 6) return put16(bytes, headers.l3 + 4u, ip_bytes - kIpv6Header);
  const Bytes ip = bytes.subspan(headers.l3, (bytes[headers.l3] & 15u) * 4);
  put16(ip, 2, ip_bytes);
  put16(ip, 10, 0);
  put16(ip, 10, inverted(folded(sum_of(ip))));
}

// Cuts the frame behind its IP packet. Ethernet padding that was captured stays, as zeros, up to the shortest frame.
void cut_frame(Packet& packet, std::uint32_t ip_end) noexcept {
  const Bytes bytes = packet.bytes();
  std::size_t size = ip_end;
  if (packet.link == LinkType::ethernet)
    size = std::max<std::size_t>(size, std::min<std::size_t>(bytes.size(), kShortestEthernet));
  std::fill(bytes.begin() + ip_end, bytes.begin() + static_cast<std::ptrdiff_t>(size), std::uint8_t{0});
  packet.mbuf()->data_len = static_cast<std::uint16_t>(size);
  packet.mbuf()->pkt_len = static_cast<std::uint32_t>(size);
  packet.wire_length = static_cast<std::uint32_t>(size);
}

}  // namespace

bool set_dscp(Packet& packet, std::uint8_t dscp) noexcept {
  const Headers& headers = packet.parsed.headers;
  if (packet.parsed.kind != Parsed::Kind::ip) return false;
  const Bytes bytes = packet.bytes();
  const std::uint16_t old = get16(bytes, headers.l3);
  if (headers.version == 6) {
    // The outer checksum would have to change too. An IPv4 header's own checksum keeps its sum the same.
    if (headers.outer_checksum) return false;
    put16(bytes, headers.l3, (old & 0xf03fu) | static_cast<unsigned>(dscp & 0x3f) << 6);
    return true;
  }
  const auto now = static_cast<std::uint16_t>((old & 0xff03u) | static_cast<unsigned>(dscp & 0x3f) << 2);
  put16(bytes, headers.l3, now);
  // RFC 1624 3, equation 3.
  const std::uint16_t checksum = get16(bytes, headers.l3 + 10u);
  put16(bytes, headers.l3 + 10u, inverted(folded(std::uint32_t{inverted(checksum)} + inverted(old) + now)));
  return true;
}

bool make_reset(Packet& packet) noexcept {
  Headers& headers = packet.parsed.headers;
  const Bytes bytes = packet.bytes();
  if (packet.parsed.kind != Parsed::Kind::ip || packet.parsed.damaged || headers.transport != kTcp) return false;
  if (headers.in_tunnel || headers.l4 == 0 || headers.l4 + kTcpHeader > bytes.size()) return false;
  if (headers.length_field == Headers::kManyLengths || !extensions_allow(headers, bytes)) return false;

  const std::uint32_t ip_end = headers.l4 + kTcpHeader;
  const std::uint32_t ip_bytes = ip_end - headers.l3;
  if (ip_bytes > headers.ip_bytes) return false;  // a first fragment that ends within the header
  end_fragments(headers, bytes);
  write_ip_length(headers, bytes, ip_bytes);
  write_tcp(headers, bytes);
  if (headers.length_field != 0) put16(bytes, headers.length_field, ip_end - headers.length_field - 2u);
  cut_frame(packet, ip_end);
  headers.payload = static_cast<std::uint16_t>(ip_end);
  headers.captured_payload = 0;
  packet.reset = true;
  packet.cut_bytes = headers.ip_bytes - ip_bytes;
  return true;
}

}  // namespace slowlane

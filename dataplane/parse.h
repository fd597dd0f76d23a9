#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>

#include "rules/facts.h"
#include "rules/ip.h"

namespace slowlane {

// What a frame begins with, by its link layer.
enum class LinkType : std::uint8_t {
  ethernet,
  raw_ip,
  linux_sll,
  linux_sll2,
  null,
  loop,
  ppp,
  ppp_hdlc,
  cisco_hdlc,
  ieee80211,
  radiotap,
  frame_relay,
  unsupported
};

// DLT_ / LINKTYPE_ number of a capture file to ours.
LinkType link_type_of(int dlt);

// The headers between the link layer and the innermost IP header, in the order met. A stack of tags or labels counts
// as one.
enum class Encap : std::uint8_t { vlan, mpls, pppoe, gre, erspan, vxlan, geneve, gtp, ip_in_ip, teredo, l2tp };
const char* name_of(Encap encap);

// Both directions of a flow have the same key: the lower (address, port) pair stands first.
struct FlowKey {
  Address low;
  Address high;
  std::uint16_t low_port = 0;  // 0 where the transport has none
  std::uint16_t high_port = 0;
  std::uint8_t transport = 0;  // IP protocol number
  std::uint8_t version = 4;
  std::uint16_t vlan = 0;  // the outer tag where flows.key = "vlan", else 0

  // Word by word: compilers call memcmp for 40 bytes.
  bool operator==(const FlowKey& other) const noexcept {
    std::array<std::uint64_t, 5> mine;
    std::array<std::uint64_t, 5> others;
    std::memcpy(mine.data(), this, sizeof mine);
    std::memcpy(others.data(), &other, sizeof others);
    std::uint64_t differs = 0;
    for (std::size_t i = 0; i < mine.size(); ++i) differs |= mine[i] ^ others[i];
    return differs == 0;
  }
};
static_assert(sizeof(FlowKey) == 40 && std::has_unique_object_representations_v<FlowKey>);

enum class FragmentKind : std::uint8_t { none, first, later };

enum TcpFlags : std::uint8_t { kFin = 1, kSyn = 2, kRst = 4, kPsh = 8, kAck = 16 };

// Where things are in a frame. All offsets are from its first byte and lie within what was captured.
struct Headers {
  static constexpr std::uint16_t kManyLengths = 0xffff;

  std::uint32_t ip_bytes = 0;          // "IP bytes" of contract §2, of the innermost IP header
  std::uint32_t payload_bytes = 0;     // transport payload by the IP header; may exceed what was captured
  std::uint32_t captured_payload = 0;  // bytes of it in the frame
  std::uint32_t tcp_seq = 0;
  std::uint32_t tcp_ack = 0;
  std::uint32_t fragment_id = 0;
  std::uint16_t fragment_offset = 0;     // bytes
  std::uint16_t l3 = 0;                  // innermost IP header
  std::uint16_t l4 = 0;                  // transport header, 0 in later fragments
  std::uint16_t payload = 0;             // transport payload; in a fragment without header, the fragment's data
  std::uint16_t length_field = 0;        // a link layer's length that counts what follows it (PPPoE, 802.3); 0: none
  std::array<std::uint16_t, 4> vlans{};  // 12-bit tags, outermost first
  std::uint8_t vlan_count = 0;
  std::array<Encap, 8> encaps{};
  std::uint8_t encap_count = 0;
  std::uint8_t version = 0;    // 4 or 6
  std::uint8_t transport = 0;  // IP protocol number after extension headers
  std::uint8_t ttl = 0;
  std::uint8_t tcp_flags = 0;
  FragmentKind fragment = FragmentKind::none;
  bool more_fragments = false;
  bool in_tunnel = false;       // another IP header lies outside the innermost one
  bool outer_checksum = false;  // a UDP or GRE checksum outside covers the innermost header

  std::span<const std::uint16_t> vlan_tags() const { return {vlans.data(), vlan_count}; }
  bool operator==(const Headers&) const = default;
};

// Why a frame that claims to be IP could not be read. Where no IP header could, the frame is malformed: it passes,
// counted. Where one could but not what follows it (the second row), the packet is counted likewise, yet belongs to a
// flow, so that nothing escapes its rules by being damaged: `damaged` is set, ports are those readable, else 0, and it
// has neither TCP fields nor payload. What lies inside a tunnel and has no readable IP header is the tunnel's payload.
enum class Malformed : std::uint8_t {
  truncated_link,
  truncated_ip,
  bad_ip_version,
  bad_ip_header,
  bad_ip_length,
  too_deep,
  truncated_extension,
  bad_extension,
  truncated_transport,
  bad_tcp_header,
  bad_udp_length,
  count
};
const char* name_of(Malformed reason);

struct Parsed {
  enum class Kind : std::uint8_t { ip, not_ip, malformed };
  Kind kind = Kind::not_ip;
  Malformed reason = Malformed::truncated_link;  // of malformed, and of damaged
  bool damaged = false;                          // of ip: what follows the IP header could not be read, see Malformed
  bool from_low = true;                          // the sender is key.low
  Headers headers;                               // of ip
  FlowKey key;                                   // of ip; vlan is left 0. Later fragments have ports 0.

  // Written out so that the members are cleared one by one: gcc clears the whole with `rep stos`, which takes 15 ns.
  Parsed() noexcept {}  // NOLINT(modernize-use-equals-default)
  bool operator==(const Parsed&) const = default;
};

// Reads a frame's headers down to the innermost transport header: IP fragments, ICMP and ESP end the way. Pure and
// bounded (at most 16 headers deep); never reads outside `frame`, of which the first 65,535 bytes count.
// `wire_length` is the original length, at least frame.size(). Where a capture is snapped, or a first fragment ends,
// within the transport header, its ports are enough: what was not captured of it is 0.
Parsed parse(LinkType link, std::span<const std::uint8_t> frame, std::uint32_t wire_length) noexcept;

}  // namespace slowlane

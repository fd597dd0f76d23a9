#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/parse.h"

namespace slowlane {

using Bytes = std::vector<std::uint8_t>;

Bytes bytes_of(std::string_view text);
// "16 03 01", spaces are free. Throws where it is no hex.
Bytes bytes_of_hex(std::string_view hex);

// A frame described from the outside in; lengths, next-protocol fields and checksums are computed by build().
//   Bytes frame = Frame().ethernet().vlan(5).ipv4("192.0.2.1", "198.51.100.7").tcp(40000,
//   443).seq(1).payload("hi").build();
// Methods in the second half change the layer of their kind that was added last. A frame that begins with ipv4() or
// ipv6() is raw IP. Shares no code with the product, so that it can witness against it.
class Frame {
 public:
  // Link layers.
  Frame& ethernet();  // II; 802.3 with a length where llc_snap() follows
  Frame& llc_snap();
  Frame& sll();
  Frame& sll2();
  Frame& null_loop(std::uint32_t family, bool big_endian);  // DLT_NULL and DLT_LOOP
  Frame& ppp();                                             // two bytes of protocol
  Frame& ppp_hdlc();                                        // ff 03 and protocol
  Frame& cisco_hdlc();
  Frame& frame_relay();  // 2-byte address, 03, NLPID of IP, or SNAP for the rest
  Frame& wlan_data();    // 802.11 QoS data without protection, then llc_snap()
  Frame& radiotap();
  // Between link and IP.
  Frame& vlan(std::uint16_t tag, std::uint16_t tpid = 0x8100);
  Frame& mpls(std::uint32_t label);  // the bottom bit is set on the last one
  Frame& pseudowire_control_word();
  Frame& pppoe(std::uint16_t session = 1);
  // IP.
  Frame& ipv4(std::string_view source, std::string_view destination);
  Frame& ipv6(std::string_view source, std::string_view destination);
  Frame& ip(std::string_view source, std::string_view destination);  // either, by the source
  Frame& hop_by_hop();
  Frame& routing();
  Frame& destination_options(std::size_t extra_words = 0);  // of 8 bytes
  Frame& mobility();
  Frame& fragment6(std::uint32_t id, std::uint16_t offset_bytes, bool more);
  Frame& authentication();
  // Transports.
  Frame& tcp(std::uint16_t source, std::uint16_t destination);
  Frame& udp(std::uint16_t source, std::uint16_t destination);
  Frame& sctp(std::uint16_t source, std::uint16_t destination);
  Frame& icmp(std::uint8_t type, std::uint8_t code = 0);  // 8 bytes
  Frame& icmp6(std::uint8_t type, std::uint8_t code = 0);
  Frame& esp(std::uint32_t spi = 1);
  // Tunnels.
  Frame& gre();
  Frame& gre_ppp(std::uint16_t payload_key = 7);  // version 1 with a sequence number (RFC 2637)
  Frame& erspan(int type);                        // 1, 2 or 3; adds its GRE header too
  Frame& vxlan(std::uint32_t vni);
  Frame& vxlan_gpe(std::uint32_t vni);
  Frame& geneve(std::uint32_t vni, std::size_t option_words = 0);
  Frame& gtp(std::uint32_t teid);
  // Data.
  Frame& payload(std::span<const std::uint8_t> bytes);
  Frame& payload(std::string_view text);
  Frame& payload(std::initializer_list<std::uint8_t> bytes);
  Frame& payload_size(std::size_t size);  // that many bytes, not all alike
  Frame& padding(std::size_t bytes);      // zeros behind what IP's length covers
  Frame& pad_to(std::size_t frame_size);

  // Changes to the IP header added last.
  Frame& ttl(std::uint8_t value);
  Frame& ip_id(std::uint16_t value);
  Frame& tos(std::uint8_t value);
  Frame& fragment(std::uint16_t offset_bytes, bool more);  // IPv4
  Frame& ip_options(std::size_t words);                    // IPv4, no-operations
  Frame& protocol(std::uint8_t value);                     // instead of what follows
  Frame& total_length(std::uint16_t value);                // instead of the right one (IPv6: payload length)
  // Changes to the transport header added last.
  Frame& seq(std::uint32_t value);
  Frame& ack(std::uint32_t value);       // sets the ACK flag too
  Frame& flags(std::uint8_t tcp_flags);  // TcpFlags
  Frame& window(std::uint16_t value);
  Frame& tcp_options(std::size_t words);  // no-operations
  Frame& no_checksum();                   // UDP: 0
  // Changes to the GRE, GTP or Ethernet header added last.
  Frame& gre_checksum();
  Frame& gre_key(std::uint32_t value);
  Frame& gre_sequence(std::uint32_t value);
  Frame& gtp_extension();                  // a PDU session container (type 0x85)
  Frame& ether_type(std::uint16_t value);  // of the last layer that has one

  Bytes build() const;
  // The same datagram in IP fragments of the innermost IP header, `piece` bytes each (a multiple of 8).
  std::vector<Bytes> fragments(std::size_t piece, std::uint32_t id = 4711) const;

  enum class Kind : std::uint8_t {
    raw,
    ethernet,
    llc_snap,
    sll,
    sll2,
    null_loop,
    ppp,
    ppp_hdlc,
    cisco_hdlc,
    frame_relay,
    wlan,
    radiotap,
    vlan,
    mpls,
    control_word,
    pppoe,
    ipv4,
    ipv6,
    hop_by_hop,
    routing,
    fragment6,
    destination,
    mobility,
    authentication,
    tcp,
    udp,
    sctp,
    icmp,
    icmp6,
    esp,
    gre,
    gre_ppp,
    erspan,
    erspan3,
    vxlan,
    geneve,
    gtp
  };
  struct Layer {
    Kind kind = Kind::raw;
    Bytes head;
    std::optional<std::uint16_t> next;    // instead of what follows
    std::optional<std::uint16_t> length;  // instead of the right one
    bool no_checksum = false;
  };

 private:
  Frame& add(Kind kind, Bytes head);
  Frame& add_extension(Kind kind, std::size_t words);
  Layer& last(std::initializer_list<Kind> kinds);
  Bytes seal(std::size_t index, const Bytes& rest) const;

  std::vector<Layer> layers_;
  std::size_t padding_ = 0;
  std::size_t pad_to_ = 0;
};

// Whether an IPv4 header's checksum is right.
bool ipv4_checksum_holds(std::span<const std::uint8_t> header);
// Whether the checksum of a whole TCP, UDP, ICMP or ICMPv6 packet is right, recomputed from scratch. `ip` is its IP
// header's first byte; `transport` the transport header up to the end by IP's length.
bool transport_checksum_holds(std::span<const std::uint8_t> ip, std::uint8_t protocol,
                              std::span<const std::uint8_t> transport);
// The ones' complement sum of RFC 1071, folded and inverted.
std::uint16_t internet_checksum(std::span<const std::uint8_t> bytes, std::uint32_t start = 0);

}  // namespace slowlane

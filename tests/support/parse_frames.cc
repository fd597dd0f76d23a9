#include "tests/support/parse_frames.h"

#include <algorithm>
#include <array>

namespace slowlane {
namespace {

using Random = std::mt19937_64;

std::uint32_t below(Random& random, std::uint32_t bound) { return static_cast<std::uint32_t>(random() % bound); }

LinkType add_link(Frame& frame, Random& random) {
  switch (below(random, 10)) {
    case 0: return LinkType::raw_ip;
    case 1: return frame.sll(), LinkType::linux_sll;
    case 2: return frame.sll2(), LinkType::linux_sll2;
    case 3: return frame.null_loop(2, random() % 2 == 0), LinkType::null;
    case 4: return frame.ppp(), LinkType::ppp;
    case 5: return frame.cisco_hdlc(), LinkType::cisco_hdlc;
    case 6: return frame.frame_relay(), LinkType::frame_relay;
    case 7: return frame.radiotap().wlan_data().llc_snap(), LinkType::radiotap;
    case 8: return frame.ethernet().llc_snap(), LinkType::ethernet;
    default: return frame.ethernet(), LinkType::ethernet;
  }
}

void add_tags(Frame& frame, Random& random) {
  if (below(random, 3) == 0) frame.vlan(100, 0x88a8).vlan(200);
  if (below(random, 4) == 0) frame.mpls(16).mpls(17);
  if (below(random, 5) == 0) frame.pppoe();
}

void add_ip(Frame& frame, Random& random) {
  if (random() % 2 == 0) {
    frame.ipv4("192.0.2.1", "198.51.100.7");
    if (below(random, 4) == 0) frame.ip_options(below(random, 11));
    if (below(random, 8) == 0) frame.fragment(static_cast<std::uint16_t>(below(random, 2) * 8), random() % 2 == 0);
    if (below(random, 8) == 0) frame.total_length(0);
    return;
  }
  frame.ipv6("2001:db8::1", "2001:db8::2");
  if (below(random, 4) == 0) frame.hop_by_hop();
  if (below(random, 4) == 0) frame.routing();
  if (below(random, 4) == 0) frame.fragment6(7, static_cast<std::uint16_t>(below(random, 2) * 8), random() % 2 == 0);
  if (below(random, 4) == 0) frame.destination_options(below(random, 3));
  if (below(random, 6) == 0) frame.authentication();
}

void add_tunnel(Frame& frame, Random& random) {
  switch (below(random, 9)) {
    case 0: frame.gre().gre_checksum().gre_key(7); return;
    case 1: frame.gre().ethernet(); return;
    case 2: frame.gre_ppp().ppp(); return;
    case 3: frame.erspan(static_cast<int>(1 + below(random, 3))).ethernet(); return;
    case 4: frame.udp(50000, 4789).vxlan(9).ethernet(); return;
    case 5: frame.udp(50000, 6081).geneve(9, below(random, 4)).ethernet(); return;
    case 6: frame.udp(2152, 2152).gtp(9); return;
    case 7: frame.udp(2152, 2152).gtp(9).gtp_extension(); return;
    default: return;
  }
}

void add_transport(Frame& frame, Random& random) {
  switch (below(random, 6)) {
    case 0: frame.udp(5353, 53).payload_size(below(random, 100)); return;
    case 1: frame.icmp(8).payload_size(below(random, 60)); return;
    case 2: frame.sctp(1000, 2000).payload_size(below(random, 60)); return;
    case 3: frame.esp().payload_size(40); return;
    default: frame.tcp(40000, 443).tcp_options(below(random, 11)).payload_size(below(random, 200)); return;
  }
}

}  // namespace

Parsed read(const Frame& frame, LinkType link) {
  const Bytes bytes = frame.build();
  return parse(link, bytes, static_cast<std::uint32_t>(bytes.size()));
}

Parsed read_snapped(const Frame& frame, std::size_t captured, LinkType link) {
  Bytes bytes = frame.build();
  const auto wire = static_cast<std::uint32_t>(bytes.size());
  bytes.resize(std::min(captured, bytes.size()));
  bytes.shrink_to_fit();
  return parse(link, bytes, wire);
}

SampleFrame random_frame(Random& random) {
  Frame frame;
  const LinkType link = add_link(frame, random);
  if (link == LinkType::ethernet) add_tags(frame, random);
  add_ip(frame, random);
  for (std::uint32_t tunnels = below(random, 3); tunnels > 0; --tunnels) {
    add_tunnel(frame, random);
    add_ip(frame, random);
  }
  add_transport(frame, random);
  if (below(random, 4) == 0) frame.padding(below(random, 30));
  return {link, frame.build()};
}

Bytes random_plain_frame(Random& random) {
  constexpr std::array<std::uint16_t, 8> kPorts{53, 443, 2152, 4789, 6081, 1701, 3544, 40000};
  const auto port = [&] { return kPorts[below(random, kPorts.size())]; };
  Frame frame = Frame().ethernet().ipv4(random() % 2 ? "192.0.2.1" : "192.0.2.9", "192.0.2.5");
  if (below(random, 8) == 0) frame.fragment(static_cast<std::uint16_t>(below(random, 3) * 8), random() % 2 == 0);
  if (below(random, 8) == 0) frame.ip_options(1);
  if (below(random, 8) == 0) frame.total_length(static_cast<std::uint16_t>(below(random, 3) * 30));
  if (random() % 2 == 0) {
    frame.tcp(port(), port()).seq(below(random, 9)).ack(below(random, 9)).tcp_options(below(random, 4));
  } else {
    frame.udp(port(), port());
    if (below(random, 4) == 0) frame.gtp(1).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2);
  }
  return frame.payload_size(below(random, 40)).padding(below(random, 7)).build();
}

}  // namespace slowlane

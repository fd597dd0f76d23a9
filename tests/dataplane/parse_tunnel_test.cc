#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "dataplane/parse.h"
#include "tests/support/packet_builder.h"
#include "tests/support/parse_frames.h"

namespace slowlane {
namespace {

Frame outer4() { return Frame().ethernet().ipv4("203.0.113.1", "203.0.113.2"); }
Frame outer6() { return Frame().ethernet().ipv6("2001:db8:f::1", "2001:db8:f::2"); }

struct Tunnel {
  const char* name;
  std::function<Frame&(Frame&)> add;
  std::vector<Encap> encaps;
  bool checksum;  // one that covers the inside
};

const std::vector<Tunnel>& tunnels() {
  static const std::vector<Tunnel> all{
      {"IP in IP", [](Frame& f) -> Frame& { return f; }, {Encap::ip_in_ip}, false},
      {"GRE", [](Frame& f) -> Frame& { return f.gre(); }, {Encap::gre}, false},
      {"GRE with all",
       [](Frame& f) -> Frame& { return f.gre().gre_checksum().gre_key(1).gre_sequence(2); },
       {Encap::gre},
       true},
      {"GRE with key", [](Frame& f) -> Frame& { return f.gre().gre_key(1); }, {Encap::gre}, false},
      {"Ethernet in GRE",
       [](Frame& f) -> Frame& { return f.gre().ethernet().vlan(3); },
       {Encap::gre, Encap::vlan},
       false},
      {"MPLS in GRE", [](Frame& f) -> Frame& { return f.gre().mpls(33); }, {Encap::gre, Encap::mpls}, false},
      {"PPTP", [](Frame& f) -> Frame& { return f.gre_ppp().ppp(); }, {Encap::gre}, false},
      {"ERSPAN I", [](Frame& f) -> Frame& { return f.erspan(1).ethernet(); }, {Encap::gre, Encap::erspan}, false},
      {"ERSPAN II", [](Frame& f) -> Frame& { return f.erspan(2).ethernet(); }, {Encap::gre, Encap::erspan}, false},
      {"ERSPAN III", [](Frame& f) -> Frame& { return f.erspan(3).ethernet(); }, {Encap::gre, Encap::erspan}, false},
      {"VXLAN", [](Frame& f) -> Frame& { return f.udp(50000, 4789).vxlan(9).ethernet(); }, {Encap::vxlan}, true},
      {"VXLAN, Linux port",
       [](Frame& f) -> Frame& { return f.udp(50000, 8472).no_checksum().vxlan(9).ethernet(); },
       {Encap::vxlan},
       false},
      {"VXLAN-GPE", [](Frame& f) -> Frame& { return f.udp(50000, 4790).vxlan_gpe(9); }, {Encap::vxlan}, true},
      {"Geneve", [](Frame& f) -> Frame& { return f.udp(50000, 6081).geneve(9, 3).ethernet(); }, {Encap::geneve}, true},
      {"Geneve with IP", [](Frame& f) -> Frame& { return f.udp(50000, 6081).geneve(9); }, {Encap::geneve}, true},
      {"GTP-U", [](Frame& f) -> Frame& { return f.udp(2152, 2152).no_checksum().gtp(9); }, {Encap::gtp}, false},
      {"GTP-U with extension",
       [](Frame& f) -> Frame& { return f.udp(2152, 2152).gtp(9).gtp_extension(); },
       {Encap::gtp},
       true}};
  return all;
}

TEST(ParseTunnel, FindsTheInnermostFlow) {
  for (const Tunnel& tunnel : tunnels()) {
    for (Frame frame : {outer4(), outer6()}) {
      const Parsed parsed = read(tunnel.add(frame).ipv4("192.0.2.1", "198.51.100.7").tcp(40000, 443).payload("hello"));
      ASSERT_EQ(parsed.kind, Parsed::Kind::ip) << tunnel.name;
      EXPECT_EQ(parsed.key.low.print(), "192.0.2.1") << tunnel.name;
      EXPECT_EQ(parsed.key.high_port, 443) << tunnel.name;
      EXPECT_EQ(parsed.headers.ip_bytes, 45u) << tunnel.name;
      EXPECT_EQ(parsed.headers.captured_payload, 5u) << tunnel.name;
      EXPECT_TRUE(parsed.headers.in_tunnel) << tunnel.name;
      EXPECT_EQ(parsed.headers.outer_checksum, tunnel.checksum) << tunnel.name;
      const auto begin = parsed.headers.encaps.begin();
      EXPECT_EQ(std::vector(begin, begin + parsed.headers.encap_count), tunnel.encaps) << tunnel.name;
    }
    Frame frame = outer4();
    const Parsed inside6 = read(tunnel.add(frame).ipv6("2001:db8::1", "2001:db8::7").udp(1000, 2000));
    EXPECT_EQ(inside6.key.low.print(), "2001:db8::1") << tunnel.name;
    EXPECT_EQ(inside6.key.version, 6) << tunnel.name;
  }
}

TEST(ParseTunnel, FindsTheFlowThroughTunnelsInTunnels) {
  Frame frame = Frame()
                    .ethernet()
                    .vlan(7)
                    .mpls(20)
                    .ipv6("2001:db8:f::1", "2001:db8:f::2")
                    .udp(2152, 2152)
                    .gtp(1)
                    .ipv4("10.0.0.1", "10.0.0.2")
                    .gre()
                    .ipv4("192.0.2.1", "198.51.100.7")
                    .udp(1000, 2000);
  const Parsed parsed = read(frame);
  EXPECT_EQ(parsed.key.low.print(), "192.0.2.1");
  EXPECT_TRUE(parsed.headers.outer_checksum) << "two headers further out";
  EXPECT_EQ(parsed.headers.encap_count, 4);
}

// The flow of an unreadable inside is the tunnel's.
TEST(ParseTunnel, FallsBackToTheOuterFlowWhereTheInsideIsNotIp) {
  for (const Tunnel& tunnel : tunnels()) {
    Frame frame = outer4();
    Bytes bytes = tunnel.add(frame).ipv4("192.0.2.1", "198.51.100.7").udp(1, 2).build();
    const Parsed inside = parse(LinkType::ethernet, bytes, static_cast<std::uint32_t>(bytes.size()));
    bytes[inside.headers.l3] = 0x31;
    const Parsed parsed = parse(LinkType::ethernet, bytes, static_cast<std::uint32_t>(bytes.size()));
    ASSERT_EQ(parsed.kind, Parsed::Kind::ip) << tunnel.name;
    EXPECT_EQ(parsed.key.low.print(), "203.0.113.1") << tunnel.name;
    EXPECT_EQ(parsed.headers.encap_count, 0) << tunnel.name;
    EXPECT_EQ(parsed.headers.vlan_count, 0) << tunnel.name;
    EXPECT_FALSE(parsed.headers.in_tunnel) << tunnel.name;
    EXPECT_FALSE(parsed.headers.outer_checksum) << tunnel.name;
    EXPECT_EQ(parsed.headers.l3, 14) << tunnel.name;
    EXPECT_EQ(parsed.headers.ip_bytes, bytes.size() - 14) << tunnel.name;
  }
}

TEST(ParseTunnel, ReadsTheInsideToTheEndOfTheTunnelOnly) {
  for (const Tunnel& tunnel : tunnels()) {
    Frame frame = outer4();
    const Parsed parsed = read(tunnel.add(frame).ipv4("192.0.2.1", "192.0.2.2").total_length(0).udp(1, 2).padding(9));
    EXPECT_EQ(parsed.headers.ip_bytes, 28u) << tunnel.name;
  }
}

TEST(ParseTunnel, LeavesTheInsideOfFragmentsClosed) {
  for (const Tunnel& tunnel : tunnels()) {
    if (tunnel.encaps.front() == Encap::ip_in_ip) continue;  // there, the fragment is of the inside
    Frame frame = outer4();
    Bytes bytes = tunnel.add(frame).ipv4("192.0.2.1", "198.51.100.7").udp(1, 2).payload_size(64).build();
    bytes[14 + 6] = 0x20;  // more fragments
    const Parsed parsed = parse(LinkType::ethernet, bytes, static_cast<std::uint32_t>(bytes.size()));
    EXPECT_EQ(parsed.key.low.print(), "203.0.113.1") << tunnel.name;
    EXPECT_EQ(parsed.headers.fragment, FragmentKind::first) << tunnel.name;
    EXPECT_EQ(parsed.headers.encap_count, 0) << tunnel.name;
  }
}

TEST(ParseTunnel, ReadsFragmentsInsideATunnel) {
  const auto pieces =
      outer4().udp(2152, 2152).gtp(1).ipv4("192.0.2.1", "192.0.2.2").udp(1, 2).payload_size(900).fragments(400);
  const Parsed later = parse(LinkType::ethernet, pieces[1], static_cast<std::uint32_t>(pieces[1].size()));
  EXPECT_EQ(later.headers.fragment, FragmentKind::later);
  EXPECT_EQ(later.key.low.print(), "192.0.2.1");
}

// A changed byte in the tunnel's header makes it plain UDP, or another tunnel kind's business.
TEST(ParseTunnel, TakesImplausibleHeadersForPlainUdp) {
  struct Change {
    const char* why;
    Frame frame;
    std::size_t at;  // in the UDP payload
    std::uint8_t value;
  };
  const auto inner = [](Frame frame) { return frame.ipv4("192.0.2.1", "192.0.2.2").udp(1, 2); };
  const Frame vxlan = inner(outer4().udp(50000, 4789).vxlan(5).ethernet());
  const Frame gpe = inner(outer4().udp(50000, 4790).vxlan_gpe(5));
  const Frame geneve = inner(outer4().udp(50000, 6081).geneve(5, 1).ethernet());
  const Frame gtp = inner(outer4().udp(2152, 2152).gtp(5));
  const Frame extended = inner(outer4().udp(2152, 2152).gtp(5).gtp_extension());
  const std::vector<Change> changes{{"VXLAN without I", vxlan, 0, 0x00},
                                    {"VXLAN reserved flag", vxlan, 0, 0x18},
                                    {"VXLAN reserved", vxlan, 2, 1},
                                    {"VXLAN reserved end", vxlan, 7, 1},
                                    {"GPE version", gpe, 0, 0x1c},
                                    {"GPE unknown protocol", gpe, 3, 9},
                                    {"Geneve version", geneve, 0, 0x41},
                                    {"Geneve reserved", geneve, 1, 1},
                                    {"Geneve protocol", geneve, 2, 0x12},
                                    {"Geneve too many options", geneve, 0, 0x3f},
                                    {"GTP version", gtp, 0, 0x50},
                                    {"GTP prime", gtp, 0, 0x20},
                                    {"GTP echo", gtp, 1, 1},
                                    {"GTP too long", gtp, 2, 9},
                                    {"GTP extension of 0", extended, 12, 0}};
  for (const Change& change : changes) {
    Bytes bytes = change.frame.build();
    ASSERT_TRUE(parse(LinkType::ethernet, bytes, static_cast<std::uint32_t>(bytes.size())).headers.in_tunnel);
    bytes[14 + 28 + change.at] = change.value;
    const Parsed parsed = parse(LinkType::ethernet, bytes, static_cast<std::uint32_t>(bytes.size()));
    EXPECT_EQ(parsed.key.low.print(), "203.0.113.1") << change.why;
    EXPECT_EQ(parsed.headers.payload_bytes, bytes.size() - 42) << change.why;
    EXPECT_FALSE(parsed.headers.in_tunnel) << change.why;
  }
}

TEST(ParseTunnel, AcceptsAVxlanGroupPolicy) {
  Bytes bytes = outer4().udp(50000, 4789).vxlan(5).ethernet().ipv4("192.0.2.1", "192.0.2.2").udp(1, 2).build();
  bytes[42] = 0x88;
  bytes[44] = 0x12;
  EXPECT_TRUE(parse(LinkType::ethernet, bytes, static_cast<std::uint32_t>(bytes.size())).headers.in_tunnel);
}

TEST(ParseTunnel, TakesOtherPortsForPlainUdp) {
  const Parsed parsed = read(outer4().udp(2152, 2153).gtp(5).ipv4("192.0.2.1", "192.0.2.2").udp(1, 2));
  EXPECT_EQ(parsed.key.high_port, 2153);
}

TEST(ParseTunnel, StopsAtGreThatOnlyAcknowledgesOrIsRouted) {
  Bytes acknowledgement = outer4().protocol(47).payload(bytes_of_hex("2081 880b 0000 0007 00000005")).build();
  const Parsed parsed = parse(LinkType::ethernet, acknowledgement, static_cast<std::uint32_t>(acknowledgement.size()));
  EXPECT_EQ(parsed.key.transport, 47);
  EXPECT_EQ(parsed.key.low.print(), "203.0.113.1");
  Bytes routed = outer4().gre().ipv4("192.0.2.1", "192.0.2.2").udp(1, 2).build();
  routed[34] = 0x40;
  EXPECT_EQ(parse(LinkType::ethernet, routed, static_cast<std::uint32_t>(routed.size())).key.transport, 47);
}

TEST(ParseTunnel, ReadsTeredoWithItsIndications) {
  const Bytes inside = Frame().ipv6("2001:db8::1", "2001:db8::2").tcp(40000, 443).build();
  for (const char* head : {"", "0000 1234 c0000201", "0001 02 03 aabb cccccc 0102030405060708 00",
                           "0001 00 00 0102030405060708 00 0000 1234 c0000201"}) {
    Bytes payload = bytes_of_hex(head);
    payload.insert(payload.end(), inside.begin(), inside.end());
    const Parsed parsed = read(outer4().udp(50000, 3544).payload(payload));
    EXPECT_EQ(parsed.key.version, 6) << head;
    EXPECT_EQ(parsed.headers.encaps[0], Encap::teredo);
    payload.push_back(0);  // more than the IPv6 packet
    EXPECT_EQ(read(outer4().udp(3544, 50000).payload(payload)).key.version, 4) << head;
  }
}

TEST(ParseTunnel, ReadsDataMessagesOfL2tp) {
  Bytes inside = bytes_of_hex("ff03 0021");
  const Bytes packet = Frame().ipv4("192.0.2.1", "192.0.2.2").tcp(40000, 443).build();
  inside.insert(inside.end(), packet.begin(), packet.end());
  for (const char* head :
       {"0002 0001 0002", "4002 0034 0001 0002", "0802 0001 0002 0003 0004", "0202 0001 0002 0004 deadbeef"}) {
    Bytes payload = bytes_of_hex(head);
    payload.insert(payload.end(), inside.begin(), inside.end());
    EXPECT_EQ(read(outer4().udp(1701, 1701).payload(payload)).key.low.print(), "192.0.2.1") << head;
    payload[0] |= 0x80;  // control
    EXPECT_EQ(read(outer4().udp(1701, 1701).payload(payload)).key.low.print(), "203.0.113.1") << head;
  }
}

TEST(ParseTunnel, NamesTheInsideOfASnappedTunnel) {
  Frame frame = outer4().udp(2152, 2152).gtp(1).ipv4("192.0.2.1", "192.0.2.2").tcp(40000, 443).payload_size(1000);
  const Parsed parsed = read_snapped(frame, 14 + 28 + 8 + 40 + 10);
  EXPECT_EQ(parsed.key.low.print(), "192.0.2.1");
  EXPECT_EQ(parsed.headers.payload_bytes, 1000u);
  EXPECT_EQ(parsed.headers.captured_payload, 10u);
}

}  // namespace
}  // namespace slowlane

#include "dataplane/rewrite.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "tests/support/loose_packet.h"
#include "tests/support/packet_builder.h"

namespace slowlane {
namespace {

Frame segment(Frame frame) {
  return frame.tcp(443, 40000).seq(0x11223344).ack(0x55667788).flags(kPsh | kAck).tcp_options(3).payload_size(333);
}
Frame ip4(Frame frame) { return frame.ipv4("192.0.2.1", "198.51.100.7").ttl(57).ip_id(0xbeef).tos(0xba); }
Frame ip6(Frame frame) { return frame.ipv6("2001:db8::1", "2001:db8::7").ttl(57).tos(0xba); }

struct Shape {
  const char* name;
  Frame frame;
};

std::vector<Shape> shapes() {
  return {{"plain", segment(ip4(Frame().ethernet()))},
          {"VLAN", segment(ip4(Frame().ethernet().vlan(3).vlan(4)))},
          {"MPLS", segment(ip4(Frame().ethernet().mpls(16).mpls(17)))},
          {"PPPoE", segment(ip4(Frame().ethernet().pppoe()))},
          {"MPLS in PPPoE", segment(ip6(Frame().ethernet().pppoe().mpls(3)))},
          {"802.3", segment(ip4(Frame().ethernet().llc_snap()))},
          {"options", segment(ip4(Frame().ethernet()).ip_options(4))},
          {"offloaded", segment(ip4(Frame().ethernet()).total_length(0))},
          {"IPv6", segment(ip6(Frame().ethernet()))},
          {"IPv6, VLAN", segment(ip6(Frame().ethernet().vlan(3)))},
          {"extensions", segment(ip6(Frame().ethernet()).hop_by_hop().routing().destination_options(1))},
          {"padded", ip4(Frame().ethernet()).tcp(443, 40000).seq(0x11223344).ack(0x55667788).payload("x").pad_to(60)}};
}

// What a reset must be, read again from its bytes and summed up from scratch.
void expect_reset(const Packet& packet, const Parsed& before, const char* name) {
  const auto bytes = packet.bytes();
  const Parsed after = parse(packet.link, bytes, packet.wire_length);
  const Headers& headers = after.headers;
  ASSERT_EQ(after.kind, Parsed::Kind::ip) << name;
  EXPECT_FALSE(after.damaged) << name;
  EXPECT_EQ(after.key, before.key) << name;
  EXPECT_EQ(after.from_low, before.from_low) << name;
  EXPECT_EQ(headers.tcp_flags, kRst | kAck) << name;
  EXPECT_EQ(headers.tcp_seq, 0x11223344u) << name;
  EXPECT_EQ(headers.tcp_ack, 0x55667788u) << name;
  EXPECT_EQ(headers.ttl, before.headers.ttl) << name;
  EXPECT_EQ(headers.l4, before.headers.l4) << name;
  EXPECT_EQ(headers.payload, headers.l4 + 20) << name;
  EXPECT_EQ(headers.payload_bytes, 0u) << name;
  EXPECT_EQ(headers.fragment, FragmentKind::none) << name;
  EXPECT_EQ(bytes[headers.l4 + 14u] | bytes[headers.l4 + 15u], 0) << name << ": window";
  const auto ip = bytes.subspan(headers.l3);
  EXPECT_TRUE(headers.version == 6 || ipv4_checksum_holds(ip)) << name;
  EXPECT_TRUE(transport_checksum_holds(ip, 6, bytes.subspan(headers.l4, 20))) << name;
  EXPECT_EQ(packet.wire_length, bytes.size()) << name;
  EXPECT_EQ(packet.mbuf()->pkt_len, bytes.size()) << name;
  EXPECT_TRUE(packet.reset) << name;
  EXPECT_EQ(packet.cut_bytes, before.headers.ip_bytes - headers.ip_bytes) << name;
  EXPECT_EQ(packet.counted_bytes(), before.headers.ip_bytes) << name << ": still tells of what came";
  EXPECT_TRUE(packet.payload().empty()) << name;
}

TEST(MakeReset, TurnsEveryShapeOfSegmentIntoARightReset) {
  for (const Shape& shape : shapes()) {
    const LoosePacket packet = make_loose(shape.frame);
    const Parsed before = packet->parsed;
    ASSERT_TRUE(make_reset(*packet)) << shape.name;
    expect_reset(*packet, before, shape.name);
  }
}

TEST(MakeReset, KeepsTheIpIdAndEverythingOutside) {
  const LoosePacket packet = make_loose(segment(ip4(Frame().ethernet().vlan(3))));
  const Bytes before(packet->bytes().begin(), packet->bytes().end());
  ASSERT_TRUE(make_reset(*packet));
  const auto after = packet->bytes();
  EXPECT_TRUE(std::equal(after.begin(), after.begin() + 20, before.begin()));  // to the IP total length
  EXPECT_EQ(after[22], 0xbe);
  EXPECT_EQ(after[23], 0xef);
  EXPECT_TRUE(std::equal(after.begin() + 30, after.begin() + 38 + 12, before.begin() + 30));  // addresses to ack
}

TEST(MakeReset, PutsLinkLengthsRight) {
  const LoosePacket pppoe = make_loose(segment(ip4(Frame().ethernet().pppoe())));
  ASSERT_TRUE(make_reset(*pppoe));
  EXPECT_EQ(pppoe->bytes()[18] << 8 | pppoe->bytes()[19], 2 + 40);
  const LoosePacket snap = make_loose(segment(ip4(Frame().ethernet().llc_snap())));
  ASSERT_TRUE(make_reset(*snap));
  EXPECT_EQ(snap->bytes()[12] << 8 | snap->bytes()[13], 8 + 40);
}

TEST(MakeReset, LeavesAFrameAsLongAsEthernetNeeds) {
  const LoosePacket longer = make_loose(segment(ip4(Frame().ethernet())));
  ASSERT_TRUE(make_reset(*longer));
  EXPECT_EQ(longer->bytes().size(), 60u);
  EXPECT_TRUE(std::all_of(longer->bytes().begin() + 54, longer->bytes().end(), [](std::uint8_t b) { return b == 0; }));
  const LoosePacket unpadded = make_loose(ip4(Frame().ethernet()).tcp(1, 2).payload("x"));  // as a host captures it
  ASSERT_TRUE(make_reset(*unpadded));
  EXPECT_EQ(unpadded->bytes().size(), 55u) << "never longer than it was captured";
  const LoosePacket raw = make_loose(segment(ip4(Frame())), LinkType::raw_ip);
  ASSERT_TRUE(make_reset(*raw));
  EXPECT_EQ(raw->bytes().size(), 40u);
}

TEST(MakeReset, WorksWhereThePayloadWasNotCaptured) {
  for (const Shape& shape : shapes()) {
    const Bytes whole = shape.frame.build();
    const LoosePacket full = make_loose(whole);
    for (std::size_t captured = full->parsed.headers.l4; captured <= full->parsed.headers.l4 + 40u; ++captured) {
      if (captured > whole.size()) break;
      const LoosePacket packet =
          make_loose(std::span(whole).first(captured), LinkType::ethernet, static_cast<std::uint32_t>(whole.size()));
      const Parsed before = packet->parsed;
      const bool has_header = captured >= full->parsed.headers.l4 + 20u;
      ASSERT_EQ(make_reset(*packet), has_header) << shape.name << " cut at " << captured;
      if (has_header) expect_reset(*packet, before, shape.name);
    }
  }
}

TEST(MakeReset, MakesAWholeDatagramOfAFirstFragment) {
  for (Frame frame : {ip4(Frame().ethernet()), ip6(Frame().ethernet())}) {
    const auto pieces = segment(frame).fragments(200);
    const LoosePacket first = make_loose(pieces[0]);
    const Parsed before = first->parsed;
    ASSERT_TRUE(make_reset(*first));
    expect_reset(*first, before, "first fragment");
    const LoosePacket later = make_loose(pieces[1]);
    EXPECT_FALSE(make_reset(*later));
    const auto tiny = segment(frame).fragments(8);
    EXPECT_FALSE(make_reset(*make_loose(tiny[0])));
  }
}

TEST(MakeReset, RefusesWhatItCannotRewriteAndChangesNothing) {
  Bytes unfinished = segment(ip6(Frame().ethernet()).routing()).build();
  unfinished[14 + 40 + 3] = 1;  // a segment left: the checksum counts another address
  Bytes damaged = segment(ip4(Frame().ethernet())).build();
  damaged[14 + 20 + 12] = 0x10;
  const std::vector<std::pair<const char*, Bytes>> refused{
      {"tunnel", segment(ip4(ip4(Frame().ethernet()).gre())).build()},
      {"UDP", ip4(Frame().ethernet()).udp(1, 2).payload("x").build()},
      {"AH", segment(ip4(Frame().ethernet()).authentication()).build()},
      {"AH in IPv6", segment(ip6(Frame().ethernet()).authentication()).build()},
      {"routing", unfinished},
      {"damaged", damaged},
      {"two lengths", segment(ip4(Frame().ethernet().llc_snap().ether_type(0x8864).pppoe())).build()},
      {"not IP", Frame().ethernet().payload_size(60).build()}};
  for (const auto& [name, bytes] : refused) {
    const LoosePacket packet = make_loose(bytes);
    EXPECT_FALSE(make_reset(*packet)) << name;
    EXPECT_TRUE(std::equal(bytes.begin(), bytes.end(), packet->bytes().begin(), packet->bytes().end())) << name;
    EXPECT_FALSE(packet->reset) << name;
    EXPECT_EQ(packet->cut_bytes, 0u) << name;
  }
}

// --- DSCP

unsigned traffic_class(const Packet& packet) {
  const auto ip = packet.bytes().subspan(packet.parsed.headers.l3);
  return packet.parsed.headers.version == 4 ? ip[1] : (ip[0] << 4 | ip[1] >> 4) & 0xffu;
}

TEST(SetDscp, ChangesSixBitsAndKeepsTheOtherTwo) {
  for (const Shape& shape : shapes()) {
    for (const std::uint8_t dscp : std::initializer_list<std::uint8_t>{0, 8, 46, 63}) {
      const LoosePacket packet = make_loose(shape.frame);
      const Bytes before(packet->bytes().begin(), packet->bytes().end());
      ASSERT_TRUE(set_dscp(*packet, dscp)) << shape.name;
      EXPECT_EQ(traffic_class(*packet), dscp * 4u + 2u) << shape.name;
      const auto after = packet->bytes();
      ASSERT_EQ(after.size(), before.size());
      const std::size_t l3 = packet->parsed.headers.l3;
      if (packet->parsed.headers.version == 4) {
        EXPECT_TRUE(ipv4_checksum_holds(after.subspan(l3))) << shape.name;
        EXPECT_TRUE(std::equal(after.begin() + static_cast<std::ptrdiff_t>(l3) + 12, after.end(),
                               before.begin() + static_cast<std::ptrdiff_t>(l3) + 12));
      } else {
        EXPECT_EQ(after[l3] >> 4, 6);
        EXPECT_EQ(after[l3 + 1] & 15, before[l3 + 1] & 15) << "the flow label";
      }
    }
  }
}

TEST(SetDscp, KeepsEveryIpv4ChecksumRight) {
  std::mt19937_64 random(17);
  for (int i = 0; i < 5000; ++i) {
    Frame frame =
        ip4(Frame().ethernet()).ip_id(static_cast<std::uint16_t>(random())).tos(static_cast<std::uint8_t>(random()));
    const LoosePacket packet = make_loose(frame.ttl(static_cast<std::uint8_t>(random())).udp(1, 2));
    ASSERT_TRUE(set_dscp(*packet, static_cast<std::uint8_t>(random() % 64)));
    ASSERT_TRUE(ipv4_checksum_holds(packet->bytes().subspan(14)));
  }
}

// The outer UDP checksum counts the inner header, whose own checksum keeps its sum what it was.
TEST(SetDscp, MarksTheInnermostHeaderAndKeepsOuterChecksumsRight) {
  const LoosePacket packet = make_loose(segment(ip4(ip4(Frame().ethernet()).udp(2152, 2152).gtp(1))));
  ASSERT_TRUE(packet->parsed.headers.outer_checksum);
  ASSERT_TRUE(set_dscp(*packet, 8));
  EXPECT_EQ(packet->bytes()[15], 0xba) << "the outer header stays";
  EXPECT_TRUE(ipv4_checksum_holds(packet->bytes().subspan(packet->parsed.headers.l3)));
  EXPECT_TRUE(transport_checksum_holds(packet->bytes().subspan(14), 17, packet->bytes().subspan(34)));
}

TEST(SetDscp, RefusesIpv6UnderAnOuterChecksumOnly) {
  const LoosePacket with = make_loose(segment(ip6(ip4(Frame().ethernet()).udp(2152, 2152).gtp(1))));
  EXPECT_FALSE(set_dscp(*with, 8));
  EXPECT_EQ(traffic_class(*with), 0xbau);
  const LoosePacket without = make_loose(segment(ip6(ip4(Frame().ethernet()).udp(2152, 2152).no_checksum().gtp(1))));
  EXPECT_TRUE(set_dscp(*without, 8));
  const LoosePacket gre = make_loose(segment(ip6(ip4(Frame().ethernet()).gre().gre_checksum())));
  EXPECT_FALSE(set_dscp(*gre, 8));
  EXPECT_FALSE(set_dscp(*make_loose(Frame().ethernet().payload_size(50)), 8));
}

TEST(SetDscp, MarksFragmentsAndSnappedPackets) {
  for (const Bytes& piece : segment(ip4(Frame().ethernet())).fragments(200)) {
    const LoosePacket packet = make_loose(piece);
    ASSERT_TRUE(set_dscp(*packet, 46));
    EXPECT_TRUE(ipv4_checksum_holds(packet->bytes().subspan(14)));
  }
  const Bytes whole = segment(ip4(Frame().ethernet())).build();
  const LoosePacket snapped = make_loose(std::span(whole).first(38), LinkType::ethernet, 400);
  EXPECT_TRUE(set_dscp(*snapped, 46));
}

// --- Loose packets, which many tests build on.

TEST(LoosePackets, AreCountedAndFreedWithoutAPool) {
  const std::size_t before = loose_packets();
  {
    const LoosePacket owned = make_loose(Frame().ethernet().payload("x"));
    Packet* released = make_loose(Frame().ethernet().payload("x")).release();
    EXPECT_EQ(loose_packets(), before + 2);
    free_packet(released);
    EXPECT_EQ(loose_packets(), before + 1);
  }
  EXPECT_EQ(loose_packets(), before);
}

}  // namespace
}  // namespace slowlane

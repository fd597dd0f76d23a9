#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <vector>

#include "dataplane/parse.h"
#include "tests/support/packet_builder.h"
#include "tests/support/parse_frames.h"

namespace slowlane {
namespace {

// The frame is read down to the flow 192.0.2.1:40000 -> 198.51.100.7:443 (or its IPv6 sister) with "hello" in it.
Frame& flow4(Frame& frame) { return frame.ipv4("192.0.2.1", "198.51.100.7").tcp(40000, 443).payload("hello"); }
Frame& flow6(Frame& frame) { return frame.ipv6("2001:db8::1", "2001:db8::7").tcp(40000, 443).payload("hello"); }

void expect_flow(const Parsed& parsed, std::uint8_t version, const char* what) {
  ASSERT_EQ(parsed.kind, Parsed::Kind::ip) << what;
  EXPECT_EQ(parsed.headers.version, version) << what;
  EXPECT_EQ(parsed.key.low.print(), version == 4 ? "192.0.2.1" : "2001:db8::1") << what;
  EXPECT_EQ(parsed.key.low_port, 40000) << what;
  EXPECT_EQ(parsed.headers.payload_bytes, 5u) << what;
  EXPECT_EQ(parsed.headers.captured_payload, 5u) << what;
  EXPECT_EQ(parsed.headers.ip_bytes, version == 4 ? 45u : 65u) << what;
  EXPECT_FALSE(parsed.headers.in_tunnel) << what;
}

void expect_both(Frame link, LinkType type, const char* what) {
  Frame other = link;
  expect_flow(read(flow4(link), type), 4, what);
  expect_flow(read(flow6(other), type), 6, what);
}

std::vector<Encap> encaps_of(const Parsed& parsed) {
  return {parsed.headers.encaps.begin(), parsed.headers.encaps.begin() + parsed.headers.encap_count};
}

TEST(ParseLink, KnowsTheNumbersOfCaptureFiles) {
  const std::vector<std::pair<int, LinkType>> known{
      {0, LinkType::null},         {1, LinkType::ethernet},     {9, LinkType::ppp},
      {12, LinkType::raw_ip},      {14, LinkType::raw_ip},      {101, LinkType::raw_ip},
      {228, LinkType::raw_ip},     {229, LinkType::raw_ip},     {50, LinkType::ppp_hdlc},
      {104, LinkType::cisco_hdlc}, {105, LinkType::ieee80211},  {107, LinkType::frame_relay},
      {108, LinkType::loop},       {113, LinkType::linux_sll},  {127, LinkType::radiotap},
      {276, LinkType::linux_sll2}, {-1, LinkType::unsupported}, {249, LinkType::unsupported}};
  for (const auto& [number, link] : known) EXPECT_EQ(link_type_of(number), link) << number;
}

TEST(ParseLink, ReadsEveryLinkLayer) {
  expect_both(Frame().ethernet(), LinkType::ethernet, "Ethernet II");
  expect_both(Frame().ethernet().llc_snap(), LinkType::ethernet, "802.3 with SNAP");
  expect_both(Frame(), LinkType::raw_ip, "raw");
  expect_both(Frame().sll(), LinkType::linux_sll, "cooked");
  expect_both(Frame().sll2(), LinkType::linux_sll2, "cooked 2");
  expect_both(Frame().ppp(), LinkType::ppp, "PPP");
  expect_both(Frame().ppp_hdlc(), LinkType::ppp, "PPP with address and control");
  expect_both(Frame().ppp_hdlc(), LinkType::ppp_hdlc, "PPP in HDLC");
  expect_both(Frame().cisco_hdlc(), LinkType::cisco_hdlc, "Cisco HDLC");
  expect_both(Frame().cisco_hdlc(), LinkType::ppp_hdlc, "Cisco HDLC under PPP's number");
  expect_both(Frame().frame_relay(), LinkType::frame_relay, "frame relay");
  expect_both(Frame().wlan_data().llc_snap(), LinkType::ieee80211, "802.11");
  expect_both(Frame().radiotap().wlan_data().llc_snap(), LinkType::radiotap, "radiotap");
}

TEST(ParseLink, ReadsAddressFamiliesInEitherByteOrder) {
  for (const bool big_endian : {false, true}) {
    for (const LinkType link : {LinkType::null, LinkType::loop}) {
      Frame four = Frame().null_loop(2, big_endian);
      expect_flow(read(flow4(four), link), 4, "AF_INET");
      for (const std::uint32_t family : {10u, 24u, 28u, 30u}) {
        Frame six = Frame().null_loop(family, big_endian);
        expect_flow(read(flow6(six), link), 6, "AF_INET6");
      }
    }
    EXPECT_EQ(read(Frame().null_loop(7, big_endian).payload_size(40), LinkType::null).kind, Parsed::Kind::not_ip);
  }
}

TEST(ParseLink, ReadsPppWithACompressedProtocolAndADirection) {
  const Bytes packet = Frame().ipv4("192.0.2.1", "198.51.100.7").tcp(40000, 443).payload("hello").build();
  Bytes compressed{0x21};
  compressed.insert(compressed.end(), packet.begin(), packet.end());
  expect_flow(parse(LinkType::ppp, compressed, 46), 4, "one byte of protocol");
  Bytes direction{0x01, 0x03, 0x00, 0x21};
  direction.insert(direction.end(), packet.begin(), packet.end());
  expect_flow(parse(link_type_of(166), direction, 49), 4, "pppd's direction");
}

TEST(ParseLink, ReadsFrameRelayWithSnapLongAddressesAndCiscoTypes) {
  const Bytes packet = Frame().ipv4("192.0.2.1", "198.51.100.7").tcp(40000, 443).payload("hello").build();
  const std::vector<const char*> heads{"1841 03 00 80 000000 0800", "1840 4041 03 cc", "1841 0800", "1841 03 cf 0021"};
  for (const char* head : heads) {
    Bytes frame = bytes_of_hex(head);
    frame.insert(frame.end(), packet.begin(), packet.end());
    expect_flow(parse(LinkType::frame_relay, frame, static_cast<std::uint32_t>(frame.size())), 4, head);
  }
}

TEST(ParseLink, ReadsOnlyPlainDataFramesOf80211) {
  Bytes frame =
      Frame().wlan_data().llc_snap().ipv4("192.0.2.1", "198.51.100.7").tcp(40000, 443).payload("hello").build();
  const auto kind = [&](Bytes bytes) { return parse(LinkType::ieee80211, bytes, 100).kind; };
  const auto with = [&](std::size_t at, std::uint8_t value) {
    Bytes changed = frame;
    changed[at] = value;
    return changed;
  };
  EXPECT_EQ(kind(with(1, 0x41)), Parsed::Kind::not_ip) << "encrypted";
  EXPECT_EQ(kind(with(0, 0x80)), Parsed::Kind::not_ip) << "a beacon";
  EXPECT_EQ(kind(with(0, 0xc8)), Parsed::Kind::not_ip) << "no data";
  EXPECT_EQ(kind(with(24, 0x80)), Parsed::Kind::not_ip) << "several in one";
  Bytes bridged = with(1, 0x03);
  bridged.insert(bridged.begin() + 24, 6, 0);  // the fourth address
  expect_flow(parse(LinkType::ieee80211, bridged, static_cast<std::uint32_t>(bridged.size())), 4, "bridged");
  Bytes plain = with(0, 0x08);
  plain.erase(plain.begin() + 24, plain.begin() + 26);  // without quality of service
  expect_flow(parse(LinkType::ieee80211, plain, static_cast<std::uint32_t>(plain.size())), 4, "no QoS");
}

TEST(ParseLink, StepsOverThePaddingThatRadiotapTellsOf) {
  const Bytes rest =
      Frame().wlan_data().llc_snap().ipv4("192.0.2.1", "198.51.100.7").tcp(40000, 443).payload("hello").build();
  Bytes frame = bytes_of_hex("00 00 11 00 03 00 00 00 0102030405060708 20");  // time, flags: padded
  frame.insert(frame.end(), rest.begin(), rest.begin() + 26);
  frame.insert(frame.end(), 2, 0);
  frame.insert(frame.end(), rest.begin() + 26, rest.end());
  expect_flow(parse(LinkType::radiotap, frame, static_cast<std::uint32_t>(frame.size())), 4, "padded");
}

TEST(ParseLink, NotesTagsOutermostFirst) {
  constexpr std::array<std::uint16_t, 4> kTypes{0x8100, 0x88a8, 0x9100, 0x9200};
  for (const std::uint16_t tpid : kTypes) {
    Frame frame = Frame().ethernet().vlan(0x7123, tpid).vlan(0x0456);
    const Parsed parsed = read(flow4(frame));
    expect_flow(parsed, 4, "two tags");
    ASSERT_EQ(parsed.headers.vlan_count, 2);
    EXPECT_EQ(parsed.headers.vlans[0], 0x123);  // without the priority bits
    EXPECT_EQ(parsed.headers.vlans[1], 0x456);
    EXPECT_EQ(encaps_of(parsed), (std::vector{Encap::vlan}));
  }
  Frame many = Frame().ethernet();
  for (std::uint16_t tag = 1; tag <= 6; ++tag) many.vlan(tag);
  const Parsed parsed = read(flow6(many));
  expect_flow(parsed, 6, "six tags");
  EXPECT_EQ(parsed.headers.vlan_count, 4);
  EXPECT_EQ(parsed.headers.vlans[3], 4);
}

TEST(ParseLink, ReadsSnapBehindATag) {
  Bytes frame =
      Frame().ethernet().vlan(5).llc_snap().ipv4("192.0.2.1", "198.51.100.7").tcp(40000, 443).payload("hello").build();
  frame[17] = static_cast<std::uint8_t>(frame.size() - 18);  // the tag's type is a length
  frame[16] = 0;
  const Parsed parsed = parse(LinkType::ethernet, frame, static_cast<std::uint32_t>(frame.size()));
  expect_flow(parsed, 4, "802.3 in a VLAN");
  EXPECT_EQ(parsed.headers.length_field, 16);
}

TEST(ParseLink, ReadsAnyStackOfLabelsAndPseudowires) {
  expect_both(Frame().ethernet().mpls(16), LinkType::ethernet, "one label");
  expect_both(Frame().ethernet().mpls(16).mpls(0xfffff).mpls(3), LinkType::ethernet, "three labels");
  expect_both(Frame().ethernet().mpls(16).pseudowire_control_word().ethernet(), LinkType::ethernet, "control word");
  expect_both(Frame().ethernet().mpls(16).ethernet(), LinkType::ethernet, "no control word");
  expect_both(Frame().ppp().mpls(16), LinkType::ppp, "MPLS in PPP");
  Frame frame = Frame().ethernet().vlan(3).mpls(16).mpls(17).ethernet().vlan(4);
  EXPECT_EQ(encaps_of(read(flow4(frame))), (std::vector{Encap::vlan, Encap::mpls, Encap::vlan}));
  EXPECT_EQ(read(Frame().ethernet().mpls(16).payload({0x10, 0, 0, 7, 1, 2, 3, 4})).kind, Parsed::Kind::not_ip);
}

TEST(ParseLink, ReadsAPseudowireWhoseAddressesBeginLikeIp) {
  constexpr std::array<std::uint8_t, 4> kFirst{0x45, 0x60, 0x00, 0x10};
  for (const std::uint8_t first : kFirst) {
    Bytes frame = Frame()
                      .ethernet()
                      .mpls(16)
                      .ethernet()
                      .ipv4("192.0.2.1", "198.51.100.7")
                      .tcp(40000, 443)
                      .payload("hello")
                      .build();
    std::fill_n(frame.begin() + 18, 6, std::uint8_t{0xee});
    frame[18] = first;
    expect_flow(parse(LinkType::ethernet, frame, static_cast<std::uint32_t>(frame.size())), 4, "address");
  }
}

TEST(ParseLink, ReadsPppoeSessionsAndTakesTheirLength) {
  expect_both(Frame().ethernet().pppoe(), LinkType::ethernet, "PPPoE");
  Frame frame = Frame().ethernet().vlan(9).pppoe();
  const Parsed parsed = read(flow4(frame).padding(20));
  expect_flow(parsed, 4, "padded");
  EXPECT_EQ(parsed.headers.length_field, 14 + 4 + 4);
  EXPECT_EQ(encaps_of(parsed), (std::vector{Encap::vlan, Encap::pppoe}));
  Bytes discovery = Frame().ethernet().pppoe().ipv4("192.0.2.1", "198.51.100.7").tcp(40000, 443).build();
  discovery[15] = 0x09;  // a code: not a session's data
  EXPECT_EQ(parse(LinkType::ethernet, discovery, 62).kind, Parsed::Kind::not_ip);
}

TEST(ParseLink, DoesNotCountEthernetPaddingAsPayload) {
  const Parsed bare = read(Frame().ethernet().ipv4("192.0.2.1", "198.51.100.7").tcp(1, 2).pad_to(60));
  EXPECT_EQ(bare.headers.payload_bytes, 0u);
  EXPECT_EQ(bare.headers.captured_payload, 0u);
  Frame snap = Frame().ethernet().llc_snap();
  expect_flow(read(flow6(snap).padding(12)), 6, "802.3 with padding");
}

TEST(ParseLink, ReportsLinkHeadersThatAreCut) {
  const Parsed ethernet = read_snapped(Frame().ethernet().ipv4("192.0.2.1", "192.0.2.2").udp(1, 2), 13);
  EXPECT_EQ(ethernet.kind, Parsed::Kind::malformed);
  EXPECT_EQ(ethernet.reason, Malformed::truncated_link);
  Frame tagged = Frame().ethernet().vlan(1).mpls(2);
  EXPECT_EQ(read_snapped(flow4(tagged), 17).reason, Malformed::truncated_link);
  EXPECT_EQ(read_snapped(flow4(tagged), 20).reason, Malformed::truncated_link);
  EXPECT_EQ(read_snapped(flow4(tagged), 24).reason, Malformed::truncated_ip);
}

}  // namespace
}  // namespace slowlane

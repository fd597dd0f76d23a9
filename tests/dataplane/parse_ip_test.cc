#include <gtest/gtest.h>

#include "dataplane/parse.h"
#include "tests/support/packet_builder.h"
#include "tests/support/parse_frames.h"

namespace slowlane {
namespace {

Frame four() { return Frame().ethernet().ipv4("192.0.2.1", "198.51.100.7"); }
Frame six() { return Frame().ethernet().ipv6("2001:db8::1", "2001:db8::7"); }

TEST(ParseIp, ReadsTheFieldsOfATcpSegment) {
  const Parsed parsed = read(four()
                                 .ttl(7)
                                 .ip_options(3)
                                 .tcp(40000, 443)
                                 .seq(0xfedcba98)
                                 .ack(5)
                                 .flags(kSyn | kAck)
                                 .tcp_options(2)
                                 .payload_size(100));
  const Headers& headers = parsed.headers;
  EXPECT_EQ(headers.ttl, 7);
  EXPECT_EQ(headers.l3, 14);
  EXPECT_EQ(headers.l4, 14 + 32);
  EXPECT_EQ(headers.payload, 14 + 32 + 28);
  EXPECT_EQ(headers.tcp_seq, 0xfedcba98u);
  EXPECT_EQ(headers.tcp_ack, 5u);
  EXPECT_EQ(headers.tcp_flags, kSyn | kAck);
  EXPECT_EQ(headers.payload_bytes, 100u);
  EXPECT_EQ(headers.ip_bytes, 160u);
  EXPECT_FALSE(parsed.damaged);
}

TEST(ParseIp, StepsOverEveryExtensionHeader) {
  const Parsed parsed = read(six()
                                 .hop_by_hop()
                                 .destination_options()
                                 .routing()
                                 .authentication()
                                 .destination_options(3)
                                 .udp(5000, 6000)
                                 .payload_size(9));
  EXPECT_EQ(parsed.headers.transport, 17);
  EXPECT_EQ(parsed.headers.l4, 14 + 40 + 8 + 8 + 24 + 24 + 32);
  EXPECT_EQ(parsed.key.low_port, 5000);
  EXPECT_EQ(parsed.headers.payload_bytes, 9u);
  EXPECT_EQ(parsed.headers.ip_bytes, 40u + 96 + 8 + 9);
}

TEST(ParseIp, StepsOverAuthenticationOfIpv4) {
  const Parsed parsed = read(four().authentication().tcp(40000, 443).payload("x"));
  EXPECT_EQ(parsed.headers.transport, 6);
  EXPECT_EQ(parsed.headers.payload_bytes, 1u);
}

TEST(ParseIp, TakesAMobilityHeaderForWhatThePacketCarries) {
  Bytes frame = six().mobility().build();
  frame[54] = 59;
  const Parsed parsed = parse(LinkType::ethernet, frame, static_cast<std::uint32_t>(frame.size()));
  EXPECT_EQ(parsed.headers.transport, 135);
  EXPECT_EQ(read(six().mobility().udp(1, 2)).headers.transport, 17);
}

TEST(ParseIp, GivesOtherTransportsNoPorts) {
  const Parsed icmp = read(four().icmp(3, 1).ipv4("10.0.0.1", "10.0.0.2").tcp(1, 2));
  EXPECT_EQ(icmp.key.transport, 1);
  EXPECT_EQ(icmp.key.high.print(), "198.51.100.7") << "a quoted header is not a flow";
  EXPECT_EQ(icmp.key.low_port | icmp.key.high_port, 0);
  EXPECT_EQ(icmp.headers.payload_bytes, 40u);
  EXPECT_EQ(read(six().icmp6(128).payload("ping")).headers.payload_bytes, 4u);
  EXPECT_EQ(read(six().esp().payload_size(64)).key.transport, 50);
  const Parsed sctp = read(four().sctp(1000, 2000).payload_size(16));
  EXPECT_EQ(sctp.key.transport, 132);
  EXPECT_EQ(sctp.key.high_port, 2000);
  EXPECT_EQ(sctp.headers.payload_bytes, 16u);
  EXPECT_EQ(read(four().protocol(89).payload_size(16)).key.transport, 89);
}

TEST(ParseIp, TakesLengthsFromTheHeaderWhereTheCaptureIsSnapped) {
  const Parsed parsed = read_snapped(four().tcp(40000, 443).payload_size(1000), 14 + 40 + 6);
  EXPECT_EQ(parsed.headers.ip_bytes, 1040u);
  EXPECT_EQ(parsed.headers.payload_bytes, 1000u);
  EXPECT_EQ(parsed.headers.captured_payload, 6u);
  EXPECT_EQ(parsed.headers.payload, 54);
}

TEST(ParseIp, TakesTheWireLengthWhereOffloadLeftTheIpLengthAtZero) {
  const Parsed tcp = read(four().total_length(0).tcp(40000, 443).payload_size(30000));
  EXPECT_EQ(tcp.headers.ip_bytes, 30040u);
  EXPECT_EQ(tcp.headers.payload_bytes, 30000u);
  const Parsed tcp6 = read(six().total_length(0).tcp(40000, 443).payload_size(3000));
  EXPECT_EQ(tcp6.headers.ip_bytes, 3060u);
  EXPECT_EQ(tcp6.headers.payload_bytes, 3000u);
  Bytes udp = four().total_length(0).udp(40000, 443).payload_size(500).build();
  udp[14 + 20 + 4] = udp[14 + 20 + 5] = 0;
  EXPECT_EQ(parse(LinkType::ethernet, udp, 2000).headers.payload_bytes, 2000u - 42);
}

TEST(ParseIp, TakesNothingBehindAnIpv6HeaderWithoutNext) {
  const Parsed parsed = read(six().protocol(59).total_length(0).padding(6));
  EXPECT_EQ(parsed.headers.ip_bytes, 40u);
  EXPECT_EQ(parsed.headers.payload_bytes, 0u);
  EXPECT_EQ(parsed.headers.transport, 59);
}

TEST(ParseIp, TakesTheShorterOfUdpAndIpLength) {
  Bytes longer = four().udp(1000, 2000).payload_size(50).build();
  longer[14 + 20 + 4] = 0x7f;
  EXPECT_EQ(parse(LinkType::ethernet, longer, 92).headers.payload_bytes, 50u);
  Bytes shorter = four().udp(1000, 2000).payload_size(50).build();
  shorter[14 + 20 + 5] = 8 + 20;
  EXPECT_EQ(parse(LinkType::ethernet, shorter, 92).headers.payload_bytes, 20u);
}

TEST(ParseIp, TellsFirstFragmentsFromLaterOnes) {
  for (Frame frame : {four(), six()}) {
    const auto pieces = frame.udp(1000, 2000).payload_size(2000).fragments(800, 0x1234);
    ASSERT_EQ(pieces.size(), 3u);
    const auto at = [&](std::size_t i) {
      return parse(LinkType::ethernet, pieces[i], static_cast<std::uint32_t>(pieces[i].size()));
    };
    EXPECT_EQ(at(0).headers.fragment, FragmentKind::first);
    EXPECT_EQ(at(0).key.low_port, 1000);
    EXPECT_TRUE(at(0).headers.more_fragments);
    EXPECT_EQ(at(0).headers.payload_bytes, 792u);
    EXPECT_EQ(at(0).headers.fragment_id, 0x1234u);
    EXPECT_EQ(at(1).headers.fragment, FragmentKind::later);
    EXPECT_EQ(at(1).headers.fragment_offset, 800);
    EXPECT_EQ(at(1).key.low_port | at(1).key.high_port, 0);
    EXPECT_EQ(at(1).key.transport, 17);
    EXPECT_EQ(at(1).headers.l4, 0);
    EXPECT_EQ(at(1).headers.captured_payload, 800u);
    EXPECT_FALSE(at(2).headers.more_fragments);
    EXPECT_EQ(at(2).headers.payload_bytes, 408u);
    EXPECT_EQ(at(2).headers.fragment_id, 0x1234u);
  }
}

TEST(ParseIp, TakesALoneFragmentForAWholeDatagram) {
  const Parsed parsed = read(six().fragment6(9, 0, false).tcp(40000, 443));
  EXPECT_EQ(parsed.headers.fragment, FragmentKind::none);
  EXPECT_EQ(parsed.key.low_port, 40000);
}

// The smallest first fragment holds the ports (RFC 1858 names the attack that its flags are behind them).
TEST(ParseIp, NamesTheFlowOfATinyFirstFragment) {
  const auto pieces = four().tcp(40000, 443).seq(99).flags(kSyn).payload_size(100).fragments(8);
  const Parsed parsed = parse(LinkType::ethernet, pieces[0], static_cast<std::uint32_t>(pieces[0].size()));
  EXPECT_FALSE(parsed.damaged);
  EXPECT_EQ(parsed.headers.fragment, FragmentKind::first);
  EXPECT_EQ(parsed.key.low_port, 40000);
  EXPECT_EQ(parsed.headers.tcp_seq, 99u);
  EXPECT_EQ(parsed.headers.tcp_flags, 0);
  EXPECT_EQ(parsed.headers.captured_payload, 0u);
}

TEST(ParseIp, NamesTheFlowOfASnappedTransportHeader) {
  for (const std::size_t captured : {38u, 40u, 46u, 53u}) {
    const Parsed parsed = read_snapped(four().tcp(40000, 443).seq(7).payload_size(100), captured);
    EXPECT_FALSE(parsed.damaged) << captured;
    EXPECT_EQ(parsed.key.high_port, 443) << captured;
    EXPECT_EQ(parsed.headers.tcp_seq, captured >= 42 ? 7u : 0u);
    EXPECT_EQ(parsed.headers.payload_bytes, 100u);
  }
}

void expect_malformed(const Parsed& parsed, Malformed reason) {
  EXPECT_EQ(parsed.kind, Parsed::Kind::malformed) << name_of(reason);
  EXPECT_EQ(parsed.reason, reason) << name_of(reason) << " but " << name_of(parsed.reason);
}

TEST(ParseIp, RefusesWhatIsNoIpHeader) {
  const Frame raw = Frame().ipv4("192.0.2.1", "192.0.2.2").udp(1, 2);
  const auto changed = [&](std::size_t at, std::uint8_t value) {
    Bytes bytes = raw.build();
    bytes[at] = value;
    return parse(LinkType::raw_ip, bytes, static_cast<std::uint32_t>(bytes.size()));
  };
  expect_malformed(changed(0, 0x55), Malformed::bad_ip_version);
  expect_malformed(changed(0, 0x44), Malformed::bad_ip_header);
  expect_malformed(changed(0, 0x4f), Malformed::truncated_ip);
  expect_malformed(changed(3, 19), Malformed::bad_ip_length);
  expect_malformed(read_snapped(raw, 19, LinkType::raw_ip), Malformed::truncated_ip);
  expect_malformed(read_snapped(Frame().ipv6("2001:db8::1", "2001:db8::2").udp(1, 2), 39, LinkType::raw_ip),
                   Malformed::truncated_ip);
  expect_malformed(read(Frame().ethernet().ether_type(0x86dd).payload(raw.build())), Malformed::truncated_ip);
  expect_malformed(parse(LinkType::raw_ip, {}, 0), Malformed::truncated_ip);
}

void expect_damaged(const Parsed& parsed, Malformed reason, std::uint16_t low_port) {
  ASSERT_EQ(parsed.kind, Parsed::Kind::ip) << name_of(reason);
  EXPECT_TRUE(parsed.damaged) << name_of(reason);
  EXPECT_EQ(parsed.reason, reason) << name_of(reason) << " but " << name_of(parsed.reason);
  EXPECT_EQ(parsed.key.low_port, low_port) << name_of(reason);
  EXPECT_EQ(parsed.headers.captured_payload, 0u);
  EXPECT_EQ(parsed.headers.tcp_flags, 0);
}

TEST(ParseIp, KeepsDamagedPacketsWithTheirFlow) {
  Bytes short_header = four().tcp(40000, 443).payload_size(40).build();
  short_header[14 + 20 + 12] = 0x40;
  expect_damaged(parse(LinkType::ethernet, short_header, 94), Malformed::bad_tcp_header, 40000);
  short_header[14 + 20 + 12] = 0xf0;
  EXPECT_FALSE(parse(LinkType::ethernet, short_header, 94).damaged);
  Bytes long_header = four().tcp(40000, 443).build();
  long_header[14 + 20 + 12] = 0xf0;
  expect_damaged(parse(LinkType::ethernet, long_header, 54), Malformed::bad_tcp_header, 40000);

  Bytes udp = four().udp(1000, 443).build();
  udp[14 + 20 + 5] = 7;
  expect_damaged(parse(LinkType::ethernet, udp, 42), Malformed::bad_udp_length, 1000);

  expect_damaged(read(four().protocol(6).payload({0x9c, 0x40, 1, 0xbb, 0, 0})), Malformed::truncated_transport, 40000);
  expect_damaged(read(four().protocol(17).payload({0x9c, 0x40})), Malformed::truncated_transport, 0);
  expect_damaged(read(six().protocol(0).payload({6, 9, 0, 0, 0, 0, 0, 0})), Malformed::truncated_extension, 0);
  expect_damaged(read(six().fragment6(1, 0, true).fragment6(2, 0, true).udp(1, 2)), Malformed::bad_extension, 0);
}

}  // namespace
}  // namespace slowlane

#include "dataplane/parse.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>

#include "dataplane/parse_walk.h"
#include "tests/support/packet_builder.h"
#include "tests/support/parse_frames.h"

namespace slowlane {
namespace {

TEST(Parse, GivesBothDirectionsTheSameKey) {
  const Parsed there = read(Frame().ethernet().ipv4("192.0.2.9", "192.0.2.1").tcp(40000, 443));
  const Parsed back = read(Frame().ethernet().ipv4("192.0.2.1", "192.0.2.9").tcp(443, 40000));
  EXPECT_EQ(there.key, back.key);
  EXPECT_EQ(there.key.low.print(), "192.0.2.1");
  EXPECT_EQ(there.key.low_port, 443);
  EXPECT_EQ(there.key.high_port, 40000);
  EXPECT_EQ(there.key.transport, 6);
  EXPECT_EQ(there.key.version, 4);
  EXPECT_FALSE(there.from_low);
  EXPECT_TRUE(back.from_low);
}

TEST(Parse, OrdersTheKeyByPortWhereAddressesAreEqual) {
  const Parsed there = read(Frame().ethernet().ipv6("2001:db8::1", "2001:db8::1").udp(700, 600));
  const Parsed back = read(Frame().ethernet().ipv6("2001:db8::1", "2001:db8::1").udp(600, 700));
  EXPECT_EQ(there.key, back.key);
  EXPECT_EQ(there.key.low_port, 600);
  EXPECT_FALSE(there.from_low);
  EXPECT_TRUE(back.from_low);
}

TEST(Parse, OrdersAddressesAsNumbersInNetworkOrder) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 2000; ++i) {
    const bool v6 = random() % 2 == 0;
    const auto address = [&] {
      const auto n = [&] { return random() % 3 == 0 ? random() % 256 : random() % 3; };
      if (!v6) return std::to_string(n()) + "." + std::to_string(n()) + ".2." + std::to_string(n());
      return "2001:db8::" + std::to_string(n()) + ":" + std::to_string(n());
    };
    const std::string a = address();
    const std::string b = address();
    const auto a_port = static_cast<std::uint16_t>(random() % 3);
    const auto b_port = static_cast<std::uint16_t>(random() % 3);
    const Parsed parsed = read(Frame().ethernet().ip(a, b).tcp(a_port, b_port));
    const auto end_a = std::pair(*parse_address(a), a_port);
    const auto end_b = std::pair(*parse_address(b), b_port);
    EXPECT_EQ(std::pair(parsed.key.low, parsed.key.low_port), std::min(end_a, end_b));
    EXPECT_EQ(std::pair(parsed.key.high, parsed.key.high_port), std::max(end_a, end_b));
    EXPECT_EQ(parsed.from_low, end_a <= end_b);
  }
}

TEST(Parse, SaysNotIpOfOtherTrafficAndLeavesHeadersEmpty) {
  const Parsed parsed = read(Frame().ethernet().vlan(5).ether_type(0x0806).payload_size(28));
  EXPECT_EQ(parsed.kind, Parsed::Kind::not_ip);
  EXPECT_EQ(parsed.headers.vlan_count, 0);
  EXPECT_EQ(read(Frame().ethernet().ether_type(0x88cc).payload_size(50)).kind, Parsed::Kind::not_ip);
  EXPECT_EQ(read(Frame().ipv4("192.0.2.1", "192.0.2.2").udp(1, 2), LinkType::unsupported).kind, Parsed::Kind::not_ip);
}

TEST(Parse, RefusesToGoDeeperThanSixteenHeaders) {
  const auto labels = [](unsigned count) {
    Frame frame = Frame().ethernet();
    for (unsigned i = 0; i < count; ++i) frame.mpls(i);
    return read(frame.ipv4("192.0.2.1", "192.0.2.2").udp(1, 2));
  };
  EXPECT_EQ(labels(14).kind, Parsed::Kind::ip);  // with Ethernet and IP: 16
  EXPECT_EQ(labels(15).kind, Parsed::Kind::malformed);
  EXPECT_EQ(labels(15).reason, Malformed::too_deep);

  Frame nested;
  for (unsigned i = 0; i < 30; ++i) nested.ipv4("192.0.2.1", "192.0.2.2");
  EXPECT_EQ(read(nested.udp(1, 2), LinkType::raw_ip).reason, Malformed::too_deep);
}

TEST(Parse, ReadsAnEmptyFrameOfAnyLink) {
  for (int link = 0; link <= static_cast<int>(LinkType::unsupported); ++link) {
    const Parsed parsed = parse(static_cast<LinkType>(link), {}, 0);
    EXPECT_NE(parsed.kind, Parsed::Kind::ip) << link;
  }
}

TEST(Parse, NamesEveryReasonAndEncapsulationDifferently) {
  std::set<std::string> names;
  for (int i = 0; i < static_cast<int>(Malformed::count); ++i) names.insert(name_of(static_cast<Malformed>(i)));
  for (int i = 0; i <= static_cast<int>(Encap::l2tp); ++i) names.insert(name_of(static_cast<Encap>(i)));
  EXPECT_EQ(names.size(), static_cast<std::size_t>(Malformed::count) + static_cast<std::size_t>(Encap::l2tp) + 1);
  EXPECT_EQ(names.count(""), 0u);
}

// --- Properties, over frames of every shape, cut and mutated.

TEST(Parse, KeepsEveryOffsetWithinWhatWasCaptured) {
  std::mt19937_64 random(11);
  for (int i = 0; i < 15000; ++i) {
    const SampleFrame sample = random_frame(random);
    Bytes bytes = sample.bytes;
    for (unsigned n = static_cast<unsigned>(random() % 4); n > 0 && !bytes.empty(); --n)
      bytes[random() % bytes.size()] = static_cast<std::uint8_t>(random());
    const auto wire = static_cast<std::uint32_t>(bytes.size());
    bytes.resize(random() % 2 == 0 ? bytes.size() : random() % (bytes.size() + 1));
    bytes.shrink_to_fit();  // the address sanitizer sees a read behind the capture
    const Parsed parsed = parse(sample.link, bytes, wire);
    if (parsed.kind != Parsed::Kind::ip) continue;
    const Headers& headers = parsed.headers;
    ASSERT_LE(headers.l3 + (headers.version == 4 ? 20u : 40u), bytes.size());
    ASSERT_LE(headers.l4, bytes.size());
    ASSERT_LE(headers.payload + headers.captured_payload, bytes.size());
    ASSERT_LE(headers.captured_payload, headers.payload_bytes);
    ASSERT_LE(headers.payload_bytes, headers.ip_bytes);
    const bool many_or_no_length = headers.length_field == Headers::kManyLengths || headers.length_field == 0;
    ASSERT_TRUE(many_or_no_length || headers.length_field + 2u <= headers.l3);
    ASSERT_LE(headers.vlan_count, headers.vlans.size());
    ASSERT_LE(headers.encap_count, headers.encaps.size());
    ASSERT_EQ(parsed.key.transport, headers.transport);
    ASSERT_EQ(headers.l4 == 0, headers.fragment == FragmentKind::later);
    ASSERT_TRUE(headers.version == 4 || headers.version == 6);
    ASSERT_TRUE(!parsed.damaged || headers.captured_payload == 0);
  }
}

// The same frame behind a label of another kind goes through the loop, the plain one straight through.
TEST(Parse, ReadsPlainFramesAsTheWalkDoes) {
  std::mt19937_64 random(13);
  unsigned plain = 0;
  for (int i = 0; i < 10000; ++i) {
    Bytes bytes = random_plain_frame(random);
    if (random() % 2 == 0) bytes[12 + random() % 42 % (bytes.size() - 12)] = static_cast<std::uint8_t>(random());
    const auto wire = static_cast<std::uint32_t>(bytes.size());
    if (random() % 4 == 0) bytes.resize(random() % (bytes.size() + 1));
    const Parsed straight = parse(LinkType::ethernet, bytes, wire);
    const Parsed walked = walk::parse_walking(LinkType::ethernet, bytes, wire);
    plain += straight.kind == Parsed::Kind::ip;
    ASSERT_EQ(straight, walked) << i;
  }
  EXPECT_GT(plain, 5000u);
}

}  // namespace
}  // namespace slowlane

// The published facts of 2022 (themes F to I), asked of the published book in virtual time.
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "tests/support/box.h"
#include "tests/support/hello_builder.h"
#include "tests/support/published_book.h"
#include "tests/support/quic_builder.h"
#include "tests/support/talk.h"

namespace slowlane {
namespace {

Box box_2022() { return box_of_file(SLOWLANE_SOURCE "/rules/book/published/tspu-2022.cfg"); }

constexpr std::size_t kIp = 14;
constexpr std::size_t kTtl = kIp + 8;
constexpr std::size_t kTcpSeq = kIp + 20 + 4;
constexpr std::size_t kTcpFlags = kIp + 20 + 13;

std::uint32_t seq_of(const Bytes& frame) {
  std::uint32_t seq = 0;
  for (std::size_t i = 0; i < 4; ++i) seq = seq << 8 | frame[kTcpSeq + i];
  return seq;
}

TEST(Published2022, F1WhatTheServerSendsBecomesAResetInPlace) {
  Box box = box_2022();
  Talk talk(box);
  talk.open(0).up(kSecond, chrome_hello("www.sni-1.example"));
  box.arrive(2 * kSecond, talk.frame(false).ttl(51).seq(5001).ack(1518).flags(kAck | kPsh).payload(filler(500)));
  talk.up(3 * kSecond, filler(20));
  box.run();
  EXPECT_EQ(box.sent(), box.packets().size()) << "rewritten, none made and none lost";
  const Bytes& reset = box.packets()[4].bytes;
  EXPECT_EQ(reset[kIp + 3], 40) << "its length by IP: no payload is left";
  EXPECT_EQ(reset[kTcpFlags], kRst | kAck);
  EXPECT_EQ(reset[kTtl], 51);
  EXPECT_EQ(seq_of(reset), 5001u);
  EXPECT_EQ(box.packets()[5].bytes.size(), kIp + 60) << "the client's packets go on";
}

// G3: the class of a new connection on the same 5-tuple, so long after the first was hit.
std::string class_after(const std::string& host, Nanos wait) {
  Box box = box_2022();
  Talk talk(box);
  talk.open(0).up(kSecond, chrome_hello(host));
  for (int i = 0; i < 12; ++i) talk.down(kSecond + (i + 1) * kMillisecond, filler(20));
  Talk(box).sequence(77000, 88000).syn(kSecond + wait);
  box.run();
  return box.packets().back().cls;
}

TEST(Published2022, G3HoldsLastAsLongAsPublished) {
  const std::map<std::string, Nanos> holds{{"sni-1.example", 75}, {"sni-2.example", 420}, {"sni-4.example", 40}};
  for (const auto& [host, hold] : holds) {
    EXPECT_EQ(class_after(host, (hold - 1) * kSecond), host.substr(0, 5)) << host;
    EXPECT_EQ(class_after(host, (hold + 1) * kSecond), "pending") << host;
  }
}

TEST(Published2022, F2FiveToEightPacketsPassThenBothDirectionsFallSilent) {
  constexpr int kFlows = 200;
  std::map<std::uint32_t, int> passed;
  Box box = box_2022();
  for (int flow = 0; flow < kFlows; ++flow) {
    const Nanos start = flow * 100 * kMillisecond;
    Talk talk(box, static_cast<std::uint16_t>(2000 + flow));
    talk.open(start).up(start + 3 * kMillisecond, chrome_hello("sni-2.example"));
    for (int i = 0; i < 10; ++i)
      talk.down(start + (10 + i) * kMillisecond, filler(50)).up(start + (10 + i) * kMillisecond, filler(50));
  }
  box.run();
  for (const Box::Ended& end : box.flows()) {
    const std::uint32_t dropped = end.flow.dropped_packets[0] + end.flow.dropped_packets[1];
    EXPECT_GT(end.flow.dropped_packets[0], 5u);
    EXPECT_GT(end.flow.dropped_packets[1], 5u);
    ++passed[20 - dropped];
  }
  ASSERT_EQ(passed.size(), 4u);
  EXPECT_EQ(passed.begin()->first, 5u);
  EXPECT_EQ(passed.rbegin()->first, 8u);
  for (const auto& [count, flows] : passed) EXPECT_NEAR(flows, kFlows / 4, 25) << count;
}

TEST(Published2022, F3SixToSevenHundredBytesASecondAreLeft) {
  Box box = box_2022();
  Talk talk(box);
  talk.open(0).up(kSecond, chrome_hello("twitter.com"));
  for (int i = 0; i < 10000; ++i) talk.down(2 * kSecond + i * 10 * kMillisecond, filler(260));
  box.run();
  std::uint64_t bytes = 0;
  for (const Box::Seen& one : box.packets())
    if (one.sent && one.side == Side::outside && one.in > 12 * kSecond) bytes += one.bytes.size() - kIp;
  EXPECT_GE(bytes, 90u * 600);
  EXPECT_LE(bytes, 90u * 700);
}

TEST(Published2022, F4TheHelloItselfIsLost) {
  Box box = box_2022();
  Talk talk(box);
  talk.open(0).up(kSecond, chrome_hello("sni-4.example")).down_flags(2 * kSecond, kAck);
  box.run();
  EXPECT_EQ(box.sent(), 3u);
  EXPECT_FALSE(box.packets()[3].sent);
  EXPECT_FALSE(box.packets()[4].sent);
}

TEST(Published2022, F6AnAddressIsGoneOnEveryPortAndInIcmpWhoeverBegins) {
  Box box = box_2022();
  for (const char* server : {"198.51.100.66", "198.51.100.67"}) {
    Talk(box, 1, 443).server(server).open(0);
    Talk(box, 2, 7777).server(server).open(kSecond);
    Talk(box, 3, 53).server(server).datagram_up(2 * kSecond, filler(20));
    box.arrive(3 * kSecond, Frame().ethernet().ip("10.0.0.1", server).icmp(8).payload(filler(20)));
    Talk(box, 40000, 4).client(server).server("10.0.0.1").open(4 * kSecond);
  }
  box.run();
  EXPECT_EQ(box.dropped(DropReason::drop), 11u);
  EXPECT_EQ(box.sent(), 11u);
}

TEST(Published2022, F10WhatDidNotTriggerDoesNot) {
  const Bytes hello = chrome_hello("sni-4.example");
  const Bytes message = HelloBuilder().name("sni-4.example").message();
  const auto part = [&](std::size_t from, std::size_t to) {
    return Bytes(hello.begin() + static_cast<std::ptrdiff_t>(from), hello.begin() + static_cast<std::ptrdiff_t>(to));
  };
  Box box = box_2022();
  Talk(box, 1).open(0).up(kSecond, part(0, 80)).up(2 * kSecond, part(80, hello.size()));
  Talk(box, 2).open(3 * kSecond).up(4 * kSecond, tls_record(20, Bytes{1}) + hello);
  Talk(box, 3).open(5 * kSecond).up(6 * kSecond, tls_records(message, {40}));
  box.run();
  EXPECT_EQ(box.sent(), box.packets().size());
}

TEST(Published2022, G1G2WhatTheOutsideBeganEscapes) {
  const Bytes hello = chrome_hello("sni-4.example");
  Box box = box_2022();
  Talk(box, 1).down_flags(0, kSyn | kAck).up(kSecond, hello);
  Talk(box, 2).syn(2 * kSecond).down_flags(3 * kSecond, kSyn).up(4 * kSecond, hello);
  Talk(box, 3).down_flags(5 * kSecond, kAck).up(6 * kSecond, hello);
  Talk(box, 4).up(7 * kSecond, hello);  // G5: no SYN is needed
  box.run();
  EXPECT_EQ(box.dropped(DropReason::drop), 1u);
  EXPECT_EQ(box.flow_of(4).cls, "sni-4");
}

TEST(Published2022, H1H2H3FragmentsWaitForTheLastAndLeaveUnmergedWithTheFirstOnesTtl) {
  for (const std::size_t count : {45u, 46u}) {
    Box box = box_2022();
    auto pieces =
        Frame().ethernet().ip("10.0.0.1", "198.51.100.7").udp(9, 9).payload_size(count * 24 - 8).fragments(24);
    ASSERT_EQ(pieces.size(), count);
    for (std::size_t i = 0; i < count; ++i) {
      pieces[i][kTtl] = static_cast<std::uint8_t>(60 + i);
      box.arrive(static_cast<Nanos>(i) * kMillisecond, pieces[i]);
    }
    box.run();
    EXPECT_EQ(box.sent(), count == 45 ? 45u : 0u);
    for (const Box::Seen& one : box.packets()) {
      if (!one.sent) continue;
      EXPECT_EQ(one.out, 44 * kMillisecond);
      EXPECT_EQ(one.bytes[kTtl], 60);
    }
  }
}

TEST(Published2022, H6AHelloInFragmentsDoesNotTrigger) {
  Box box = box_2022();
  Talk talk(box);
  talk.open(0);
  const Bytes hello = chrome_hello("sni-4.example");
  Nanos at = kSecond;
  for (const Bytes& piece : talk.frame(true).seq(1001).ack(5001).flags(kAck | kPsh).payload(hello).fragments(256))
    box.arrive(at += kMillisecond, piece);
  box.run();
  EXPECT_EQ(box.sent(), box.packets().size());
}

// I1: version 1, port 443, 1,001 bytes or more.
TEST(Published2022, I1OneQuicVersionIsDroppedByVersionPortAndSize) {
  const Bytes hello = crypto_frame(0, HelloBuilder().name("any.example").message());
  const auto initial = [&](std::uint32_t version, std::size_t size) {
    InitialSpec spec;
    spec.version = version;
    spec.pad_to = size;
    return quic_initial(spec, hello);
  };
  Box box = box_2022();
  Talk(box, 1).datagram_up(0, initial(1, 1001)).datagram_down(1, filler(100));
  Talk(box, 2).datagram_up(kSecond, initial(1, 1000));
  Talk(box, 3).datagram_up(2 * kSecond, initial(0x6b3343cf, 1200));
  Talk(box, 4, 8443).datagram_up(3 * kSecond, initial(1, 1200));
  Talk(box, 5).datagram_up(4 * kSecond, filler(1200));
  box.run();
  EXPECT_EQ(box.dropped(DropReason::drop), 2u);
  EXPECT_EQ(box.flow_of(1).cls, "quic");
}

}  // namespace
}  // namespace slowlane

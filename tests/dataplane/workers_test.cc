#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "tests/support/crew.h"

// Several workers of one box.

namespace slowlane {
namespace {

Bytes udp(int host, int server, std::size_t payload, bool down = false) {
  const std::string inside = "192.0.2." + std::to_string(host);
  const std::string outside = "198.51.100." + std::to_string(server);
  Frame frame;
  frame.ethernet().ipv4(down ? outside : inside, down ? inside : outside);
  frame.udp(down ? 9 : 5000, down ? 5000 : 9).payload(Bytes(payload, 0x55));
  return frame.build();
}

std::uint64_t ip_bytes(const QueuePort& port) {
  std::uint64_t sum = 0;
  for (const QueuePort::Sent& one : port.sent) sum += one.bytes.size() - 14;
  return sum;
}

// 100 hosts offer 40 Mbit/s for ten seconds to a class of 10 Mbit/s.
void offer(Crew& crew) {
  int frame = 0;
  for (Nanos now = 0; now < 10 * kSecond; now += kMillisecond) {
    for (int i = 0; i < 5; ++i, ++frame)
      crew.inside.put(static_cast<std::uint16_t>(frame % 2), udp(1 + frame % 100, 1 + frame % 7, 972));
    crew.turn(now);
  }
}

constexpr std::uint64_t kTenSeconds = 10'000'000 / 8 * 10;  // bytes at 10 Mbit/s

TEST(Workers, TogetherNeverPassMoreThanAClassMay) {
  Crew crew(R"(book = "b"; otherwise = "all";
    classes = ( { name = "all"; police = { rate = "10mbit"; burst = "20kB"; scope = "class"; }; } );)",
            {.receive_queues = 2});
  offer(crew);
  EXPECT_LE(ip_bytes(crew.outside), kTenSeconds + 20'000);
  EXPECT_GE(ip_bytes(crew.outside), kTenSeconds * 98 / 100);
  crew.finish();
  std::size_t busy = 0;
  for (std::size_t i = 0; i < 4; ++i) busy += crew.worker(i).counters()[Counter::flows_begun].read() > 0;
  EXPECT_EQ(busy, 4);
}

TEST(Workers, TogetherShapeAClassToItsRateAndKeepFlowsInOrder) {
  Crew crew(R"(book = "b"; otherwise = "all";
    classes = ( { name = "all"; shape = { rate = "10mbit"; burst = "20kB"; queue = "64KiB"; scope = "class"; }; } );)",
            {.receive_queues = 2});
  offer(crew);
  std::uint64_t held = 0;
  for (std::size_t i = 0; i < 4; ++i) held += crew.worker(i).held_bytes();
  EXPECT_LE(held, 64u * 1024);
  EXPECT_GT(held, 60'000u);
  EXPECT_LE(ip_bytes(crew.outside), kTenSeconds + 20'000);
  EXPECT_GE(ip_bytes(crew.outside), kTenSeconds * 98 / 100);
  crew.finish();
}

TEST(Workers, SendThroughWhoeverHasAQueueAndKeepEachFlowInOrder) {
  Crew crew(R"(book = "b"; classes = (); rules = ();)", {.workers = 3, .send_queues = 1});
  for (std::uint8_t round = 0; round < 50; ++round) {
    for (int host = 1; host <= 20; ++host) {
      Bytes frame = udp(host, 1, 100);
      frame.back() = round;
      crew.inside.put(0, frame);
    }
    crew.turn(Nanos{round} * kMillisecond);
  }
  for (int i = 0; i < 5; ++i) crew.turn(kSecond);
  crew.finish();
  ASSERT_EQ(crew.outside.sent.size(), 1000u);
  std::map<std::uint8_t, int> next;  // by host
  for (const QueuePort::Sent& one : crew.outside.sent) {
    EXPECT_EQ(one.queue, 0);
    EXPECT_EQ(one.bytes.back(), next[one.bytes[29]]++);
  }
}

TEST(Workers, CountWhatDoesNotFitIntoARing) {
  Crew crew(R"(book = "b"; classes = (); rules = ();)", {.workers = 2});
  for (int turn = 0; turn < 1000; ++turn) {
    for (int i = 0; i < 32; ++i) crew.inside.put(0, udp(1 + i, 1, 20));
    crew.worker(0).turn(turn);  // the other one never does
  }
  EXPECT_GT(crew.dropped(DropReason::spread_full), 5000u);
  for (int i = 0; i < 1000; ++i) crew.turn(1000);
  crew.finish();
  EXPECT_EQ(crew.total(Counter::received_packets), 32'000u);
}

TEST(Workers, AHostsFlowsShareItsBucketWhereTheyMeet) {
  Crew crew(R"(book = "b"; otherwise = "all";
    classes = ( { name = "all"; police = { rate = "1mbit"; burst = "6kB"; scope = "host"; }; } );)",
            {.by = Spread::By::inside, .receive_queues = 2});
  for (Nanos now = 0; now < 4 * kSecond; now += kMillisecond) {
    for (int server = 1; server <= 4; ++server) crew.inside.put(0, udp(7, server, 972));
    crew.turn(now);
  }
  crew.finish();
  EXPECT_LE(ip_bytes(crew.outside), 500'000u + 6'000);
  EXPECT_GE(ip_bytes(crew.outside), 490'000u);
}

TEST(Wires, ATapCountsItsClassesAndNeverSends) {
  Wire wire;
  wire.mode = Wire::Mode::tap;
  Crew crew(R"(book = "b"; otherwise = "all"; classes = ( { name = "all"; lose = { share = 0.5; }; } );)",
            {.workers = 1, .wire = wire});
  for (int i = 0; i < 1000; ++i) crew.inside.put(0, udp(1 + i % 50, 1, 100));
  for (int i = 0; i < 100; ++i) crew.turn(i);
  crew.finish();
  EXPECT_TRUE(crew.outside.sent.empty());
  EXPECT_TRUE(crew.inside.sent.empty());
  EXPECT_EQ(crew.dropped(DropReason::tap) + crew.dropped(DropReason::lose), 1000u);
  const ClassCounts& counts = crew.worker(0).class_counts()[2];
  EXPECT_EQ(counts.sent_packets[0].read(), crew.dropped(DropReason::tap));
  EXPECT_EQ(counts.dropped_packets[0].read(), crew.dropped(DropReason::lose));
}

TEST(Wires, BypassSendsWhatIsHeldAndThenForwardsWithoutLooking) {
  Crew crew(R"(book = "b"; otherwise = "all";
    classes = ( { name = "all"; shape = { rate = "64kbit"; burst = "6kB"; queue = "1MiB"; scope = "flow"; }; } );)",
            {.workers = 1});
  for (std::uint8_t i = 0; i < 30; ++i) {
    Bytes frame = udp(1, 1, 972);
    frame.back() = i;
    crew.inside.put(0, frame);
  }
  crew.turn(0);
  EXPECT_LT(crew.outside.sent.size(), 10u);
  crew.commons().bypass = true;
  for (std::uint8_t i = 30; i < 60; ++i) {
    Bytes frame = udp(1, 1, 972);
    frame.back() = i;
    crew.inside.put(0, frame);
  }
  crew.turn(kMillisecond);
  ASSERT_EQ(crew.outside.sent.size(), 60u);
  for (std::uint8_t i = 0; i < 60; ++i) EXPECT_EQ(crew.outside.sent[i].bytes.back(), i);
  EXPECT_EQ(crew.total(Counter::bypassed_packets), 30u);
  crew.commons().bypass = false;
  for (int i = 0; i < 30; ++i) crew.inside.put(0, udp(1, 1, 972));
  crew.turn(2 * kMillisecond);
  EXPECT_LT(crew.outside.sent.size(), 70u);
  crew.finish();
}

TEST(Wires, OnABenchTrafficFromElsewherePassesUntouched) {
  Wire wire;
  wire.inside_prefixes = {*parse_prefix("192.0.2.0/24")};
  wire.elsewhere = Wire::Elsewhere::pass;
  Crew crew(R"(book = "b"; otherwise = "all"; classes = ( { name = "all"; lose = { share = 1.0; }; } );)",
            {.workers = 1, .wire = wire});
  Frame stranger;
  stranger.ethernet().ipv4("203.0.113.9", "198.51.100.1").udp(5, 6).payload("x");
  Frame answer;
  answer.ethernet().ipv4("198.51.100.1", "203.0.113.9").udp(6, 5).payload("x");
  crew.inside.put(0, stranger.build());
  crew.outside.put(0, answer.build());
  crew.inside.put(0, udp(1, 1, 10));
  crew.outside.put(0, udp(1, 1, 10, true));
  crew.turn(0);
  crew.finish();
  ASSERT_EQ(crew.outside.sent.size(), 1u);
  ASSERT_EQ(crew.inside.sent.size(), 1u);
  EXPECT_EQ(crew.outside.sent[0].bytes, stranger.build());
  EXPECT_EQ(crew.inside.sent[0].bytes, answer.build());
  EXPECT_EQ(crew.total(Counter::elsewhere_packets), 2u);
  EXPECT_EQ(crew.dropped(DropReason::lose), 2u);
}

}  // namespace
}  // namespace slowlane

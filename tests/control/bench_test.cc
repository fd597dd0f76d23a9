#include "control/bench.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "control/bench_box.h"
#include "control/bench_cases.h"
#include "control/bench_frames.h"
#include "dataplane/hello.h"
#include "dataplane/parse.h"
#include "dataplane/quic.h"
#include "tests/support/eal_environment.h"
#include "tests/support/loose_packet.h"

namespace slowlane::bench {
namespace {

TEST(Bench, TellsMedianAndSpread) {
  const Spread odd = spread_of({5, 1, 3});
  EXPECT_EQ(odd.median, 3);
  EXPECT_EQ(odd.min, 1);
  EXPECT_EQ(odd.max, 5);
  EXPECT_EQ(spread_of({4, 1, 2, 9}).median, 3);
}

TEST(Bench, RunsPartsInTurnAndForgetsTheFirstRound) {
  std::string order;
  double first = 100;
  const auto spreads = in_turn(2, {[&] { return order += 'a', first -= 10; }, [&] { return order += 'b', 7.0; }});
  EXPECT_EQ(order, "ababab");
  EXPECT_EQ(spreads[0].max, 80);
  EXPECT_EQ(spreads[0].min, 70);
  EXPECT_EQ(spreads[1].median, 7);
}

TEST(Bench, FramesAreWhatTheyClaim) {
  for (const Side from : {Side::inside, Side::outside}) {
    const Bytes frame = tcp_frame(from, kAck, {}, 64);
    ASSERT_EQ(frame.size(), 64u);
    const Parsed parsed = parse(LinkType::ethernet, frame, 64);
    ASSERT_EQ(parsed.kind, Parsed::Kind::ip);
    EXPECT_EQ(parsed.key.transport, 6);
    EXPECT_EQ(parsed.headers.payload_bytes, 10u);
    EXPECT_EQ(parsed.key.low.print(), "10.0.0.0");
    EXPECT_EQ(parsed.key.high_port, 443);
    EXPECT_EQ(parsed.from_low, from == Side::inside);
  }
}

TEST(Bench, HellosShowTheirNames) {
  for (const std::size_t size : {std::size_t{300}, std::size_t{1750}}) {
    const Bytes message = client_hello("www.bench.example", size);
    EXPECT_EQ(message.size(), size);
    const Hello hello = read_hello(message);
    EXPECT_EQ(hello.status, HelloStatus::complete);
    EXPECT_EQ(hello.server_name, "www.bench.example");
  }
}

TEST(Bench, InitialsOpen) {
  const Bytes hello = client_hello("www.bench.example", 300);
  QuicReader reader;
  for (const std::uint64_t number : {0ull, 1ull, 4095ull}) {
    const Bytes datagram = quic_initial(hello, number);
    ASSERT_EQ(datagram.size(), 1200u);
    QuicReader::ConnectionId id;
    const Initial& initial = reader.read(datagram, id);
    ASSERT_EQ(initial.status, Initial::Status::crypto);
    ASSERT_EQ(initial.frame_count, 1u);
    EXPECT_EQ(read_hello(initial.frames[0].data).server_name, "www.bench.example");
  }
}

TEST(Bench, ACrowdMakesOneFrameManyFlowsWithNamesOfTheirOwn) {
  const Bytes record = tls_record(client_hello("n00000000.bench.example", 512));
  const Bytes frame = tcp_frame(Side::inside, kAck, record);
  const std::size_t number_at = name_in(frame, "n00000000") + 1;
  Crowd crowd(Side::inside, 3, 2, Crowd::Order::one_by_one);
  crowd.number_names_at(number_at);
  const LoosePacket packet = make_loose(frame);
  std::vector<std::string> seen;
  for (int i = 0; i < 8; ++i) {
    crowd.dress(*packet);
    const Parsed parsed = parse(LinkType::ethernet, packet->bytes(), packet->wire_length);
    const auto name = packet->bytes().subspan(number_at, 8);
    seen.push_back(parsed.key.low.print() + " " + std::string(name.begin(), name.end()));
  }
  EXPECT_EQ(seen[0], "10.0.0.0 00000000");
  EXPECT_EQ(seen[1], seen[0]);
  EXPECT_EQ(seen[2], "10.0.0.1 00000001");
  EXPECT_EQ(seen[4], "10.0.0.2 00000002");
  EXPECT_EQ(seen[6], seen[0]);
}

TEST(Bench, ARandomCrowdReachesEveryFlow) {
  Crowd crowd(Side::outside, 50, 1, Crowd::Order::random);
  const LoosePacket packet = make_loose(tcp_frame(Side::outside, kAck, {}, 64));
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 2000; ++i) {
    crowd.dress(*packet);
    seen.insert(packet->frame);
  }
  EXPECT_EQ(seen.size(), 50u);
  EXPECT_EQ(*seen.rbegin(), 49u);
}

TEST(Bench, SettledPacketsAreTreatedAndNewOnesNamed) {
  PacketPool pool(4096);
  Worker::Config config;
  config.flows = 256;
  Box box(pool, R"(book = "b"; classes = ( { name = "slow"; police = { rate = "1gbit"; scope = "flow"; }; } );
                   rules = ( { name = "r"; when = { host = [".bench.example"]; }; then = "slow"; } );)",
          config);
  const Bytes hello = tcp_frame(Side::inside, kAck | kPsh, tls_record(client_hello("n00000000.bench.example", 512)));
  box.inside().use(std::vector<Bytes>(64, hello),
                   std::make_unique<Crowd>(Side::inside, 100, 1, Crowd::Order::one_by_one));
  EXPECT_GT(box.run(100, 1), 0);
  EXPECT_GE(box.worker().flows(), 100u);
  EXPECT_EQ(box.worker().rule_counts()[0].hits.read(), 100u);
  EXPECT_GT(box.port_loop(1000), 0);
  EXPECT_GT(box.touch_loop(1000), 0);
}

TEST(Bench, ShapeAndDelayAreHardlyEverANanosecondLate) {
  PacketPool pool(kPackets);
  const std::vector<Figure> figures = run_lateness({.quick = true, .rounds = 1}, pool);
  ASSERT_EQ(figures.size(), 3u);
  for (const Figure& figure : figures) {
    EXPECT_GE(figure.value.min, 0) << figure.name << ": before its time";
    EXPECT_LE(figure.value.max, 1000) << figure.name;
    EXPECT_LE(figure.value.median, 50) << figure.name;
  }
}

}  // namespace
}  // namespace slowlane::bench

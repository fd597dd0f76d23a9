#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

#include "tests/support/box.h"
#include "tests/support/hello_builder.h"
#include "tests/support/talk.h"

namespace slowlane {
namespace {

constexpr std::string_view kPlain = R"(book = "plain"; classes = (); rules = ();)";

std::string plain_with(std::string_view flows) {
  return std::string(kPlain) + " flows = { " + std::string(flows) + " };";
}

Bytes slice(const Bytes& bytes, std::size_t from, std::size_t to) {
  return Bytes(bytes.begin() + static_cast<std::ptrdiff_t>(from), bytes.begin() + static_cast<std::ptrdiff_t>(to));
}

TEST(Worker, PassesWhatIsNotIpAndWhatIsMalformedUntouched) {
  Box box(kPlain);
  const Bytes arp = Frame().ethernet().ether_type(0x0806).payload(filler(46)).build();
  Bytes bad = Frame().ethernet().ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload("x").build();
  bad[14] = 0x41;  // a header of four bytes
  box.arrive(0, arp).arrive(1, bad);
  box.run();
  EXPECT_EQ(box.packets()[0].bytes, arp);
  EXPECT_EQ(box.packets()[1].bytes, bad);
  EXPECT_EQ(box.sent(), 2u);
  EXPECT_EQ(box.worker().counters()[Counter::not_ip].read(), 1u);
  EXPECT_TRUE(box.flows().empty());
}

TEST(Worker, CountsBothDirectionsInOneFlow) {
  Box box(kPlain);
  Talk(box).open(0).up(kSecond, filler(10)).down(5 * kSecond, filler(20)).down(6 * kSecond, filler(20));
  box.run();
  ASSERT_EQ(box.flows().size(), 1u);
  const Flow& flow = box.flows()[0].flow;
  EXPECT_EQ(flow.packets[0], 3u);
  EXPECT_EQ(flow.packets[1], 3u);
  EXPECT_EQ(flow.bytes[0], 40u + 40 + 50);
  EXPECT_EQ(flow.client_by, ClientBy::syn);
  EXPECT_FALSE(flow.midstream);
  EXPECT_EQ(flow.longest_gap[1], 5 * kSecond - kMillisecond);
  EXPECT_EQ(flow.first_frame, 1u);
  EXPECT_EQ(flow.last_frame, 6u);
}

TEST(Worker, FindsTheInitiatorBySynBySynAckByPortAndByTheFirstPacket) {
  Box box(kPlain);
  Talk(box, 1000).open(0);
  Talk(box, 50001).down_flags(kSecond, kSyn | kAck);
  Talk(box, 50002, 443).down(2 * kSecond, filler(10));
  Talk(box, 50003, 50000).down(3 * kSecond, filler(10));
  box.run();
  ASSERT_EQ(box.flows().size(), 4u);
  const ClientBy by[] = {ClientBy::syn, ClientBy::syn_ack, ClientBy::port, ClientBy::first};
  for (std::size_t i = 0; i < 4; ++i) EXPECT_EQ(box.flows()[i].flow.client_by, by[i]);
  EXPECT_EQ(box.flows()[1].flow.client_port(), 50001);
  EXPECT_EQ(box.flows()[2].flow.client_port(), 50002);
  EXPECT_TRUE(box.flows()[2].flow.midstream);
  EXPECT_EQ(box.flows()[3].flow.client_port(), 50000);
}

TEST(Worker, TakesTheFirstPacketsSenderWhereTheBookSaysFirst) {
  Box box(plain_with("midstream_initiator = \"first\";"));
  Talk(box, 50002, 443).down(0, filler(10));
  box.run();
  EXPECT_EQ(box.flows()[0].flow.client_port(), 443);
}

TEST(Worker, TellsUpFromDownByTheInsidePrefixes) {
  Worker::Config config;
  config.flows = 64;
  Box box(kPlain, config, {*parse_prefix("198.51.100.0/24")});
  Talk(box).open(0);
  box.run();
  EXPECT_FALSE(box.flows()[0].flow.client_inside);
  EXPECT_EQ(box.packets()[0].side, Side::outside);
  EXPECT_EQ(box.packets()[1].side, Side::inside);
}

TEST(Worker, EndsAFlowThatIsIdleAndBeginsAnother) {
  Box box(plain_with("idle = \"10s\"; idle_udp = \"5s\";"));
  Talk tcp(box, 1);
  tcp.open(0).up(kSecond, filler(10));
  Talk udp(box, 2);
  udp.datagram_up(kSecond, filler(200)).datagram_up(5 * kSecond, filler(200)).datagram_up(11 * kSecond, filler(200));
  tcp.up(11 * kSecond, filler(10)).up(22 * kSecond, filler(10));
  box.run();
  EXPECT_EQ(box.flows().size(), 4u);
  EXPECT_EQ(box.flows()[0].why, FlowEnd::idle);
  EXPECT_EQ(box.flow_of(1).flow.packet_count(), 5u);
  EXPECT_EQ(box.flow_of(2).flow.packet_count(), 2u);
}

TEST(Worker, BeginsAnotherFlowAtASynWithAnotherSequenceNumber) {
  for (const std::string mode : {"new", "same"}) {
    Box box(plain_with("new_syn = \"" + mode + "\";"));
    Talk(box).open(0).up(kSecond, chrome_hello("one.example"));
    Talk(box).sequence(1000, 1).syn(2 * kSecond);  // a retransmission
    Talk(box).sequence(99000, 1).open(3 * kSecond).up(4 * kSecond, chrome_hello("two.example"));
    box.run();
    ASSERT_EQ(box.flows().size(), mode == "new" ? 2u : 1u);
    if (mode == "same") continue;
    EXPECT_EQ(box.flows()[0].why, FlowEnd::new_syn);
    EXPECT_EQ(box.flows()[0].flow.packet_count(), 5u);
    EXPECT_EQ(box.host_of(0), "one.example");
    EXPECT_EQ(box.host_of(1), "two.example");
  }
}

TEST(Worker, ForgetsOnCloseOnlyWhereTheBookSaysSo) {
  for (const bool forget : {false, true}) {
    Box box(plain_with(forget ? "forget_on_close = true;" : ""));
    Talk talk(box);
    talk.open(0).up_flags(kSecond, kFin | kAck).down_flags(2 * kSecond, kFin | kAck).up_flags(3 * kSecond, kAck);
    talk.up_flags(4 * kSecond, kAck);
    box.run();
    EXPECT_EQ(box.flows().size(), forget ? 2u : 1u);
    EXPECT_EQ(box.flows()[0].why, forget ? FlowEnd::closed : FlowEnd::end_of_run);
  }
}

TEST(Worker, PassesMidstreamFlowsUnseenWhereTheBookSaysSo) {
  Box box(
      R"(book = "m"; classes = ( { name = "gone"; drop = {}; } ); rules = ( { name = "r"; when = {}; then = "gone"; } );
    flows = { midstream = false; };)");
  Talk(box, 1).up(0, chrome_hello("a.example"));
  Talk(box, 2).open(kSecond);
  box.run();
  EXPECT_EQ(box.sent(), 1u);
  EXPECT_EQ(box.flow_of(1).flow.not_found, NotFound::midstream);
}

TEST(Worker, MakesRoomInAFullTableFromFlowsThatNeverSentAnything) {
  Worker::Config config;
  config.flows = 8;
  Box box(kPlain, config);
  Talk(box, 1).open(0).up(1, chrome_hello("kept.example"));
  for (std::uint16_t port = 1000; port < 1100; ++port) Talk(box, port).syn(kSecond + port);
  box.run();
  EXPECT_EQ(box.sent(), 104u);
  EXPECT_EQ(box.worker().counters()[Counter::flows_evicted].read(), 101u - 8);
  EXPECT_EQ(box.worker().counters()[Counter::unjudged_packets].read(), 0u);
  EXPECT_EQ(box.flow_of(1).why, FlowEnd::end_of_run);
}

TEST(Worker, PassesNewFlowsUnjudgedWhereNobodyMakesRoom) {
  Worker::Config config;
  config.flows = 4;
  Box box(
      R"(book = "f"; classes = ( { name = "gone"; drop = {}; } ); rules = ( { name = "r"; when = { server_port = 99; }; then = "gone"; } );)",
      config);
  for (std::uint16_t port = 1; port <= 4; ++port) Talk(box, port).open(0).up(3 * kMillisecond, filler(10));
  Talk(box, 9, 99).syn(kSecond).up(kSecond + 1, filler(10));
  box.run();
  EXPECT_EQ(box.sent(), box.packets().size());
  EXPECT_EQ(box.worker().counters()[Counter::unjudged_packets].read(), 2u);
  EXPECT_EQ(box.worker().counters()[Counter::unjudged_flows].read(), 1u);
}

TEST(Worker, LaterFragmentsFollowTheFirst) {
  Box box(
      R"(book = "f"; classes = ( { name = "gone"; drop = {}; } ); rules = ( { name = "r"; when = { server_port = 7777; }; then = "gone"; } );)");
  const auto frame = Frame().ethernet().ipv4("10.0.0.1", "198.51.100.7").udp(1234, 7777).payload_size(3000);
  const std::vector<Bytes> pieces = frame.fragments(1000);
  ASSERT_GE(pieces.size(), 3u);
  box.arrive(0, pieces[1]).arrive(1, pieces[0]).arrive(2, pieces[2]).arrive(3, pieces[1]);
  box.run();
  EXPECT_TRUE(box.packets()[0].sent) << "seen before the first";
  EXPECT_EQ(box.dropped(DropReason::drop), 3u);
}

TEST(Worker, HoldsFragmentsUntilTheyAreWholeWhereTheBookSaysSo) {
  Box box(std::string(kPlain) + " inspection = { fragments = { mode = \"hold\"; limit = 45; timeout = \"5s\"; }; };");
  const auto frame = Frame().ethernet().ipv4("10.0.0.1", "198.51.100.7").udp(1234, 7777).payload_size(3000);
  const std::vector<Bytes> pieces = frame.fragments(1000);
  for (std::size_t i = 1; i < pieces.size(); ++i) box.arrive(static_cast<Nanos>(i), pieces[i]);
  box.arrive(kSecond, pieces[0]);
  const std::vector<Bytes> others = frame.fragments(1000, 99);
  box.arrive(2 * kSecond, others[0]);
  box.run();
  for (std::size_t i = 0; i < pieces.size(); ++i) EXPECT_EQ(box.packets()[i].out, kSecond);
  EXPECT_EQ(box.dropped(DropReason::fragment_timeout), 1u);
  EXPECT_EQ(box.packets().back().out, 7 * kSecond);
  EXPECT_EQ(box.flows()[0].flow.packet_count(), pieces.size());
}

TEST(Worker, KeepsFlowsOfDifferentVlansApartWhereTheBookSaysSo) {
  for (const std::string key : {"tuple", "vlan"}) {
    Box box(plain_with("key = \"" + key + "\";"));
    for (const std::uint16_t tag : {std::uint16_t{5}, std::uint16_t{6}})
      box.arrive(tag, Frame().ethernet().vlan(tag).ipv4("10.0.0.1", "10.0.0.2").udp(1, 2).payload("x"));
    box.run();
    EXPECT_EQ(box.flows().size(), key == "vlan" ? 2u : 1u);
  }
}

// A mixture of everything, with all that arrives in one order: whatever the burst, the same must come out.
void arrive_mixture(Box& box) {
  std::mt19937_64 random(11);
  std::vector<Talk> talks;
  for (std::uint16_t i = 0; i < 12; ++i) talks.emplace_back(box, static_cast<std::uint16_t>(1000 + i));
  Nanos now = 0;
  const char* hosts[] = {"police.example", "shape.example", "delay.example", "drop.example"};
  for (std::size_t i = 0; i < talks.size(); ++i) {
    talks[i].syn(now);
    const Bytes hello = chrome_hello(hosts[i % 4]);
    talks[i].up(now, slice(hello, 0, 200));
    now += 500;
    talks[i].up(now, slice(hello, 200, hello.size()));
  }
  for (int i = 0; i < 3000; ++i) {
    if (random() % 3 == 0)
      now += static_cast<Nanos>(random() % (random() % 50 == 0 ? 300 * kMillisecond : kMillisecond));
    Talk& talk = talks[random() % talks.size()];
    if (random() % 2 == 0)
      talk.down(now, filler(random() % 1400));
    else
      talk.up(now, filler(random() % 300));
  }
}

TEST(Worker, TreatsPacketsAlikeWhateverTheBurst) {
  const std::string book = R"(book = "mix"; seed = 3;
    classes = ( { name = "p"; police = { rate = "1mbit"; burst = "8kB"; scope = "class"; }; },
                { name = "s"; shape = { rate = "2mbit"; queue = "32KiB"; scope = "host"; }; },
                { name = "d"; delay = { time = "30ms"; jitter = "9ms"; }; lose = { share = 0.1; }; },
                { name = "x"; drop = { after_packets = [5, 30]; hold = "1s"; }; } );
    rules = ( { name = "a"; when = { host = ["police.example"]; }; then = "p"; },
              { name = "b"; when = { host = ["shape.example"]; }; then = "s"; },
              { name = "c"; when = { host = ["delay.example"]; }; then = "d"; },
              { name = "e"; when = { host = ["drop.example"]; }; then = "x"; } );)";
  std::vector<std::uint64_t> order;
  std::vector<Nanos> outs;
  for (const std::uint16_t burst : {std::uint16_t{1}, std::uint16_t{7}, std::uint16_t{32}}) {
    Worker::Config config;
    config.flows = 256;
    config.burst = burst;
    Box box(book, config);
    arrive_mixture(box);
    box.run();
    std::vector<Nanos> these;
    for (const Box::Seen& one : box.packets())
      these.push_back(one.sent ? one.out : -1 - static_cast<Nanos>(one.reason));
    if (burst == 1) order = box.order(), outs = these;
    EXPECT_EQ(box.order(), order);
    EXPECT_EQ(these, outs);
    for (const DropReason reason : {DropReason::police, DropReason::lose, DropReason::drop})
      EXPECT_GT(box.dropped(reason), 0u);
  }
}

TEST(Worker, NeverReordersAFlow) {
  const std::string book =
      R"(book = "o"; classes = ( { name = "s"; shape = { rate = "1mbit"; queue = "256KiB"; scope = "class"; };
      delay = { time = "10ms"; jitter = "10ms"; }; } ); rules = ( { name = "a"; when = {}; then = "s"; } );)";
  Box box(book);
  arrive_mixture(box);
  box.run();
  std::vector<std::pair<std::uint64_t, Side>> keys;
  std::map<std::pair<std::uint64_t, Side>, std::uint64_t> last;
  for (const std::uint64_t number : box.order()) {
    const Box::Seen& one = box.packets()[number - 1];
    std::uint64_t& before = last[{one.flow, one.side}];
    EXPECT_GT(number, before);
    before = number;
  }
  EXPECT_GT(last.size(), 10u);
}

}  // namespace
}  // namespace slowlane

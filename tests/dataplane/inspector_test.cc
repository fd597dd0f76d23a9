#include "dataplane/inspector.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/box.h"
#include "tests/support/hello_builder.h"
#include "tests/support/talk.h"

namespace slowlane {
namespace {

const Dictionary& dictionary() {
  // No classifier may outlive this: another test caps what nDPI allocates, and memory must go back where it came from.
  static const Dictionary names = Classifier(1).dictionary();
  return names;
}

std::shared_ptr<const Snapshot> snapshot_of(std::string_view book) {
  return Snapshot::make(rules_of(book, dictionary()), 1, 1);
}

std::string rule(std::string_view when) {
  return R"(book = "i"; classes = ( { name = "gone"; drop = {}; } ); rules = ( { name = "r"; when = { )" +
         std::string(when) + R"( }; then = "gone"; } );)";
}

// A BitTorrent peer's first message (BEP 3).
Bytes bittorrent_handshake() {
  Bytes bytes{19};
  for (const char c : std::string_view("BitTorrent protocol")) bytes.push_back(static_cast<std::uint8_t>(c));
  bytes.resize(68, 0x41);
  return bytes;
}

TEST(Inspector, NamesTheApplicationOfAFlowByItsServerName) {
  Box box(snapshot_of(rule("protocol = [\"twitter\"];")), small_config());
  Talk(box, 1).open(0).up(kSecond, chrome_hello("abs.twimg.com"));
  Talk(box, 2).open(5 * kSecond).up(6 * kSecond, chrome_hello("www.example.com"));
  box.run();
  EXPECT_EQ(box.dropped(DropReason::drop), 1u);
  EXPECT_EQ(box.flow_of(1).protocol, "TLS.Twitter");
  EXPECT_EQ(box.flow_of(2).protocol, "TLS");
  EXPECT_EQ(box.flow_of(1).flow.probed_packets, 0) << "our own reader was enough";
}

TEST(Inspector, AsksNdpiAboutFlowsThatOurReadersDoNotKnow) {
  Box box(snapshot_of(rule("protocol = [\"BitTorrent\"];")), small_config());
  Talk(box, 40001, 6881).open(0).up(kSecond, bittorrent_handshake()).down(2 * kSecond, filler(40));
  box.run();
  EXPECT_EQ(box.flow_of(1).protocol, "BitTorrent");
  EXPECT_EQ(box.dropped(DropReason::drop), 2u);
}

TEST(Inspector, CallsAFlowUnknownWhenNdpisBudgetIsSpent) {
  Box box(snapshot_of(rule("protocol = [\"unknown\"];") + " inspection = { ndpi_packets = 4; };"), small_config());
  Talk talk(box, 40001, 40002);
  talk.open(0);
  for (int i = 1; i <= 6; ++i) talk.up(i * kSecond, filler(90 + static_cast<std::size_t>(i)));
  box.run();
  EXPECT_EQ(box.flow_of(1).flow.probed_packets, 4);
  EXPECT_EQ(box.dropped(DropReason::drop), 3u) << "the fourth and all after it";
}

TEST(Inspector, LeavesNdpiAloneWhereTheBookDoesNotAsk) {
  Box box(snapshot_of(rule("host = [\"a.example\"];")), small_config());
  Talk(box, 40001, 6881).open(0).up(kSecond, bittorrent_handshake());
  box.run();
  EXPECT_EQ(box.worker().classifier(), nullptr);
}

TEST(Inspector, PassesFlowsWhenNoStructOfNdpisIsFree) {
  Worker::Config config = small_config();
  config.probes = 1;
  Box box(snapshot_of(rule("protocol = [\"BitTorrent\"];")), config);
  Talk(box, 1, 40002).open(0).up(kSecond, filler(90));
  Talk(box, 2, 6881).open(0).up(kSecond, bittorrent_handshake());
  box.run();
  EXPECT_EQ(box.worker().counters()[Counter::probes_no_memory].read(), 1u);
  EXPECT_EQ(box.sent(), box.packets().size());
}

TEST(Inspector, MatchesThePayloadOfTheFirstPacketWithPayload) {
  Box box(snapshot_of(rule("payload = [\"/^\\\\x13BitTorrent/\"];")), small_config());
  Talk(box, 1, 6881).open(0).up(kSecond, bittorrent_handshake()).up(2 * kSecond, filler(5));
  Talk(box, 2, 6881).open(5 * kSecond).up(6 * kSecond, filler(5)).up(7 * kSecond, bittorrent_handshake());
  box.run();
  EXPECT_EQ(box.dropped(DropReason::drop), 2u);
}

TEST(Inspector, KeepsThePayloadWhileAnotherFactIsMissing) {
  const std::string book = R"(book = "i"; classes = ( { name = "gone"; drop = {}; } );
    rules = ( { name = "named"; when = { host = ["x.example"]; }; then = "pass"; },
              { name = "r"; when = { payload = ["/^\x16\x03/"]; payload_size = "1-100"; }; then = "gone"; } );)";
  const Bytes hello = chrome_hello("other.example");
  Box box(snapshot_of(book), small_config());
  Talk(box)
      .open(0)
      .up(kSecond, Bytes(hello.begin(), hello.begin() + 50))
      .up(2 * kSecond, Bytes(hello.begin() + 50, hello.end()));
  box.run();
  EXPECT_EQ(box.dropped(DropReason::drop), 1u) << "pending until the hello is whole, judged by its first packet";
}

TEST(Inspector, SeesEchAndTheVersionOfQuic) {
  Box box(snapshot_of(rule("ech = true;")), small_config());
  Talk(box, 1).open(0).up(kSecond, HelloBuilder().name("outer.example").ech().record());
  Talk(box, 2).open(0).up(kSecond, chrome_hello("plain.example"));
  box.run();
  EXPECT_EQ(box.dropped(DropReason::drop), 1u);
  EXPECT_EQ(box.flow_of(1).flow.ech, Known::yes);
}

}  // namespace
}  // namespace slowlane

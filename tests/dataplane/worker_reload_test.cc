#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/box.h"
#include "tests/support/hello_builder.h"
#include "tests/support/talk.h"

namespace slowlane {
namespace {

// Books over one server, 198.51.100.7.
std::string book(const std::string& classes, const std::string& then, const std::string& more = "") {
  return "book = \"test\"; classes = ( " + classes +
         " ); rules = ( { name = \"all\"; when = { server = [\"198.51.100.7\"]; }; then = \"" + then + "\"; } ); " +
         more;
}
std::string police(const std::string& rate, const std::string& scope = "flow") {
  return "{ name = \"slow\"; police = { rate = \"" + rate + "\"; burst = \"6000B\"; scope = \"" + scope + "\"; }; }";
}
std::string shape(const std::string& rate, const std::string& scope = "flow") {
  return "{ name = \"smooth\"; shape = { rate = \"" + rate + "\"; burst = \"6000B\"; queue = \"1MiB\"; scope = \"" +
         scope + "\"; }; }";
}
constexpr const char* kGone = R"({ name = "gone"; drop = { after_packets = 1; hold = "100s"; }; })";
const std::string kNothing = "book = \"none\"; classes = (); rules = ();";

std::vector<std::string> classes_of(const Box& box) {
  std::vector<std::string> all;
  for (const Box::Seen& one : box.packets()) all.push_back(one.cls);
  return all;
}

// `count` datagrams of 1,000 IP bytes each, `gap` apart.
void send(Talk& talk, Nanos from, int count, Nanos gap) {
  for (int i = 0; i < count; ++i) talk.datagram_up(from + i * gap, filler(972));
}

Bytes bytes_of(std::string_view text) { return Bytes(text.begin(), text.end()); }

bool in_order(const Box& box) { return std::ranges::is_sorted(box.order()); }

TEST(WorkerReload, TakesHoldWithinOnePacketAndLetsGoWithinOne) {
  Box box(kNothing);
  Talk talk(box);
  send(talk, kSecond, 10, kSecond);
  box.reload(3 * kSecond + 1, book(police("1mbit"), "slow")).reload(6 * kSecond + 1, kNothing).run();
  EXPECT_TRUE(box.refused().empty());
  EXPECT_EQ(classes_of(box),
            (std::vector<std::string>{"pass", "pass", "pass", "slow", "slow", "slow", "pass", "pass", "pass", "pass"}));
  EXPECT_EQ(box.settled(), (std::vector<std::string>{"pass", "slow", "pass"}));
  EXPECT_EQ(box.flows().size(), 1u);
}

TEST(WorkerReload, ABookAtTheTimeOfAPacketTreatsIt) {
  Box box(kNothing);
  Talk talk(box);
  send(talk, kSecond, 3, kSecond);
  box.reload(2 * kSecond, book(police("1mbit"), "slow")).run();
  EXPECT_EQ(classes_of(box), (std::vector<std::string>{"pass", "slow", "slow"}));
}

TEST(WorkerReload, AClassThatStaysKeepsTheLevelOfItsBuckets) {
  for (const char* scope : {"flow", "host", "class"}) {
    Box box(book(police("8kbit", scope), "slow"));
    Talk talk(box);
    send(talk, kSecond, 10, kMillisecond);     // six fit the bucket
    send(talk, 2 * kSecond, 3, kMillisecond);  // a second later 1,000 bytes are there again
    box.reload(kSecond + 500 * kMillisecond, book(police("8kbit", scope), "slow", "seed = 2;")).run();
    EXPECT_EQ(box.sent(), 7u) << scope;
  }
}

TEST(WorkerReload, AChangedRateTakesEffectAtOnceAndKeepsWhatIsMissing) {
  for (const char* scope : {"flow", "host", "class"}) {
    Box box(book(police("8kbit", scope), "slow"));
    Talk talk(box);
    send(talk, kSecond, 6, kMillisecond);            // the bucket is empty
    send(talk, 2 * kSecond, 6, 125 * kMillisecond);  // at 64 kbit, one of 1,000 bytes each 125 ms
    box.reload(kSecond + 900 * kMillisecond, book(police("64kbit", scope), "slow")).run();
    EXPECT_EQ(box.sent(), 12u) << scope;
    Box slower(book(police("64kbit", scope), "slow"));
    Talk other(slower);
    send(other, kSecond, 6, kMillisecond);
    send(other, 2 * kSecond, 10, 125 * kMillisecond);
    slower.reload(kSecond + 10 * kMillisecond, book(police("8kbit", scope), "slow")).run();
    EXPECT_EQ(slower.sent(), 8u) << scope;  // 6, one after a second, one after another
  }
}

TEST(WorkerReload, AChangedShapeRateTakesEffectOnWhatWaits) {
  for (const char* scope : {"flow", "host", "class"}) {
    Box box(book(shape("8kbit", scope), "smooth"));
    Talk talk(box);
    send(talk, kSecond, 20, 0);  // 6 at once, then one a second
    box.reload(2 * kSecond + kSecond / 2, book(shape("80kbit", scope), "smooth")).run();
    EXPECT_EQ(box.sent(), 20u);
    EXPECT_TRUE(in_order(box));
    // The head was half through its second: what is left of it takes a tenth, and each of the rest 100 ms.
    EXPECT_NEAR(static_cast<double>(box.packets().back().out), 2.5e9 + 0.05e9 + 12 * 0.1e9, 5e6) << scope;
  }
}

TEST(WorkerReload, HeldPacketsOfAClassThatGoesLeaveInOrderAtItsRate) {
  for (const char* scope : {"flow", "host", "class"}) {
    Box box(book(shape("8kbit", scope), "smooth"));
    Talk talk(box);
    send(talk, kSecond, 10, 0);
    send(talk, 3 * kSecond, 1, 0);  // passes, but behind them
    box.reload(2 * kSecond + kSecond / 2, kNothing).run();
    EXPECT_EQ(box.sent(), 11u);
    EXPECT_TRUE(in_order(box));
    EXPECT_NEAR(static_cast<double>(box.packets()[9].out), 5e9, 5e6) << scope;
    EXPECT_EQ(box.packets()[10].cls, "pass");
  }
}

TEST(WorkerReload, DelayedPacketsOfAClassThatGoesLeaveWhenTheyWereDue) {
  Box box(book("{ name = \"late\"; delay = { time = \"5s\"; }; }", "late"));
  Talk talk(box);
  send(talk, kSecond, 5, kSecond);
  box.reload(3 * kSecond + 1, kNothing).run();
  EXPECT_TRUE(in_order(box));
  EXPECT_EQ(box.packets()[2].out, 8 * kSecond);
  EXPECT_EQ(box.packets()[3].out, 8 * kSecond);  // passes, and stays behind
}

TEST(WorkerReload, AHoldGoesOnWithItsClassAndEndsWithAnother) {
  Box same(book(kGone, "gone"));
  Talk talk(same);
  send(talk, kSecond, 10, kSecond);
  same.reload(5 * kSecond + 1, book(kGone, "gone", "seed = 7;")).run();
  EXPECT_EQ(same.dropped(DropReason::drop), 8u);
  Box other(book(kGone, "gone"));
  Talk again(other);
  send(again, kSecond, 10, kSecond);
  other.reload(5 * kSecond + 1, kNothing).reload(7 * kSecond + 1, book(kGone, "gone")).run();
  // 2 pass, 3 dropped, 2 pass, the one that brings the verdict and another pass, 1 is dropped.
  EXPECT_EQ(other.dropped(DropReason::drop), 4u);
  EXPECT_EQ(other.flows().size(), 1u);
}

TEST(WorkerReload, AnInheritedHoldOutlivesABookThatSaysTheSame) {
  const std::string by_name = std::string("book = \"n\"; classes = ( ") + kGone +
                              " ); rules = ( { name = \"n\"; when = { host = [\"a.example\"]; }; then = \"gone\"; } );";
  for (const bool keeps : {true, false}) {
    Box box(by_name);
    Talk talk(box);
    talk.open(kSecond).up(2 * kSecond, chrome_hello("a.example"));
    for (int i = 3; i < 6; ++i) talk.up(i * kSecond, filler(100));
    talk.sequence(900000, 7000).open(10 * kSecond);  // another connection, under the hold
    for (int i = 11; i < 15; ++i) talk.up(i * kSecond, filler(100));
    box.reload(12 * kSecond + 1, keeps ? by_name + " seed = 3;" : kNothing).run();
    const std::vector<Box::Seen>& seen = box.packets();
    EXPECT_FALSE(seen[seen.size() - 3].sent) << "still under the old book";
    EXPECT_EQ(seen.back().sent, !keeps);
  }
}

TEST(WorkerReload, AHoldOfAClassThatWentIsNotInherited) {
  Box box(book(kGone, "gone"));
  Talk talk(box);
  talk.open(kSecond);
  talk.sequence(900000, 7000).open(10 * kSecond);
  box.reload(5 * kSecond, kNothing).run();
  EXPECT_TRUE(box.packets().back().sent);
  EXPECT_TRUE(box.packets()[3].sent);
}

TEST(WorkerReload, AFlowThatIsLookedAtGoesOnBeing) {
  const std::string by_name = "book = \"n\"; classes = ( " + police("1mbit") +
                              " ); rules = ( { name = \"n\"; when = { host = [\"a.example\"]; }; then = \"slow\"; } );";
  Box box(kNothing);
  Talk talk(box);
  const Bytes hello = chrome_hello("a.example");
  talk.open(kSecond);
  talk.up(2 * kSecond, Bytes(hello.begin(), hello.begin() + 40));
  talk.up(4 * kSecond, Bytes(hello.begin() + 40, hello.end()));
  talk.up(5 * kSecond, filler(10));
  box.reload(3 * kSecond, by_name).run();
  EXPECT_EQ(classes_of(box), (std::vector<std::string>{"pass", "pass", "pass", "pass", "slow", "slow"}));
  EXPECT_EQ(box.host_of(0), "a.example");
}

TEST(WorkerReload, NamesLearnedUnderOneBookCountForTheNext) {
  const std::string by_name = "book = \"n\"; classes = ( " + police("1mbit") +
                              " ); rules = ( { name = \"n\"; when = { host = [\"a.example\"]; }; then = \"slow\"; } );";
  Box box(kNothing);
  Talk talk(box);
  talk.open(kSecond).up(2 * kSecond, chrome_hello("a.example")).up(3 * kSecond, filler(10)).up(4 * kSecond, filler(10));
  box.reload(3 * kSecond + 1, by_name).run();
  EXPECT_EQ(box.packets().back().cls, "slow");
  EXPECT_EQ(box.flows()[0].rule, "n");
}

TEST(WorkerReload, WhatTheOldBookNeverAskedForIsAbsentAndCounted) {
  const std::string payload =
      "book = \"p\"; classes = ( " + police("1mbit") +
      " ); rules = ( { name = \"p\"; when = { payload = [\"/needle/\"]; }; then = \"slow\"; } );";
  Box box(kNothing);
  Talk talk(box);
  talk.datagram_up(kSecond, bytes_of("a needle in it")).datagram_up(3 * kSecond, bytes_of("more"));
  box.reload(2 * kSecond, payload).run();
  EXPECT_EQ(box.packets()[1].cls, "pass");
  EXPECT_EQ(box.worker().counters()[Counter::not_inspected].read(), 1u);
}

TEST(WorkerReload, WhatAPayloadShowedIsRememberedByTheRuleThatStays) {
  const auto payload = [](const std::string& pattern, const std::string& more) {
    return "book = \"p\"; classes = ( " + police("1mbit") + " ); rules = ( { name = \"p\"; when = { payload = [\"/" +
           pattern + "/\"]; }; then = \"slow\"; } " + more + ");";
  };
  for (const bool same : {true, false}) {
    Box box(payload("needle", ""));
    Talk talk(box);
    for (int i = 1; i < 80; ++i) talk.datagram_up(i * kSecond, bytes_of("a needle in it"));
    const std::string more = R"(, { name = "q"; when = { server_port = 25; }; then = "slow"; })";
    box.reload(70 * kSecond + 1, payload(same ? "needle" : "nothing", more)).run();
    EXPECT_EQ(box.packets()[69].cls, "slow");
    EXPECT_EQ(box.packets()[70].cls, same ? "slow" : "pass");
  }
}

TEST(WorkerReload, AFlowIsCountedOnceInEachClassAndRuleThatStays) {
  Box box(book(police("1mbit"), "slow"));
  Talk talk(box);
  send(talk, kSecond, 10, kSecond);
  box.reload(2 * kSecond + 1, book(police("2mbit"), "slow"))
      .reload(4 * kSecond + 1, kNothing)
      .reload(6 * kSecond + 1, book(police("1mbit"), "slow"))
      .run();
  const std::vector<ClassTotal> totals = box.book().class_totals();
  ASSERT_EQ(totals.size(), 3u);
  EXPECT_EQ(totals[2].name, "slow");
  EXPECT_EQ(totals[2].flows, 1u);
  EXPECT_EQ(totals[2].flows_now, 0u);
  EXPECT_EQ(totals[2].offered_packets[0], 8u);
  EXPECT_EQ(totals[0].flows, 1u);
  EXPECT_EQ(box.book().rule_totals()[0].bytes, 4000u) << "since the rule came back";
}

TEST(WorkerReload, ObservedRulesGoOnWithTheirShadows) {
  const auto observing = [](const std::string& more) {
    return "book = \"o\"; classes = ( " + police("8kbit") +
           " ); rules = ( { name = \"o\"; when = { server = [\"198.51.100.7\"]; }; then = \"slow\"; mode = "
           "\"observe\"; } " +
           more + ");";
  };
  Box box(observing(""));
  Talk talk(box);
  send(talk, kSecond, 10, kMillisecond);
  box.reload(kSecond + 8 * kMillisecond - 1,
             observing(R"(, { name = "q"; when = { server_port = 25; }; then = "slow"; })"))
      .run();
  const RuleTotal total = box.book().rule_totals()[0];
  EXPECT_EQ(total.hits, 1u);
  EXPECT_EQ(total.would_drop_bytes, 4000u);  // six fit the shadow bucket, which did not begin anew
  EXPECT_EQ(box.sent(), 10u);
}

TEST(WorkerReload, IdleTimesFollowTheBook) {
  Box box("book = \"i\"; classes = (); rules = (); flows = { idle_udp = \"100s\"; };");
  Talk talk(box);
  send(talk, kSecond, 2, 60 * kSecond);
  send(talk, 122 * kSecond, 1, 0);
  box.reload(62 * kSecond, "book = \"i\"; classes = (); rules = (); flows = { idle_udp = \"10s\"; };").run();
  EXPECT_EQ(box.flows().size(), 2u);
}

TEST(WorkerReload, FragmentsInHandAreNotLostToAChangeOfTheirTreatment) {
  const std::string follow = "book = \"f\"; classes = (); rules = ();";
  const std::string hold = follow + " inspection = { fragments = \"hold\"; };";
  for (const bool to_hold : {true, false}) {
    Box box(to_hold ? follow : hold);
    const std::vector<Bytes> frames =
        Frame().ethernet().ip("10.0.0.1", "198.51.100.7").udp(1000, 2000).payload(filler(1500)).fragments(1000);
    ASSERT_EQ(frames.size(), 2u);
    box.arrive(kSecond, frames[0]).arrive(3 * kSecond, frames[1]);
    box.reload(2 * kSecond, to_hold ? hold : follow).run();
    EXPECT_EQ(box.sent(), 2u);
  }
}

TEST(WorkerReload, WhatIsFixedAtTheStartRefusesABookAndChangesNothing) {
  Box box(book(police("8kbit"), "slow"));
  Talk talk(box);
  send(talk, kSecond, 12, kMillisecond);
  box.reload(kSecond + 1, "book = \"k\"; classes = (); rules = (); flows = { key = \"vlan\"; };").run();
  ASSERT_EQ(box.refused().size(), 1u);
  EXPECT_NE(box.refused()[0].find("flows.key"), std::string::npos);
  EXPECT_EQ(box.sent(), 6u);
  EXPECT_EQ(box.book().generation(), 1u);
}

}  // namespace
}  // namespace slowlane

// Every treatment, from a book's text to what leaves the box.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/support/box.h"
#include "tests/support/hello_builder.h"
#include "tests/support/talk.h"

namespace slowlane {
namespace {

std::string book(std::string_view treatment, std::string_view more = "") {
  return "book = \"t\"; classes = ( { name = \"c\"; " + std::string(treatment) +
         " } ); rules = ( { name = \"r\"; when = { host = [\"slow.example\"]; }; then = \"c\"; } ); " +
         std::string(more);
}

std::uint64_t sent_bytes(const Box& box, Side side, Nanos from, Nanos to) {
  std::uint64_t bytes = 0;
  for (const Box::Seen& one : box.packets())
    if (one.sent && one.side == side && one.out >= from && one.out < to) bytes += one.bytes.size() - 14;
  return bytes;
}

// A hello at one second, then 1,000-byte segments both ways, one a millisecond.
void blast(Box& box, Nanos length, std::string_view host = "slow.example") {
  Talk talk(box);
  talk.open(0).up(kSecond, chrome_hello(host));
  for (Nanos at = 2 * kSecond; at < 2 * kSecond + length; at += kMillisecond)
    talk.down(at, filler(960)).up(at, filler(960));
  box.run();
}

TEST(Police, KeepsEachDirectionOfAFlowToItsRate) {
  Box box(book("police = { rate = \"140kbit\"; burst = \"16KiB\"; scope = \"flow\"; };"));
  blast(box, 10 * kSecond);
  for (const Side side : {Side::inside, Side::outside}) {
    const std::uint64_t bytes = sent_bytes(box, side, 2 * kSecond, 12 * kSecond);
    EXPECT_LE(bytes, 17500u * 10 + 16384);
    EXPECT_GE(bytes, (17500u * 10 + 16384) * 98 / 100);
  }
  EXPECT_EQ(box.flows()[0].cls, "c");
  EXPECT_EQ(box.flows()[0].rule, "r");
  EXPECT_EQ(box.flows()[0].flow.trigger_frame, 4u);
}

TEST(Police, LeavesAnotherNameAlone) {
  Box box(book("police = { rate = \"140kbit\"; burst = \"16KiB\"; scope = \"flow\"; };"));
  blast(box, kSecond, "quick.example");
  EXPECT_EQ(box.sent(), box.packets().size());
  EXPECT_EQ(box.flows()[0].cls, "pass");
}

TEST(Police, SharesOneBucketOverAClassAndOverAHost) {
  for (const std::string scope : {"class", "host", "flow"}) {
    Box box(book("police = { rate = \"800kbit\"; burst = \"10kB\"; scope = \"" + scope + "\"; };"));
    Talk one(box, 1), two(box, 2), other(box, 3);
    other.client("10.0.0.2");
    for (Talk* talk : {&one, &two, &other}) talk->open(0).up(kSecond, chrome_hello("slow.example"));
    for (Nanos at = 2 * kSecond; at < 4 * kSecond; at += kMillisecond)
      for (Talk* talk : {&one, &two, &other}) talk->down(at, filler(960));
    box.run();
    const std::uint64_t buckets = scope == "class" ? 1 : scope == "host" ? 2 : 3;
    const std::uint64_t bytes = sent_bytes(box, Side::outside, 2 * kSecond, 4 * kSecond);
    EXPECT_LE(bytes, buckets * (200000 + 10000)) << scope;
    EXPECT_GE(bytes, buckets * (200000 + 10000) * 98 / 100) << scope;
  }
}

TEST(Police, DropsAPacketLongerThanItsBucketAsOverBurst) {
  Box box(book("police = { rate = \"10mbit\"; burst = \"1000B\"; scope = \"flow\"; };"));
  Talk(box)
      .open(0)
      .up(kSecond, chrome_hello("slow.example"))
      .down(2 * kSecond, filler(961))
      .down(3 * kSecond, filler(960));
  box.run();
  EXPECT_EQ(box.dropped(DropReason::over_burst), 1u);
  EXPECT_TRUE(box.packets().back().sent);
}

TEST(Shape, DelaysWhatExceedsTheRateAndNeverReorders) {
  Box box(book("shape = { rate = \"800kbit\"; burst = \"3000B\"; queue = \"64KiB\"; scope = \"flow\"; };"));
  Talk talk(box);
  talk.open(0).up(kSecond, chrome_hello("slow.example"));
  for (int i = 0; i < 40; ++i) talk.down(2 * kSecond + i * kMillisecond, filler(960));
  box.run();
  EXPECT_EQ(box.sent(), box.packets().size());
  Nanos before = 0;
  for (std::size_t i = 4; i < box.packets().size(); ++i) {
    EXPECT_GE(box.packets()[i].out, before);
    before = box.packets()[i].out;
  }
  // 40 packets of 1,000 bytes, three at once, at 100,000 bytes a second.
  EXPECT_NEAR(static_cast<double>(before - 2 * kSecond), 0.37e9, 0.005e9);
  EXPECT_GT(box.flows()[0].flow.delayed_packets[1], 30u);
}

TEST(Shape, DropsTheNewestWhenItsQueueIsFull) {
  Box box(book("shape = { rate = \"80kbit\"; burst = \"3000B\"; queue = \"10kB\"; scope = \"class\"; };"));
  Talk talk(box);
  talk.open(0).up(kSecond, chrome_hello("slow.example"));
  for (int i = 0; i < 20; ++i) talk.down(2 * kSecond + i, filler(960));
  box.run();
  EXPECT_EQ(box.dropped(DropReason::queue_full), 7u);  // 3 pass, 10 wait
  EXPECT_FALSE(box.packets().back().sent);
}

TEST(Lose, DropsItsShareAndTheSameWithTheSameSeed) {
  std::vector<std::uint64_t> orders[2];
  for (auto& order : orders) {
    Box box(book("lose = { share = 0.2; };"));
    blast(box, 5 * kSecond);
    EXPECT_NEAR(static_cast<double>(box.dropped(DropReason::lose)), 2000, 150);
    order = box.order();
  }
  EXPECT_EQ(orders[0], orders[1]);
}

TEST(Delay, HoldsEachPacketForItsTimeWithJitterWithoutReordering) {
  Box box(book("delay = { time = \"80ms\"; jitter = \"20ms\"; };"));
  Talk talk(box);
  talk.open(0).up(kSecond, chrome_hello("slow.example"));
  for (int i = 0; i < 100; ++i) talk.down(2 * kSecond + i * kMillisecond, filler(100));
  box.run();
  Nanos before = 0;
  Nanos longest = 0;
  for (std::size_t i = 4; i < box.packets().size(); ++i) {
    const Box::Seen& one = box.packets()[i];
    EXPECT_TRUE(one.sent);
    EXPECT_GE(one.out, before);
    EXPECT_GE(one.out - one.in, 60 * kMillisecond);
    EXPECT_LE(one.out - one.in, 100 * kMillisecond);
    longest = std::max(longest, one.out - one.in);
    before = one.out;
  }
  EXPECT_GT(longest, 90 * kMillisecond);
}

TEST(Drop, LetsAfterPacketsPassInBothDirectionsTogetherThenDropsForItsHold) {
  Box box(book("drop = { after_packets = 5; hold = \"420s\"; };"));
  Talk talk(box);
  talk.open(0).up(kSecond, chrome_hello("slow.example"));  // passes, not counted
  for (int i = 0; i < 10; ++i) talk.down((2 + i) * kSecond, filler(10)).up((2 + i) * kSecond + 1, filler(10));
  talk.up(423 * kSecond, filler(10));  // the hold began at 4 s + 1
  talk.up(425 * kSecond, filler(10));
  box.run();
  EXPECT_EQ(box.sent(), 3u + 1 + 5 + 1);
  EXPECT_EQ(box.dropped(DropReason::drop), 15u + 1);
  ASSERT_EQ(box.flows().size(), 2u);
  EXPECT_EQ(box.flows()[0].why, FlowEnd::hold_over);
  EXPECT_EQ(box.flows()[0].flow.drawn_after, 5u);
}

TEST(Drop, TakesTheTriggerToo) {
  Box box(book("drop = { hold = \"40s\"; };"));
  Talk(box).open(0).up(kSecond, chrome_hello("slow.example"));
  box.run();
  EXPECT_EQ(box.dropped(DropReason::drop), 1u);
}

TEST(Drop, KeepsItsHoldOverFinIdleAndANewConnection) {
  Box box(book("drop = { hold = \"1000s\"; };", "flows = { idle = \"10s\"; idle_syn = \"10s\"; };"));
  Talk talk(box);
  talk.open(0).up(kSecond, chrome_hello("slow.example")).up_flags(2 * kSecond, kFin | kAck);
  talk.up(500 * kSecond, filler(10));
  Talk(box).sequence(77777, 1).syn(600 * kSecond);
  Talk(box).sequence(99999, 1).syn(1002 * kSecond);
  box.run();
  EXPECT_EQ(box.dropped(DropReason::drop), 4u);
  EXPECT_TRUE(box.packets().back().sent);
}

TEST(Drop, RestartsItsHoldWithEachPacketWhereTheBookSaysSo) {
  for (const std::string restart : {"never", "packet"}) {
    Box box(book("drop = { hold = \"10s\"; restart = \"" + restart + "\"; };"));
    Talk talk(box);
    talk.open(0).up(kSecond, chrome_hello("slow.example")).up(9 * kSecond, filler(10)).up(15 * kSecond, filler(10));
    box.run();
    EXPECT_EQ(box.packets().back().sent, restart == "never");
  }
}

TEST(Drop, RestartsItsHoldWithAnotherTrigger) {
  Box box(book("drop = { hold = \"10s\"; restart = \"trigger\"; };"));
  Talk talk(box);
  talk.open(0).up(kSecond, chrome_hello("slow.example")).up(5 * kSecond, filler(10));
  talk.up(9 * kSecond, chrome_hello("slow.example")).up(15 * kSecond, filler(10)).up(20 * kSecond, filler(10));
  box.run();
  EXPECT_FALSE(box.packets()[box.packets().size() - 2].sent);
  EXPECT_TRUE(box.packets().back().sent);
}

TEST(Reset, TurnsPacketsToTheInitiatorIntoResetsAndPassesTheOthers) {
  Box box(book("reset = { hold = \"75s\"; };"));
  Talk talk(box);
  talk.open(0).up(kSecond, chrome_hello("slow.example")).down(2 * kSecond, filler(500)).up(3 * kSecond, filler(10));
  box.run();
  EXPECT_EQ(box.sent(), box.packets().size());
  const Bytes& reset = box.packets()[4].bytes;
  ASSERT_EQ(reset.size(), 60u);  // the shortest Ethernet frame
  EXPECT_EQ(reset[47], kRst | kAck);
  EXPECT_EQ(box.worker().counters()[Counter::cut_bytes].read(), 500u);
}

TEST(Allow, PassesItsBudgetAndThenNothing) {
  Box box(book("allow = { bytes = \"10000B\"; };"));
  Talk talk(box);
  talk.open(0).up(kSecond, chrome_hello("slow.example"));
  for (int i = 0; i < 20; ++i) talk.down((2 + i) * kSecond, filler(960));
  box.run();
  EXPECT_EQ(box.dropped(DropReason::allow), 11u);  // 557 of the hello, then 9 of 1,000
}

TEST(Mark, SetsTheClassAndLeavesTheRest) {
  Box box(book("mark = { dscp = \"cs1\"; };"));
  Talk(box).open(0).up(kSecond, chrome_hello("slow.example")).down(2 * kSecond, filler(10));
  box.run();
  EXPECT_EQ(box.packets()[2].bytes[15], 0);
  EXPECT_EQ(box.packets()[3].bytes[15], 8 << 2);
  EXPECT_EQ(box.packets()[4].bytes[15], 8 << 2);
}

TEST(Direction, LeavesTheOtherDirectionUntouched) {
  Box box(book("drop = { direction = \"down\"; };"));
  Talk(box).open(0).up(kSecond, chrome_hello("slow.example")).down(2 * kSecond, filler(10)).up(3 * kSecond, filler(10));
  box.run();
  EXPECT_EQ(box.dropped(DropReason::drop), 1u);
  EXPECT_FALSE(box.packets()[4].sent);
}

TEST(Observe, ChangesNoByteAndCountsWhatItWouldHaveDropped) {
  const std::string text =
      R"(book = "o"; classes = ( { name = "c"; police = { rate = "80kbit"; burst = "6000B"; scope = "flow"; }; } );
    rules = ( { name = "r"; when = { host = ["slow.example"]; }; then = "c"; mode = "observe"; } );)";
  Box box(text);
  blast(box, 2 * kSecond);
  EXPECT_EQ(box.sent(), box.packets().size());
  EXPECT_EQ(box.worker().rule_counts()[0].hits.read(), 1u);
  EXPECT_GT(box.worker().rule_counts()[0].would_drop_bytes.read(), 3900000u);
  EXPECT_EQ(box.flows()[0].flow.observed_count, 1);
  EXPECT_EQ(box.flows()[0].cls, "pass");
}

TEST(Pending, PassesUntilTheNameIsKnownEvenWhereOtherwiseIsSlow) {
  Box box(R"(book = "p"; classes = ( { name = "gone"; drop = {}; } );
    rules = ( { name = "free"; when = { host = ["free.example"]; }; then = "pass"; } ); otherwise = "gone";)");
  Talk(box, 1).open(0).up(kSecond, chrome_hello("other.example"));
  Talk(box, 2).open(2 * kSecond).up(3 * kSecond, chrome_hello("free.example"));
  box.run();
  EXPECT_EQ(box.sent(), 3u + 4u);
  EXPECT_EQ(box.dropped(DropReason::drop), 1u);
}

}  // namespace
}  // namespace slowlane

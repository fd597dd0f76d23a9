#include "control/meters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/figures.h"

namespace slowlane {
namespace {

using testing::DoubleNear;
using testing::Each;
using testing::SizeIs;

constexpr Nanos kStart = 5000 * kSecond;

// A box whose class "slow" sends `bytes` more each second, downwards.
class MetersTest : public testing::Test {
 protected:
  void pass(int seconds, std::uint64_t bytes) {
    for (int i = 0; i < seconds; ++i) {
      figures_.time += kSecond;
      figures_.classes[kSlow].direction[at(Direction::down)].sent_bytes += bytes;
      meters_.look(figures_);
    }
  }
  static constexpr std::size_t kSlow = 2;  // behind the two built in
  BoxFigures figures_ = figures_of(kTwoRules, kStart);
  Meters meters_;
};

TEST_F(MetersTest, KnowNoRateBeforeTheSecondLook) {
  EXPECT_EQ(meters_.now("slow", Direction::down).sent_bps, 0);
  meters_.look(figures_);
  EXPECT_EQ(meters_.now("slow", Direction::down).sent_bps, 0);
  pass(1, 1000);
  EXPECT_THAT(meters_.now("slow", Direction::down).sent_bps, DoubleNear(8000, 1));
  EXPECT_EQ(meters_.now("slow", Direction::up).sent_bps, 0);
  EXPECT_EQ(meters_.now("nobody", Direction::up).sent_bps, 0);
}

TEST_F(MetersTest, NowIsTwoSecondsAndTheMinuteIsAMinute) {
  meters_.look(figures_);
  pass(100, 500);
  pass(2, 2000);
  EXPECT_THAT(meters_.now("slow", Direction::down).sent_bps, DoubleNear(16'000, 1));
  EXPECT_THAT(meters_.minute("slow", Direction::down).sent_bps, DoubleNear(8.0 * (58 * 500 + 2 * 2000) / 60, 1));
  pass(60, 0);
  EXPECT_EQ(meters_.minute("slow", Direction::down).sent_bps, 0);
}

TEST_F(MetersTest, RatesAreOverTheTimeThatReallyWentBy) {
  meters_.look(figures_);
  figures_.time += 4 * kSecond;
  figures_.classes[kSlow].direction[at(Direction::down)].sent_bytes += 4000;
  meters_.look(figures_);
  EXPECT_THAT(meters_.now("slow", Direction::down).sent_bps, DoubleNear(8000, 1));
  meters_.look(figures_);  // at the same time
  EXPECT_THAT(meters_.now("slow", Direction::down).sent_bps, DoubleNear(8000, 1));
}

TEST_F(MetersTest, ATotalThatIsTakenBackALittleIsNoHugeRate) {
  pass(3, 1000);
  figures_.classes[kSlow].direction[at(Direction::down)].sent_bytes -= 2100;
  figures_.time += kSecond;
  meters_.look(figures_);
  EXPECT_EQ(meters_.now("slow", Direction::down).sent_bps, 0);
}

TEST_F(MetersTest, HistoryHasARateForEachLook) {
  pass(5, 1000);
  EXPECT_THAT(meters_.history("slow", Direction::down), SizeIs(4));
  EXPECT_THAT(meters_.times(), SizeIs(4));
  pass(200, 1000);
  EXPECT_THAT(meters_.history("slow", Direction::down), SizeIs(Meters::kMinute));
  EXPECT_THAT(meters_.history("slow", Direction::down),
              Each(testing::Field(&Meters::Rates::sent_bps, DoubleNear(8000, 1))));
  EXPECT_EQ(meters_.times().back(), figures_.time);
  EXPECT_EQ(meters_.times().front(), figures_.time - 59 * kSecond);
}

TEST_F(MetersTest, AClassGoesOnByItsNameOverAChangeOfBooks) {
  pass(10, 1000);
  BoxFigures other = figures_of(
      "book = \"c\"; classes = ( { name = \"new\"; drop = {}; }, { name = \"slow\"; police = { rate = \"1mbit\"; scope "
      "= "
      "\"flow\"; }; } ); rules = ( { name = \"media\"; when = {}; then = \"new\"; } );",
      figures_.time + kSecond);
  other.classes[3].direction = figures_.classes[kSlow].direction;
  meters_.look(other);
  EXPECT_THAT(meters_.minute("slow", Direction::down).sent_bps, DoubleNear(8.0 * 9000 / 10, 1));
  EXPECT_THAT(meters_.history("new", Direction::down), SizeIs(0));
}

TEST_F(MetersTest, TheLastHitIsWhenHitsGrew) {
  meters_.look(figures_);
  EXPECT_EQ(meters_.last_hit(figures_, 0), 0);
  figures_.rule_hits[0].hits = 3;
  EXPECT_EQ(meters_.last_hit(figures_, 0), figures_.time) << "seen by who asks before the next look";
  pass(1, 0);
  const Nanos seen = figures_.time;
  pass(5, 0);
  EXPECT_EQ(meters_.last_hit(figures_, 0), seen);
  EXPECT_EQ(meters_.last_hit(figures_, 1), 0);
}

TEST_F(MetersTest, TheLastHitGoesOnWithTheRulesName) {
  figures_.rule_hits[0].hits = 3;
  pass(1, 0);
  const Nanos seen = figures_.time;
  BoxFigures other = figures_of(
      "book = \"c\"; rules = ( { name = \"first\"; when = {}; then = \"pass\"; }, "
      "{ name = \"media\"; when = {}; then = \"pass\"; } );",
      figures_.time + kSecond);
  other.rule_hits[1].hits = 3;
  meters_.look(other);
  EXPECT_EQ(meters_.last_hit(other, 0), 0);
  EXPECT_EQ(meters_.last_hit(other, 1), seen);
}

TEST_F(MetersTest, ASleepingWorkersLoadIsItsTimeOnTheCore) {
  figures_.workers = {{.core = 1, .cpu_time = 0, .received_packets = 0}};
  meters_.look(figures_);
  figures_.workers[0].cpu_time = kSecond / 4;
  figures_.workers[0].received_packets = 100;
  figures_.workers[0].turns = 1000;
  pass(1, 0);
  EXPECT_THAT(meters_.load(0).share, DoubleNear(0.25, 0.001));
  EXPECT_THAT(meters_.load(0).received_pps, DoubleNear(100, 0.1));
  EXPECT_EQ(meters_.load(7).share, 0);
}

TEST_F(MetersTest, APollingWorkersLoadIsItsTurnsWithPackets) {
  figures_.polls = true;
  figures_.workers = {{.core = 1}};
  meters_.look(figures_);
  figures_.workers[0].cpu_time = kSecond;
  figures_.workers[0].turns = 1000;
  figures_.workers[0].busy_turns = 100;
  pass(1, 0);
  EXPECT_THAT(meters_.load(0).share, DoubleNear(0.1, 0.001));
}

TEST_F(MetersTest, TheLongestTurnIsForgottenAfterAMinuteButNotForEver) {
  figures_.workers = {{.core = 1}};
  figures_.workers[0].longest_turn = 3 * kMillisecond;
  meters_.look(figures_);
  figures_.workers[0].longest_turn = kMillisecond;
  pass(static_cast<int>(Meters::kMinute) - 1, 0);
  EXPECT_EQ(meters_.load(0).longest_turn, 3 * kMillisecond);
  pass(1, 0);
  EXPECT_EQ(meters_.load(0).longest_turn, kMillisecond);
  EXPECT_EQ(meters_.load(0).longest_ever, 3 * kMillisecond);
}

}  // namespace
}  // namespace slowlane

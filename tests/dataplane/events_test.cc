#include "dataplane/events.h"

#include <gtest/gtest.h>

#include <string>

namespace slowlane {
namespace {

constexpr ClassId kSlow = 2;

class FlowEventsTest : public testing::Test {
 protected:
  FlowEventsTest() : names_(16, 1 << 20) {
    flow_.id = 5;
    flow_.cls = kSlow;
  }
  Names names_;
  Flow flow_;
};

TEST_F(FlowEventsTest, KeepWhatTheFlowWasThen) {
  FlowEvents events(4, 3, FlowEvents::Which::treated);
  flow_.names[0] = names_.hold("a.example");
  flow_.names[1] = names_.hold(std::string(255, 'x'));
  flow_.name_count = 2;
  events.ended(flow_, names_, FlowEnd::closed, 9 * kSecond);
  names_.release(flow_.names[0]);
  flow_.cls = kPass;
  const FlowEvent* event = events.front();
  ASSERT_NE(event, nullptr);
  EXPECT_EQ(event->kind, FlowEvent::Kind::ended);
  EXPECT_EQ(event->why, FlowEnd::closed);
  EXPECT_EQ(event->worker, 3);
  EXPECT_EQ(event->time, 9 * kSecond);
  EXPECT_EQ(event->flow.id, 5u);
  EXPECT_EQ(event->flow.cls, kSlow);
  EXPECT_EQ(event->name(0), "a.example");
  EXPECT_EQ(event->name(1).size(), 255u);
  EXPECT_EQ(event->name(2), "");
  events.pop();
  EXPECT_EQ(events.front(), nullptr);
}

TEST_F(FlowEventsTest, ASlotKeepsNoNamesOfTheFlowBefore) {
  FlowEvents events(1, 0, FlowEvents::Which::all);
  for (int round = 0; round < 8; ++round) {
    flow_.names[0] = names_.hold("long.name.example");
    flow_.name_count = 1;
    events.classified(flow_, names_, 0);
    events.pop();
    flow_.name_count = 0;
    events.classified(flow_, names_, 0);
    ASSERT_NE(events.front(), nullptr);
    EXPECT_EQ(events.front()->name(0), "");
    events.pop();
  }
}

TEST_F(FlowEventsTest, TellOfAFlowThatABookLetGo) {
  FlowEvents events(4, 0, FlowEvents::Which::treated);
  flow_.cls = kPass;
  flow_.counted_in = {Flow::kPassSerial, kNoIndex, kNoIndex, kNoIndex};
  events.classified(flow_, names_, 0);
  EXPECT_EQ(events.front(), nullptr);
  flow_.counted_in = {Flow::kPassSerial, 7, kNoIndex, kNoIndex};
  events.classified(flow_, names_, 0);
  ASSERT_NE(events.front(), nullptr);
  EXPECT_EQ(events.front()->flow.cls, kPass);
}

TEST_F(FlowEventsTest, TellOnlyOfTreatedFlowsUnlessAllAreAskedFor) {
  FlowEvents treated(8, 0, FlowEvents::Which::treated);
  FlowEvents all(8, 0, FlowEvents::Which::all);
  for (FlowEvents* events : {&treated, &all}) {
    flow_.cls = kPending;
    events->begun(flow_, names_, 0);
    flow_.cls = kPass;
    events->classified(flow_, names_, 0);
    events->ended(flow_, names_, FlowEnd::idle, 0);
  }
  EXPECT_EQ(treated.front(), nullptr);
  for (const auto kind : {FlowEvent::Kind::begun, FlowEvent::Kind::classified, FlowEvent::Kind::ended}) {
    ASSERT_NE(all.front(), nullptr);
    EXPECT_EQ(all.front()->kind, kind);
    all.pop();
  }
}

TEST_F(FlowEventsTest, AFlowIsTreatedByItsClassByAnObserveRuleOrByWhatWasDoneToIt) {
  EXPECT_TRUE(is_treated(flow_));
  flow_.cls = kPass;
  EXPECT_FALSE(is_treated(flow_));
  flow_.cls = kPending;
  EXPECT_FALSE(is_treated(flow_));
  flow_.observed_count = 1;
  EXPECT_TRUE(is_treated(flow_));
  flow_.observed_count = 0;
  flow_.dropped_packets[1] = 1;
  EXPECT_TRUE(is_treated(flow_));
  flow_.dropped_packets[1] = 0;
  flow_.delayed_packets[0] = 1;
  EXPECT_TRUE(is_treated(flow_));
}

TEST_F(FlowEventsTest, CountWhatFindsNoRoom) {
  FlowEvents events(2, 0, FlowEvents::Which::treated);
  for (int i = 0; i < 5; ++i) events.classified(flow_, names_, i);
  EXPECT_EQ(events.lost(), 3u);
  EXPECT_EQ(events.front()->time, 0) << "the oldest stay";
  events.pop();
  events.classified(flow_, names_, 9);
  EXPECT_EQ(events.lost(), 3u);
}

}  // namespace
}  // namespace slowlane

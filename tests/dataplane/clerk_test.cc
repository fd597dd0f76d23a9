#include "dataplane/clerk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/crew.h"

// What control asks of a worker: lists of its flows, and traces of its packets.

namespace slowlane {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Bytes udp(int host, std::size_t payload, bool down = false) {
  const std::string inside = "192.0.2." + std::to_string(host);
  const std::string outside = "198.51.100.1";
  Frame frame;
  frame.ethernet().ipv4(down ? outside : inside, down ? inside : outside);
  frame.udp(down ? 9 : 5000, down ? 5000 : 9).payload(Bytes(payload, 0x55));
  return frame.build();
}

constexpr const char* kPoliced = R"(book = "b"; otherwise = "slow";
    classes = ( { name = "slow"; police = { rate = "80kbit"; burst = "2000B"; scope = "flow"; }; } );)";

class ClerkTest : public testing::Test {
 protected:
  explicit ClerkTest(const char* book = kPoliced) : crew(book, {.workers = 1}) { crew.worker(0).serve(mailbox); }
  ~ClerkTest() override { crew.finish(); }

  void ask(const Request& request) {
    Request* const slot = mailbox.requests.claim();
    ASSERT_NE(slot, nullptr);
    *slot = request;
    mailbox.requests.publish();
  }
  // Copies of what the worker answered.
  std::vector<Answer> read() {
    std::vector<Answer> answers;
    for (; const Answer* const answer = mailbox.answers.front(); mailbox.answers.pop()) answers.push_back(*answer);
    return answers;
  }
  static Request list(FlowOrder order, std::uint16_t most) {
    Request request;
    request.number = 7;
    request.order = order;
    request.most = most;
    return request;
  }
  static Request trace(std::uint16_t packets) {
    Request request;
    request.kind = Request::Kind::trace;
    request.number = 9;
    request.most = packets;
    return request;
  }
  void put(int host, std::size_t payload) { crew.inside.put(0, udp(host, payload)); }

  Mailbox mailbox;
  Crew crew;
};

std::vector<int> hosts(const std::vector<Answer>& answers) {
  std::vector<int> all;
  for (const Answer& one : answers)
    if (one.kind == Answer::Kind::flow) all.push_back(one.event.flow.client().bytes[15]);
  return all;
}

TEST_F(ClerkTest, ListsTheLargestFlowsFirstAndCountsTheRest) {
  for (int host = 1; host <= 5; ++host) put(host, static_cast<std::size_t>(host) * 100);
  crew.turn(kSecond);
  ask(list(FlowOrder::bytes, 2));
  for (int i = 0; i < 4; ++i) crew.turn(kSecond + i);
  const std::vector<Answer> answers = read();
  ASSERT_EQ(answers.size(), 3u);
  EXPECT_THAT(hosts(answers), ElementsAre(5, 4));
  EXPECT_EQ(answers.back().kind, Answer::Kind::listed);
  EXPECT_EQ(answers.back().visited, 5u);
  EXPECT_EQ(answers.back().matched, 5u);
  EXPECT_EQ(answers.back().number, 7u);
}

TEST_F(ClerkTest, ListsByPacketsAndByAge) {
  for (int host = 1; host <= 3; ++host) {
    for (int i = 0; i <= 3 - host; ++i) put(host, 10);
    crew.turn(host * kSecond);
  }
  ask(list(FlowOrder::packets, 3));
  for (int i = 0; i < 4; ++i) crew.turn(4 * kSecond);
  EXPECT_THAT(hosts(read()), ElementsAre(1, 2, 3));
  put(1, 1);
  put(2, 5000 - 28);
  crew.turn(5 * kSecond);
  ask(list(FlowOrder::age, 1));
  for (int i = 0; i < 4; ++i) crew.turn(5 * kSecond);
  EXPECT_THAT(hosts(read()), ElementsAre(1));
}

TEST_F(ClerkTest, ListsOnlyFlowsThatFitTheFilter) {
  for (int host = 1; host <= 4; ++host) put(host, 100);
  crew.turn(kSecond);
  Request request = list(FlowOrder::bytes, 10);
  request.filter.either = parse_prefix("192.0.2.2/31");
  ask(request);
  for (int i = 0; i < 4; ++i) crew.turn(kSecond);
  std::vector<Answer> answers = read();
  EXPECT_EQ(hosts(answers).size(), 2u);
  EXPECT_EQ(answers.back().matched, 2u);
  EXPECT_EQ(answers.back().visited, 4u);
  request.filter.transport = 6;
  ask(request);
  for (int i = 0; i < 4; ++i) crew.turn(kSecond);
  EXPECT_THAT(hosts(read()), IsEmpty());
}

TEST_F(ClerkTest, VisitsFewRecordsInATurnThatHadPackets) {
  constexpr int kFlows = 200;
  for (int i = 0; i < kFlows; ++i) put(1 + i, 100);
  while (!crew.inside.waiting[0].empty()) crew.turn(kSecond);
  ask(list(FlowOrder::bytes, 1));
  int turns = 0;
  for (; read().empty(); ++turns) {
    ASSERT_LT(turns, 20);
    put(1, 10);
    crew.turn(kSecond);
  }
  EXPECT_GE(turns, kFlows / 64);
  ask(list(FlowOrder::bytes, 1));
  for (turns = 0; read().empty(); ++turns) crew.turn(kSecond);
  EXPECT_LE(turns, 2);
}

TEST_F(ClerkTest, WaitsWithAnswersUntilThereIsRoom) {
  constexpr int kFlows = 1000;
  for (int i = 0; i < kFlows; ++i) {
    Frame frame;
    frame.ethernet().ipv4("192.0.2.1", "198.51.100.1").udp(static_cast<std::uint16_t>(1000 + i), 9).payload("x");
    crew.inside.put(0, frame.build());
  }
  while (!crew.inside.waiting[0].empty()) crew.turn(kSecond);
  ask(list(FlowOrder::bytes, Request::kMostFlows));
  std::size_t told = 0;
  bool over = false;
  for (int i = 0; i < 100 && !over; ++i) {
    crew.turn(kSecond);
    if (i % 10 != 9) continue;
    for (const Answer& one : read()) {
      told += one.kind == Answer::Kind::flow;
      over |= one.kind == Answer::Kind::listed;
    }
  }
  EXPECT_TRUE(over);
  EXPECT_EQ(told, 1000u);
}

TEST_F(ClerkTest, ASleepingWorkerHasWorkWhileItLists) {
  put(1, 100);
  crew.turn(kSecond);
  ask(list(FlowOrder::bytes, 1));
  EXPECT_GT(crew.worker(0).turn(kSecond), 0u);
  for (int i = 0; i < 4; ++i) crew.turn(kSecond);
  EXPECT_EQ(crew.worker(0).turn(kSecond), 0u);
}

TEST_F(ClerkTest, TracesPacketsToTheirFate) {
  ask(trace(10));
  crew.turn(kSecond);
  put(1, 972);
  put(1, 972);
  put(1, 972);
  crew.turn(2 * kSecond);
  const std::vector<Answer> answers = read();
  ASSERT_EQ(answers.size(), 6u);  // a step and a fate each
  EXPECT_EQ(answers[0].kind, Answer::Kind::step);
  EXPECT_TRUE(answers[0].step.is_new);
  EXPECT_TRUE(answers[0].step.trigger);
  EXPECT_TRUE(answers[0].step.has_flow);
  EXPECT_EQ(answers[0].step.headers.ip_bytes, 1000u);
  EXPECT_EQ(answers[0].event.flow.packets[0], 1u);
  EXPECT_EQ(answers[1].kind, Answer::Kind::fate);
  EXPECT_EQ(answers[1].step.packet, answers[0].step.packet);
  EXPECT_TRUE(answers[1].step.sent);
  EXPECT_EQ(answers[1].step.bucket_burst, 2000u);
  EXPECT_EQ(answers[1].step.bucket_bytes, 1000u);
  EXPECT_FALSE(answers[2].step.is_new);
  EXPECT_EQ(answers[3].step.bucket_bytes, 0u);
  EXPECT_FALSE(answers[5].step.sent);
  EXPECT_EQ(answers[5].step.reason, DropReason::police);
  EXPECT_EQ(answers[5].step.packet, 3u);
}

TEST_F(ClerkTest, ATraceEndsByItselfAfterItsPackets) {
  ask(trace(2));
  crew.turn(kSecond);
  for (int i = 0; i < 5; ++i) put(1, 100);
  crew.turn(2 * kSecond);
  EXPECT_EQ(read().size(), 4u);
}

TEST_F(ClerkTest, ATraceEndsWhenItIsTold) {
  ask(trace(100));
  crew.turn(kSecond);
  Request stop;
  stop.kind = Request::Kind::stop_trace;
  ask(stop);
  crew.turn(kSecond);
  put(1, 100);
  crew.turn(2 * kSecond);
  EXPECT_THAT(read(), IsEmpty());
}

TEST_F(ClerkTest, ATraceSeesOnlyWhatItAskedFor) {
  Request request = trace(100);
  request.filter.client = parse_prefix("192.0.2.2");
  ask(request);
  crew.turn(kSecond);
  for (int host = 1; host <= 3; ++host) put(host, 100);
  crew.turn(2 * kSecond);
  const std::vector<Answer> answers = read();
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_EQ(answers[0].event.flow.client().bytes[15], 2);
}

TEST_F(ClerkTest, ATraceCountsWhatFoundNoRoom) {
  ask(trace(1000));
  crew.turn(kSecond);
  for (std::uint32_t i = 0; i < Mailbox::kAnswers; ++i) put(1, 10);
  while (!crew.inside.waiting[0].empty()) crew.turn(2 * kSecond);
  EXPECT_EQ(read().size(), Mailbox::kAnswers);
  put(1, 10);
  crew.turn(3 * kSecond);
  const std::vector<Answer> answers = read();
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_GT(answers[0].missed, 0u);
}

TEST_F(ClerkTest, ATraceTellsOfWhatFoundNoRoomThoughNothingComesAfter) {
  ask(trace(1000));
  crew.turn(kSecond);
  for (std::uint32_t i = 0; i < Mailbox::kAnswers; ++i) put(1, 10);
  while (!crew.inside.waiting[0].empty()) crew.turn(2 * kSecond);
  EXPECT_EQ(read().size(), Mailbox::kAnswers);
  crew.turn(3 * kSecond);
  crew.turn(3 * kSecond);
  const std::vector<Answer> answers = read();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].kind, Answer::Kind::missed);
  EXPECT_GT(answers[0].missed, 0u);
}

class ClerkOfQueuesTest : public ClerkTest {
 protected:
  ClerkOfQueuesTest()
      : ClerkTest(R"(book = "b"; otherwise = "smooth";
    classes = ( { name = "smooth"; shape = { rate = "8kbit"; burst = "1000B"; queue = "64KiB"; scope = "class"; }; } );)") {
  }
};

TEST_F(ClerkOfQueuesTest, ATraceTellsOfAPacketThatWaitedWhenItLeaves) {
  ask(trace(10));
  crew.turn(kSecond);
  put(1, 972);
  put(1, 972);
  put(1, 972);
  crew.turn(2 * kSecond);
  EXPECT_EQ(read().size(), 4u);  // two wait
  crew.turn(3 * kSecond);
  const std::vector<Answer> answers = read();
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(answers[0].step.packet, 2u);
  EXPECT_EQ(answers[0].step.departure - answers[0].step.arrival, kSecond);
  EXPECT_EQ(answers[0].step.flow_waits, 1u);
  EXPECT_EQ(answers[0].step.class_waits, 1u);
}

TEST_F(ClerkOfQueuesTest, AnEarlierTracesPacketIsNoneOfTheNext) {
  ask(trace(10));
  crew.turn(kSecond);
  put(1, 972);
  put(1, 972);
  crew.turn(2 * kSecond);
  EXPECT_EQ(read().size(), 3u);
  ask(trace(10));
  crew.turn(2 * kSecond);
  crew.turn(3 * kSecond);
  EXPECT_THAT(read(), IsEmpty());
}

TEST(FlowFilter, FitsNamesAsTheBookDoes) {
  Names names(16, 1 << 16);
  Flow flow;
  flow.names[0] = names.hold("cdn.video.example");
  flow.name_sources[0] = NameSource::tls;
  flow.name_count = 1;
  const auto fits = [&](FlowFilter::Host kind, std::string_view text) {
    FlowFilter filter;
    filter.set_host(kind, text);
    return filter.fits(flow, names);
  };
  EXPECT_TRUE(fits(FlowFilter::Host::exact, "cdn.video.example"));
  EXPECT_FALSE(fits(FlowFilter::Host::exact, "video.example"));
  EXPECT_TRUE(fits(FlowFilter::Host::suffix, "video.example"));
  EXPECT_FALSE(fits(FlowFilter::Host::suffix, "deo.example"));
  EXPECT_TRUE(fits(FlowFilter::Host::glob, "*video*"));
  EXPECT_FALSE(fits(FlowFilter::Host::exact, std::string(300, 'a')));
  flow.name_sources[0] = NameSource::dns;
  EXPECT_FALSE(fits(FlowFilter::Host::glob, "*video*"));
}

TEST(FlowFilter, FitsRulesThatDecideOrObserve) {
  Names names(16, 1 << 16);
  Flow flow;
  flow.rule = 3;
  flow.observed[0] = 5;
  flow.observed_count = 1;
  FlowFilter filter;
  for (const auto rule : {RuleId{3}, RuleId{5}, RuleId{4}}) {
    filter.rule = rule;
    EXPECT_EQ(filter.fits(flow, names), rule != 4) << rule;
  }
}

TEST(FlowFilter, FitsProtocolsByEitherHalfOrBoth) {
  Names names(16, 1 << 16);
  Flow flow;
  flow.master = 91;
  flow.app = 124;
  FlowFilter filter;
  filter.protocol = FlowFilter::Protocol::none;
  EXPECT_FALSE(filter.fits(flow, names));
  filter.protocol = FlowFilter::Protocol::named;
  for (const auto id : {ProtocolId{91}, ProtocolId{124}}) {
    filter.master = id;
    EXPECT_TRUE(filter.fits(flow, names));
  }
  filter.master = 91;
  filter.app = 125;
  EXPECT_FALSE(filter.fits(flow, names));
  filter.spoken = NameSource::tls;
  flow.spoken = static_cast<std::uint8_t>(NameSource::tls);
  EXPECT_TRUE(filter.fits(flow, names));
}

}  // namespace
}  // namespace slowlane

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "control/flow_lists.h"
#include "control/traces.h"
#include "tests/support/box.h"

// Lists of flows and traces as control puts them together, with a test in the workers' place.

namespace slowlane {
namespace {

using testing::HasSubstr;
using testing::SizeIs;
using Json = nlohmann::ordered_json;

constexpr const char* kBook = R"(
book = "b";
classes = ( { name = "slow"; police = { rate = "80kbit"; scope = "flow"; }; } );
rules = ( { name = "other"; when = { host = ["z.example"]; }; then = "pass"; },
          { name = "media"; when = { host = ["a.example"]; }; then = "slow"; } );
)";

class Workers : public testing::Test {
 protected:
  // What a worker was asked, if anything.
  std::optional<Request> asked(Mailbox& mailbox) {
    const Request* const request = mailbox.requests.front();
    if (request == nullptr) return {};
    const Request copy = *request;
    mailbox.requests.pop();
    return copy;
  }
  void answer(Mailbox& mailbox, const Answer& answer) {
    Answer* const slot = mailbox.answers.claim();
    ASSERT_NE(slot, nullptr);
    *slot = answer;
    mailbox.answers.publish();
  }
  Answer flow(std::uint32_t number, std::uint64_t id, std::uint64_t bytes) const {
    Answer answer;
    answer.number = number;
    Flow& flow = answer.event.flow;
    flow.id = id;
    flow.key = {*parse_address("192.0.2.1"), *parse_address("198.51.100.7"), 40000, 443, 6, 4, 0};
    flow.bytes = {bytes, 0};
    flow.packets = {1, 0};
    flow.cls = book_.snapshot().class_slot[2];
    flow.rule = book_.snapshot().rule_slot[1];
    flow.generation = book_.generation();
    flow.settled = true;
    const std::string_view name = "a.example";
    answer.event.name_sizes[0] = static_cast<std::uint8_t>(name.size());
    std::ranges::copy(name, answer.event.names.begin());
    flow.name_sources[0] = NameSource::tls;
    flow.name_count = 1;
    return answer;
  }
  LiveContext live() const { return {book_.slots(), nullptr, how_}; }

  Addresses how_ = Addresses::truncated;
  LiveBook book_{rules_of(kBook), 2};
  Mailbox first_, second_;
  int woken_ = 0;
  MailRoom mail_{{{&first_, [this] { ++woken_; }}, {&second_, [this] { ++woken_; }}}};
};

class FlowListsTest : public Workers {
 protected:
  void read() {
    mail_.read([&](std::size_t worker, const Answer& answer) { lists_.take(worker, answer, live()); });
  }
  void end(Mailbox& mailbox, std::uint32_t number, std::uint32_t matched) {
    Answer answer;
    answer.kind = Answer::Kind::listed;
    answer.number = number;
    answer.visited = 10;
    answer.matched = matched;
    this->answer(mailbox, answer);
  }
  static bool ready(const std::future<std::string>& answer) {
    return answer.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
  }
  static Request top(std::uint16_t most) {
    Request request;
    request.most = most;
    return request;
  }
  FlowLists lists_{mail_};
};

TEST_F(FlowListsTest, PutsTheWorkersAnswersTogether) {
  auto answer = lists_.ask(top(2));
  lists_.step(kSecond);
  const auto request = asked(first_);
  ASSERT_TRUE(request && asked(second_));
  EXPECT_EQ(woken_, 2);
  this->answer(first_, flow(request->number, 1, 100));
  this->answer(first_, flow(request->number, 2, 50));
  end(first_, request->number, 2);
  read();
  EXPECT_FALSE(ready(answer));
  this->answer(second_, flow(request->number, 3, 75));
  end(second_, request->number, 1);
  read();
  ASSERT_TRUE(ready(answer));
  const Json said = Json::parse(answer.get());
  EXPECT_EQ(said["total"], 20);
  EXPECT_EQ(said["matched"], 3);
  EXPECT_EQ(said["whole"], true);
  ASSERT_THAT(said["flows"], SizeIs(2));
  EXPECT_EQ(said["flows"][0]["id"], 1);
  EXPECT_EQ(said["flows"][1]["id"], 3);
  EXPECT_EQ(said["flows"][0]["client"], "192.0.2.0");
  EXPECT_EQ(said["flows"][0]["client_port"], 0);
  EXPECT_EQ(said["flows"][0]["class"], "slow");
  EXPECT_EQ(said["flows"][0]["host"], "a.example");
  EXPECT_FALSE(said["flows"][0].contains("event"));
}

TEST_F(FlowListsTest, TellsWhatThereIsWhereAWorkerDoesNotAnswer) {
  auto answer = lists_.ask(top(2));
  lists_.step(kSecond);
  const auto request = asked(first_);
  end(first_, request->number, 0);
  read();
  lists_.step(kSecond + FlowLists::kPatience);
  ASSERT_TRUE(ready(answer));
  EXPECT_EQ(Json::parse(answer.get())["whole"], false);
}

TEST_F(FlowListsTest, AsksOneListAtATimeAndRefusesTooMany) {
  std::vector<std::future<std::string>> answers;
  for (std::size_t i = 0; i <= FlowLists::kMostWaiting; ++i) answers.push_back(lists_.ask(top(1)));
  ASSERT_TRUE(ready(answers.back()));
  EXPECT_THAT(answers.back().get(), HasSubstr("too many"));
  lists_.step(kSecond);
  lists_.step(kSecond);
  EXPECT_TRUE(asked(first_));
  EXPECT_FALSE(asked(first_));
}

class TracesTest : public Workers {
 protected:
  TraceContext context() const { return {live(), book_, wires_, traces_.asked(), traces_.began()}; }
  std::shared_ptr<Feed> begin(std::uint16_t packets) {
    Request request;
    request.kind = Request::Kind::trace;
    request.most = packets;
    return traces_.begin(request, 10 * kSecond, how_, kSecond);
  }
  Answer step(std::uint32_t number, std::uint32_t packet) const {
    Answer step = flow(number, 5, 1000);
    step.kind = Answer::Kind::step;
    step.step.packet = packet;
    step.step.has_flow = step.step.was_open = step.step.trigger = true;
    step.step.client_is_low = step.step.sender_is_low = true;
    step.step.key = step.event.flow.key;
    step.step.headers.ip_bytes = 1000;
    step.step.headers.tcp_flags = kSyn | kAck;
    step.step.arrival = 2 * kSecond;
    return step;
  }
  Answer fate(std::uint32_t number, std::uint32_t packet) const {
    Answer fate;
    fate.kind = Answer::Kind::fate;
    fate.number = number;
    fate.step.packet = packet;
    fate.step.reason = DropReason::police;
    fate.step.cls = book_.snapshot().class_slot[2];
    fate.step.bucket_bytes = 40;
    fate.step.bucket_burst = 2000;
    fate.step.arrival = fate.step.departure = 2 * kSecond;
    return fate;
  }
  void read() {
    mail_.read([&](std::size_t worker, const Answer& answer) { traces_.take(worker, answer, context()); });
  }
  static std::vector<Json> lines(Feed& feed) {
    std::vector<Json> all;
    for (const std::string& line : lines_of(feed.take(1 << 20))) all.push_back(Json::parse(line));
    return all;
  }
  static std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> all;
    for (std::size_t from = 0, end; (end = text.find('\n', from)) != std::string::npos; from = end + 1)
      all.push_back(text.substr(from, end - from));
    return all;
  }
  std::vector<std::string> wires_{"w0"};
  Traces traces_{mail_};
};

TEST_F(TracesTest, TellsOfAPacketFromItsHeadersToItsFate) {
  const auto feed = begin(1);
  ASSERT_NE(feed, nullptr);
  const auto request = asked(first_);
  answer(first_, step(request->number, 1));
  answer(first_, fate(request->number, 1));
  read();
  traces_.step(context(), 3 * kSecond);
  const auto said = lines(*feed);
  ASSERT_THAT(said, SizeIs(3));
  EXPECT_EQ(said[0]["packets"], 1);
  const Json& packet = said[1];
  EXPECT_EQ(packet["headers"]["wire"], "w0");
  EXPECT_EQ(packet["headers"]["client"], "192.0.2.0");
  EXPECT_EQ(packet["headers"]["client_port"], 0);
  EXPECT_EQ(packet["headers"]["tcp"]["flags"], "S.");
  EXPECT_EQ(packet["at_ms"], 1000.0);
  EXPECT_EQ(packet["verdict"]["class"], "slow");
  EXPECT_EQ(packet["verdict"]["rule"], "media");
  ASSERT_THAT(packet["verdict"]["rules"], SizeIs(2));
  EXPECT_EQ(packet["verdict"]["rules"][0]["answer"], "no");
  EXPECT_EQ(packet["verdict"]["rules"][1]["answer"], "yes");
  EXPECT_EQ(packet["treatment"]["fate"], "dropped");
  EXPECT_EQ(packet["treatment"]["reason"], "police");
  EXPECT_EQ(packet["treatment"]["bucket"]["bytes"], 40);
  EXPECT_EQ(said[2]["ended"], "packets");
  EXPECT_TRUE(feed->over());
}

TEST_F(TracesTest, ShowsNoNamesUnlessAddressesAreFull) {
  for (const Addresses how : {Addresses::truncated, Addresses::full}) {
    how_ = how;
    const auto feed = begin(1);
    const auto request = asked(first_);
    answer(first_, step(request->number, 1));
    answer(first_, fate(request->number, 1));
    read();
    traces_.step(context(), 3 * kSecond);
    const auto said = lines(*feed);
    EXPECT_EQ(said[1]["flow"].contains("host"), how == Addresses::full);
    EXPECT_EQ(said[1]["headers"]["client"], how == Addresses::full ? "192.0.2.1" : "192.0.2.0");
    while (asked(first_)) continue;
    while (asked(second_)) continue;
  }
}

TEST_F(TracesTest, EndsByTimeAndSaysWhatIsStillHeld) {
  const auto feed = begin(10);
  const auto request = asked(first_);
  answer(first_, step(request->number, 1));
  read();
  traces_.step(context(), 10 * kSecond);
  EXPECT_TRUE(traces_.running());
  traces_.step(context(), 11 * kSecond);
  EXPECT_FALSE(traces_.running());
  const auto said = lines(*feed);
  ASSERT_THAT(said, SizeIs(3));
  EXPECT_EQ(said[1]["treatment"]["fate"], "held");
  EXPECT_EQ(said[2]["ended"], "time");
  EXPECT_EQ(asked(first_)->kind, Request::Kind::stop_trace);
}

TEST_F(TracesTest, DoesNotCallHeldWhatItWasNotToldTheFateOf) {
  const auto feed = begin(10);
  const auto request = asked(first_);
  for (Mailbox* const mailbox : {&first_, &second_}) answer(*mailbox, step(request->number, 1));
  Answer missed;
  missed.kind = Answer::Kind::missed;
  missed.number = request->number;
  missed.missed = 2;
  answer(second_, missed);
  read();
  traces_.step(context(), 11 * kSecond);
  const auto said = lines(*feed);
  ASSERT_THAT(said, SizeIs(4));
  EXPECT_EQ(said[1]["treatment"]["fate"], "held");
  EXPECT_EQ(said[2]["treatment"]["fate"], "not_told");
  EXPECT_EQ(said[3]["missed"], 2);
}

TEST_F(TracesTest, EndsWhenNobodyListensAndThereIsOneAtATime) {
  auto feed = begin(10);
  EXPECT_EQ(begin(10), nullptr);
  feed.reset();
  traces_.step(context(), 2 * kSecond);
  EXPECT_FALSE(traces_.running());
  EXPECT_NE(begin(10), nullptr);
}

TEST_F(TracesTest, TellsOfNoMorePacketsThanWereAskedForWhoeverSawThem) {
  const auto feed = begin(2);
  const auto request = asked(first_);
  for (const std::uint32_t packet : {1u, 2u}) {
    for (Mailbox* const mailbox : {&first_, &second_}) {
      answer(*mailbox, step(request->number, packet));
      answer(*mailbox, fate(request->number, packet));
    }
  }
  read();
  traces_.step(context(), 3 * kSecond);
  const auto said = lines(*feed);
  ASSERT_THAT(said, SizeIs(4));
  EXPECT_EQ(said[3]["packets"], 2);
}

}  // namespace
}  // namespace slowlane

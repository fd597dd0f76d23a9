#include "control/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "control/capture_run.h"
#include "control/failure.h"
#include "control/frame_facts.h"
#include "tests/support/eal_environment.h"
#include "tests/support/recording.h"
#include "tests/support/text_files.h"

namespace slowlane {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* kBook = R"(book = "b";
classes = ( { name = "slow"; police = { rate = "80kbit"; scope = "flow"; }; } );
rules = (
  { name = "old";   when = { host = "a.com"; };                then = "pass"; mode = "off"; },
  { name = "lan";   when = { server = "10.0.0.0/8"; };         then = "pass"; },
  { name = "watch"; when = { host = ".a.com"; };               then = "slow"; mode = "observe"; },
  { name = "bytes"; when = { payload = "/needle/"; };          then = "slow"; },
  { name = "media"; when = { host = ".a.com"; not = { server_port = 80; }; }; then = "slow"; },
  { name = "below"; when = { transport = "udp"; };             then = "slow"; }
);
expect = ( { host = "a.com"; then = "pass"; } );
)";

class Explain : public testing::Test {
 protected:
  Explain() : book_(write_text(folder_, "b.cfg", kBook)), rules_(load_untreated(book_)) {}

  // `known_` and `name_` are what the answer points to.
  Explanation ask() {
    known_ = facts_of(*rules_, question_, name_);
    return explain(*rules_, known_);
  }

  TempFolder folder_;
  std::string book_;
  std::unique_ptr<const RuleSet> rules_;
  FlowQuestion question_;
  HostName name_;
  Facts known_;
};

TEST_F(Explain, SaysWhichRuleDecidesAndWhyEarlierOnesDoNot) {
  question_.flow.host = "www.a.com";
  question_.flow.server = parse_endpoint("192.0.2.1:443");
  const Explanation answer = ask();
  EXPECT_EQ(answer.ended.rule, 4);
  EXPECT_THAT(print(answer), AllOf(HasSubstr("class \"slow\" by rule \"media\" (" + book_ + ":8)"),
                                   HasSubstr("host www.a.com (tls)"), HasSubstr("server 192.0.2.1:443"),
                                   HasSubstr("\"lan\" (" + book_ + ":5): no\n"), HasSubstr("server = 10.0.0.0/8: no"),
                                   HasSubstr("not.server_port = 80: no"), HasSubstr("\"old\" (" + book_ + ":4): off"),
                                   HasSubstr("observed: rule \"watch\""), Not(HasSubstr("below"))));
}

TEST_F(Explain, SaysWhatIsNotKnownAndCouldChangeTheAnswer) {
  question_.flow.host = "www.a.com";
  const Explanation answer = ask();
  EXPECT_FALSE(answer.now.settled);
  EXPECT_THAT(answer.needs, ElementsAre("the first payload"));
  EXPECT_THAT(print(answer), AllOf(HasSubstr("until looking ends: class \"pending\""),
                                   HasSubstr("payload = /needle/: not yet known, needs the first payload")));
}

TEST_F(Explain, APayloadIsReadAsTheFirstOfTheFlow) {
  const std::string bytes = "a needle";
  question_.payload.emplace(bytes.begin(), bytes.end());
  question_.flow.host = "b.com";
  const Explanation answer = ask();
  EXPECT_TRUE(answer.now.settled);
  EXPECT_EQ(answer.ended.rule, 3);
  EXPECT_THAT(answer.needs, IsEmpty());
}

TEST_F(Explain, WithoutAMatchOtherwiseDecides) {
  question_.flow.host = "b.com";
  EXPECT_THAT(print(ask()), HasSubstr("class \"pass\": no rule matches"));
}

TEST_F(Explain, JsonHoldsTheAnswerAndEveryTerm) {
  question_.flow.host = "a.com";
  const nlohmann::json json = to_json(ask());
  EXPECT_EQ(json["class"], "slow");
  EXPECT_EQ(json["rule"], "media");
  EXPECT_EQ(json["settled"], false);
  EXPECT_EQ(json["while_looking"]["class"], "pending");
  EXPECT_EQ(json["flow"]["hosts"][0]["host"], "a.com");
  ASSERT_EQ(json["rules"].size(), 5u);
  EXPECT_EQ(json["rules"][3]["terms"][0]["answer"], "not_yet");
  EXPECT_EQ(json["rules"][4]["line"], 8);
  EXPECT_EQ(json["observed"][0]["rule"], "watch");
}

class ExplainFrame : public Explain {
 protected:
  ExplainFrame() : pool_(1024) {
    Recording recording;
    Connection(recording).hello(0, "www.a.com").download(kSecond, 3, 10 * kMillisecond);
    recording.frame(2 * kSecond, Frame().ethernet().ether_type(0x0806).payload_size(28));
    capture_ = recording.write(folder_, "in.pcap");
  }
  PacketPool pool_;
  std::string capture_;
};

TEST_F(ExplainFrame, BeforeTheHelloTheNameIsNotYetKnown) {
  const auto known = facts_at({capture_, 1}, book_, pool_);
  EXPECT_EQ(known->facts.client.print(), "10.0.0.1");
  EXPECT_EQ(known->facts.server_port, 443);
  EXPECT_TRUE(known->facts.more_names);
  EXPECT_FALSE(explain(*known->rules, known->facts).now.settled);
}

TEST_F(ExplainFrame, BehindTheHelloTheNameDecides) {
  const auto known = facts_at({capture_, 4}, book_, pool_);
  ASSERT_EQ(known->facts.names.size(), 1u);
  EXPECT_EQ(known->facts.names[0].text, "www.a.com");
  const Explanation answer = explain(*known->rules, known->facts);
  EXPECT_TRUE(answer.now.settled);
  EXPECT_EQ(answer.ended.rule, 4);
  EXPECT_FALSE(known->payload.empty()) << "the book asks for the first payload";
}

TEST_F(ExplainFrame, FramesWithoutAFlowAndThoseThatAreNotThereAreSaid) {
  EXPECT_THROW(facts_at({capture_, 8}, book_, pool_), Failure);
  EXPECT_THROW(facts_at({capture_, 99}, book_, pool_), Failure);
  EXPECT_THROW(facts_at({folder_.file("none.pcap"), 1}, book_, pool_), Failure);
}

TEST(FrameNames, AreACaptureAndANumber) {
  EXPECT_EQ(read_frame_name("a:b.pcap:12").capture, "a:b.pcap");
  EXPECT_EQ(read_frame_name("a:b.pcap:12").number, 12u);
  for (const char* wrong : {"a.pcap", "a.pcap:", "a.pcap:0", "a.pcap:x", ":3", "a.pcap:3x"})
    EXPECT_THROW(read_frame_name(wrong), Failure) << wrong;
}

}  // namespace
}  // namespace slowlane

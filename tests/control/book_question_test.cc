#include "control/book_question.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "control/failure.h"
#include "control/flow_options.h"
#include "tests/support/box.h"

namespace slowlane {
namespace {

using testing::HasSubstr;
using Json = nlohmann::ordered_json;

constexpr const char* kBook = R"(book = "b";
classes = ( { name = "slow"; police = { rate = "80kbit"; scope = "flow"; }; } );
rules = (
  { name = "tagged"; when = { vlan = [7]; transport = "udp"; }; then = "pass"; },
  { name = "media";  when = { host = ".a.com"; };               then = "slow"; },
  { name = "needle"; when = { payload = "/needle/"; };          then = "slow"; }
);
)";

class BookQuestion : public testing::Test {
 protected:
  Json ask(Json members) const {
    members["command"] = "explain";
    return answer_book_question(members, *rules_, "0123abcd");
  }
  std::string refusal(const Json& members) const {
    const Json answer = ask(members);
    EXPECT_EQ(answer["ok"], false) << answer;
    return answer.value("error", "");
  }
  std::unique_ptr<const RuleSet> rules_ = rules_of(kBook);
};

TEST_F(BookQuestion, IsAnsweredAsABooksFileWouldBeWithItsVersion) {
  FlowOptions options;
  options.texts[0].second = "www.a.com";
  const FlowQuestion question = question_of(options);
  HostName name;
  const Facts known = facts_of(*rules_, question, name);
  const Explanation explanation = explain(*rules_, known);
  Json answer = ask(to_json(options));
  EXPECT_EQ(answer["digest"], "0123abcd");
  EXPECT_EQ(answer["rule"], "media");
  answer.erase("ok");
  answer.erase("digest");
  EXPECT_EQ(answer, to_json(explanation));
  const Json text = ask({{"host", "www.a.com"}, {"text", true}});
  EXPECT_EQ(text["text"], print(explanation));
  EXPECT_EQ(text["book"], "b");
  EXPECT_FALSE(text.contains("rules"));
}

TEST_F(BookQuestion, TakesAllThatAFlowMayBeDescribedBy) {
  FlowOptions options;
  for (auto& [key, text] : options.texts) text = "443";
  options.vlans = {"5", "6"};
  options.ech = true;
  options.payload = "16 03";
  EXPECT_EQ(to_json(*flow_options_of(to_json(options))), to_json(options));
  EXPECT_EQ(ask({{"vlan", {7}}, {"transport", 17}})["rule"], "tagged");
  EXPECT_EQ(ask({{"host", "b.com"}, {"payload_hex", "6e:65:65:64:6c:65"}})["rule"], "needle");
  EXPECT_EQ(ask(Json::object())["settled"], false);
}

TEST_F(BookQuestion, RefusesWhatExplainRefusesInItsWords) {
  FlowOptions options;
  options.texts[4].second = "nowhere";
  options.texts[7].second = "left";
  std::string said;
  try {
    question_of(options);
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.exit(), Exit::wrong_usage);
    said = failure.what();
  }
  EXPECT_THAT(said, HasSubstr("nowhere"));
  EXPECT_EQ(refusal(to_json(options)), said);
  EXPECT_THAT(refusal({{"payload_hex", "1"}}), HasSubstr("lacks a digit"));
}

TEST_F(BookQuestion, RefusesWhatItDoesNotKnowAndSaysWhatItDoes) {
  EXPECT_THAT(refusal({{"hots", "a.com"}}), HasSubstr("did you mean \"host\""));
  EXPECT_THAT(refusal({{"frame", "in.pcap:3"}}), HasSubstr("known: "));
  EXPECT_THAT(refusal({{"host", {"a.com"}}}), HasSubstr("host takes a text"));
  EXPECT_THAT(refusal({{"vlan", 7}}), HasSubstr("vlan takes a list"));
  EXPECT_THAT(refusal({{"ech", "yes"}}), HasSubstr("ech takes true or false"));
  EXPECT_THAT(refusal({{"text", 1}}), HasSubstr("text takes true or false"));
}

}  // namespace
}  // namespace slowlane

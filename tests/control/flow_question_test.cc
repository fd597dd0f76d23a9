#include "control/flow_question.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/box.h"

namespace slowlane {
namespace {

using testing::HasSubstr;
using Json = nlohmann::ordered_json;

constexpr const char* kBook = R"(
book = "b";
classes = ( { name = "slow"; police = { rate = "80kbit"; scope = "flow"; }; } );
rules = ( { name = "media"; when = { host = ["a.example"]; }; then = "slow"; } );
)";

class FlowQuestion : public testing::Test {
 protected:
  ReadRequest flows(const Json& request, Addresses how = Addresses::truncated) const {
    return read_flows(request, {book_, &dictionary_, how});
  }
  ReadRequest trace(const Json& request, Addresses how = Addresses::truncated) const {
    return read_trace(request, {book_, &dictionary_, how});
  }
  static std::string why(const ReadRequest& read) {
    const auto* const text = std::get_if<std::string>(&read);
    return text == nullptr ? "" : *text;
  }
  Dictionary dictionary_{.protocols = {{"tls", 91}, {"youtube", 124}}, .categories = {}};
  LiveBook book_{rules_of(kBook), 1};
};

TEST_F(FlowQuestion, ReadsAllThatFlowsMayBeAskedBy) {
  const auto read = flows({{"command", "flows"},
                           {"host", "*.Example"},
                           {"class", "slow"},
                           {"rule", "media"},
                           {"address", "192.0.2.0/24"},
                           {"protocol", "YouTube"},
                           {"top", 7},
                           {"sort", "age"}});
  ASSERT_EQ(why(read), "");
  const auto& request = std::get<Request>(read);
  EXPECT_EQ(request.most, 7);
  EXPECT_EQ(request.order, FlowOrder::age);
  EXPECT_EQ(request.filter.master, 124);
  EXPECT_EQ(request.filter.cls, book_.snapshot().class_slot[2]);
  EXPECT_EQ(request.filter.rule, book_.snapshot().rule_slot[0]);
  EXPECT_EQ(request.filter.host, FlowFilter::Host::glob);
}

TEST_F(FlowQuestion, ShowsFiftyFlowsUnlessAskedForMore) {
  EXPECT_EQ(std::get<Request>(flows({{"command", "flows"}})).most, 50);
  EXPECT_THAT(why(flows({{"top", 1001}})), HasSubstr("1 to 1000"));
  EXPECT_THAT(why(flows({{"top", 0}})), HasSubstr("1 to 1000"));
  EXPECT_THAT(why(flows({{"top", "ten"}})), HasSubstr("1 to 1000"));
}

TEST_F(FlowQuestion, RefusesWhatItDoesNotKnowAndSaysWhatItDoes) {
  EXPECT_THAT(why(flows({{"clas", "slow"}})), HasSubstr("did you mean \"class\""));
  EXPECT_THAT(why(flows({{"class", "slwo"}})), HasSubstr("did you mean \"slow\""));
  EXPECT_THAT(why(flows({{"rule", "medai"}})), HasSubstr("did you mean \"media\""));
  EXPECT_THAT(why(flows({{"host", "/re/"}})), HasSubstr("regular expression"));
  EXPECT_THAT(why(flows({{"host", 5}})), HasSubstr("takes a text"));
  EXPECT_THAT(why(flows({{"protocol", "nonsense"}})), HasSubstr("nonsense"));
  EXPECT_THAT(why(flows({{"sort", "size"}})), HasSubstr("bytes, packets or age"));
  EXPECT_THAT(why(flows({{"address", "192.0.2.1/24"}})), HasSubstr("is no prefix"));
}

TEST_F(FlowQuestion, RefusesAnAddressThatSaysMoreThanIsShown) {
  for (const char* longer : {"192.0.2.1", "192.0.2.0/25", "2001:db8::/48"}) {
    EXPECT_THAT(why(flows({{"address", longer}})), HasSubstr("cut")) << longer;
    EXPECT_EQ(why(flows({{"address", longer}}, Addresses::full)), "") << longer;
  }
  for (const char* shown : {"192.0.2.0/24", "2001:db8::/32"}) EXPECT_EQ(why(flows({{"address", shown}})), "") << shown;
  EXPECT_THAT(why(flows({{"address", "192.0.2.0/24"}}, Addresses::none)), HasSubstr("no addresses"));
}

TEST_F(FlowQuestion, ReadsAllThatATraceMayBeAskedBy) {
  const auto read = trace({{"client", "192.0.2.1"}, {"server", "198.51.100.7:443"}, {"packets", 3}});
  ASSERT_EQ(why(read), "");
  const auto& request = std::get<Request>(read);
  EXPECT_EQ(request.kind, Request::Kind::trace);
  EXPECT_EQ(request.most, 3);
  EXPECT_EQ(request.filter.server_port, 443);
  EXPECT_TRUE(request.filter.client->contains(*parse_address("192.0.2.1")));
  EXPECT_THAT(why(trace({{"packets", 1001}})), HasSubstr("1 to 1000"));
  EXPECT_THAT(why(trace({{"client", "nobody"}})), HasSubstr("nobody"));
}

TEST_F(FlowQuestion, ATraceDoesNotTellWhoVisitsWhat) {
  const Json both = {{"client", "192.0.2.1"}, {"host", "a.example"}};
  EXPECT_THAT(why(trace(both)), HasSubstr("who visits what"));
  EXPECT_EQ(why(trace(both, Addresses::full)), "");
  EXPECT_EQ(why(trace({{"client", "192.0.2.0/24"}, {"host", "a.example"}})), "");
}

}  // namespace
}  // namespace slowlane

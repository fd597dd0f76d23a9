#include "control/trace_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

#include "control/flow_lines.h"
#include "tests/support/box.h"

// What is told of a packet whose subscriber the trace was asked for.

namespace slowlane {
namespace {

using testing::HasSubstr;
using Json = nlohmann::ordered_json;

constexpr const char* kBook = R"(
book = "b";
classes = ( { name = "slow"; police = { rate = "80kbit"; scope = "flow"; }; } );
rules = ( { name = "media"; when = { host = ["a.example"]; }; then = "slow"; } );
)";

class TraceRecord : public testing::Test {
 protected:
  // From 192.0.2.1, a client, to 198.51.100.7, which is on the other side.
  Answer step(Side side) const {
    Answer answer;
    answer.kind = Answer::Kind::step;
    Flow& flow = answer.event.flow;
    flow.id = 5;
    flow.key = {*parse_address("192.0.2.1"), *parse_address("198.51.100.7"), 40000, 443, 6, 4, 0};
    flow.cls = book_.snapshot().class_slot[2];
    flow.rule = book_.snapshot().rule_slot[0];
    flow.generation = book_.generation();
    const std::string_view name = "a.example";
    answer.event.name_sizes[0] = static_cast<std::uint8_t>(name.size());
    std::ranges::copy(name, answer.event.names.begin());
    flow.name_sources[0] = NameSource::tls;
    flow.name_count = 1;
    answer.step.side = side;
    answer.step.has_flow = answer.step.was_open = true;
    answer.step.client_is_low = answer.step.sender_is_low = true;
    answer.step.key = flow.key;
    return answer;
  }
  Json record(const FlowFilter& asked, Side side = Side::inside, Addresses how = Addresses::truncated) const {
    Answer fate;
    fate.kind = Answer::Kind::fate;
    fate.step.reason = DropReason::police;
    fate.step.cls = book_.snapshot().class_slot[2];
    return trace_record(step(side), fate, {{book_.slots(), nullptr, how}, book_, wires_, asked});
  }
  static FlowFilter of_client(const char* prefix) {
    FlowFilter filter;
    filter.client = parse_prefix(prefix);
    return filter;
  }
  static FlowFilter of_server(const char* prefix) {
    FlowFilter filter;
    filter.server = parse_prefix(prefix);
    return filter;
  }
  static bool tells_what_is_visited(const Json& record) {
    const std::string text = record.dump();
    return std::ranges::any_of(std::initializer_list<const char*>{"media", "slow", "a.example", "protocol", "\"id\""},
                               [&](const char* telling) { return text.find(telling) != std::string::npos; });
  }

  LiveBook book_{rules_of(kBook), 1};
  std::vector<std::string> wires_{"w0"};
};

TEST_F(TraceRecord, DoesNotTellWhatTheSubscriberVisitsWhomItWasAskedFor) {
  for (const char* one : {"192.0.2.1", "192.0.2.0/25"}) {
    const Json told = record(of_client(one));
    EXPECT_FALSE(tells_what_is_visited(told)) << told;
    EXPECT_EQ(told["headers"]["client"], "192.0.2.0");
    EXPECT_EQ(told["treatment"]["fate"], "dropped");
    EXPECT_EQ(told["treatment"]["reason"], "police");
    EXPECT_THAT(print_trace(told), HasSubstr("class not told"));
  }
  EXPECT_FALSE(tells_what_is_visited(record(of_server("198.51.100.7"), Side::outside))) << "the server is inside";
}

TEST_F(TraceRecord, TellsTheRuleWhereNobodyIsSingledOut) {
  for (const FlowFilter& asked : {FlowFilter(), of_client("192.0.2.0/24"), of_server("198.51.100.7")}) {
    const Json told = record(asked);
    EXPECT_EQ(told["verdict"]["rule"], "media");
    EXPECT_EQ(told["verdict"]["rules"][0]["answer"], "yes");
    EXPECT_EQ(told["treatment"]["class"], "slow");
    EXPECT_EQ(told["flow"]["id"], 5);
  }
  EXPECT_EQ(record(of_client("192.0.2.1"), Side::inside, Addresses::full)["flow"]["host"], "a.example");
}

}  // namespace
}  // namespace slowlane

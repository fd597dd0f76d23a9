#include "control/live_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/box.h"
#include "tests/support/schema.h"

namespace slowlane {
namespace {

using Json = nlohmann::ordered_json;
using testing::IsEmpty;

constexpr const char* kBook = R"(
book = "live";
classes = ( { name = "slow"; police = { rate = "80kbit"; scope = "flow"; }; } );
rules = ( { name = "media"; when = { host = ["a.example"]; }; then = "slow"; },
          { name = "asked"; when = { host = ["b.example"]; host_from = ["dns", "tls"]; }; then = "slow"; },
          { name = "watch"; when = { host = ["b.example"]; host_from = "dns"; }; then = "slow"; mode = "observe"; } );
)";
constexpr ClassId kSlow = 2;

class LiveRecord : public testing::Test {
 protected:
  LiveRecord() : rules_(rules_of(kBook)) {
    event_.kind = FlowEvent::Kind::ended;
    event_.why = FlowEnd::closed;
    event_.worker = 2;
    event_.time = 1616000030 * kSecond + 7;
    Flow& flow = event_.flow;
    flow.id = 17;
    flow.key = {*parse_address("192.0.2.1"), *parse_address("198.51.100.7"), 40000, 443, 6, 4, 0};
    flow.first = 1616000000 * kSecond + 1000;
    flow.last = 1616000021 * kSecond + 500 * kMillisecond;
    flow.trigger_time = flow.first;
    flow.first_drop = {-1, flow.last};
    flow.cls = kSlow;
    flow.rule = 0;
  }
  void add_name(std::string_view name, NameSource source) {
    Flow& flow = event_.flow;
    event_.name_sizes[flow.name_count] = static_cast<std::uint8_t>(name.size());
    std::ranges::copy(name, event_.names.begin() + flow.name_count * std::ptrdiff_t{FlowEvent::kLongestName});
    flow.name_sources[flow.name_count++] = source;
  }
  Json record(Addresses addresses = Addresses::truncated) const {
    return live_record(event_, {*rules_, nullptr, addresses});
  }

  std::unique_ptr<const RuleSet> rules_;
  FlowEvent event_;
};

TEST_F(LiveRecord, TellsNoMoreThanItMustByDefault) {
  add_name("a.example", NameSource::tls);
  const Json all = record();
  EXPECT_EQ(all["event"], "ended");
  EXPECT_EQ(all["worker"], 2);
  EXPECT_EQ(all["host"], "a.example");
  EXPECT_EQ(all["rule"], "media");
  EXPECT_EQ(all["class"], "slow");
  EXPECT_EQ(all["client"], "192.0.2.0");
  EXPECT_EQ(all["server"], "198.51.100.0");
  EXPECT_EQ(all["client_port"], 0);
  EXPECT_EQ(all["server_port"], 443);
  EXPECT_EQ(all["community_id"], nullptr);
  EXPECT_EQ(all["time"], "1616000030.000000000");
  EXPECT_EQ(all["first"], "1616000000.000000000");
  EXPECT_EQ(all["last"], "1616000021.000000000");
  EXPECT_EQ(all["trigger"]["time"], "1616000000.000000000");
  EXPECT_EQ(all["down"]["first_drop"], "1616000021.000000000");
  EXPECT_EQ(all["up"]["first_drop"], nullptr);
  EXPECT_EQ(all["end"], "closed");
}

TEST_F(LiveRecord, CutsIpv6ToTheFirst32Bits) {
  event_.flow.key.version = 6;
  event_.flow.key.low = *parse_address("2001:db8:1:2::3");
  EXPECT_EQ(record()["client"], "2001:db8::");
}

TEST_F(LiveRecord, WithFullAddressesIsExact) {
  const Json all = record(Addresses::full);
  EXPECT_EQ(all["client"], "192.0.2.1");
  EXPECT_EQ(all["client_port"], 40000);
  EXPECT_EQ(all["time"], "1616000030.000000007");
  EXPECT_EQ(all["first"], "1616000000.000001000");
  EXPECT_EQ(all["community_id"], "1:lWOTJwBjzASkHgo+w0kukpG9z0M=");
  event_.flow.key.transport = 1;
  EXPECT_EQ(record(Addresses::full)["community_id"], nullptr) << "the ICMP message is not kept";
}

TEST_F(LiveRecord, WithoutAddressesHasNone) {
  EXPECT_EQ(record(Addresses::none)["client"], nullptr);
  EXPECT_EQ(record(Addresses::none)["server"], nullptr);
  EXPECT_EQ(record(Addresses::none)["last"], "1616000021.000000000");
}

TEST_F(LiveRecord, HasNoEndBeforeTheFlowEnds) {
  event_.kind = FlowEvent::Kind::classified;
  EXPECT_EQ(record()["event"], "classified");
  EXPECT_EQ(record()["end"], nullptr);
  event_.kind = FlowEvent::Kind::begun;
  EXPECT_EQ(record()["event"], "new");
}

TEST_F(LiveRecord, KeepsDnsNamesToItselfWhereNoRuleAsked) {
  add_name("b.example", NameSource::dns);
  add_name("a.example", NameSource::tls);
  add_name("c.example", NameSource::dns);
  event_.flow.deciding_name = 1;
  for (const Addresses how : {Addresses::truncated, Addresses::full}) {
    EXPECT_EQ(record(how)["host"], "a.example");
    EXPECT_EQ(record(how)["more_hosts"], Json::array());
    EXPECT_EQ(record(how).dump().find("b.example"), std::string::npos);
  }
}

TEST_F(LiveRecord, ShowsNoDnsNameEvenWhereThereIsNoOther) {
  add_name("b.example", NameSource::dns);
  EXPECT_EQ(record()["host"], nullptr);
  EXPECT_EQ(record()["host_from"], nullptr);
}

TEST_F(LiveRecord, ShowsDnsNamesWhereTheFlowsRuleAskedForThem) {
  add_name("b.example", NameSource::dns);
  event_.flow.rule = 1;
  EXPECT_EQ(record()["host"], "b.example");
  event_.flow.rule = kNoRule;
  EXPECT_EQ(record()["host"], nullptr);
  event_.flow.observed[0] = 2;
  event_.flow.observed_count = 1;
  EXPECT_EQ(record()["host"], "b.example");
}

TEST_F(LiveRecord, FitsItsSchema) {
  const nlohmann::json schema = load_schema(std::string(SLOWLANE_SOURCE) + "/control/schemas/event.schema.json");
  add_name("a.example", NameSource::tls);
  for (const auto kind : {FlowEvent::Kind::begun, FlowEvent::Kind::classified, FlowEvent::Kind::ended}) {
    event_.kind = kind;
    for (const Addresses how : {Addresses::truncated, Addresses::full, Addresses::none})
      EXPECT_THAT(schema_complaints(schema, record(how)), IsEmpty());
  }
}

}  // namespace
}  // namespace slowlane

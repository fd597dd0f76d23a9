#include "control/flow_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/box.h"

namespace slowlane {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kBook = R"(
book = "records";
classes = ( { name = "slow"; police = { rate = "80kbit"; scope = "flow"; }; } );
rules = ( { name = "watch"; when = { }; then = "slow"; mode = "observe"; },
          { name = "media"; when = { host = ["a.example"]; }; then = "slow"; } );
)";

class FlowRecord : public testing::Test {
 protected:
  FlowRecord() : rules_(rules_of(kBook)), names_(16, 4096) {
    flow_.id = 17;
    flow_.key.low = *parse_address("192.0.2.1");
    flow_.key.low_port = 40000;
    flow_.key.high = *parse_address("198.51.100.7");
    flow_.key.high_port = 443;
    flow_.key.transport = 6;
    flow_.first = 1616000000 * kSecond + 1000;
    flow_.last = 1616000021 * kSecond + 500 * kMillisecond;
  }
  void add_name(const std::string& name, NameSource source) {
    flow_.names[flow_.name_count] = names_.hold(name);
    flow_.name_sources[flow_.name_count++] = source;
  }
  Json record(Addresses addresses = Addresses::full) const {
    return flow_record(flow_, FlowEnd::idle, {}, {*rules_, names_, nullptr, addresses});
  }

  std::unique_ptr<const RuleSet> rules_;
  Names names_;
  Flow flow_;
};

TEST_F(FlowRecord, OfANakedFlowSaysThatNothingIsKnown) {
  const Json all = record();
  EXPECT_EQ(all["id"], 17);
  EXPECT_EQ(all["transport"], "tcp");
  EXPECT_EQ(all["ip"], 4);
  EXPECT_EQ(all["client"], "192.0.2.1");
  EXPECT_EQ(all["client_port"], 40000);
  EXPECT_EQ(all["server_port"], 443);
  EXPECT_EQ(all["host"], nullptr);
  EXPECT_EQ(all["host_from"], nullptr);
  EXPECT_EQ(all["protocol"], nullptr);
  EXPECT_EQ(all["outer"], nullptr);
  EXPECT_EQ(all["found"], "none:no_payload");
  EXPECT_EQ(all["class"], "pass");
  EXPECT_EQ(all["rule"], nullptr);
  EXPECT_EQ(all["mode"], nullptr);
  EXPECT_EQ(all["trigger"], nullptr);
  EXPECT_EQ(all["drawn"], Json::object());
  EXPECT_EQ(all["up"]["first_drop"], nullptr);
  EXPECT_EQ(all["first"], "1616000000.000001000");
  EXPECT_EQ(all["last"], "1616000021.500000000");
  EXPECT_EQ(all["end"], "idle");
}

TEST_F(FlowRecord, TakesTheEndsFromWhoeverIsTheClient) {
  flow_.client_is_low = false;
  flow_.client_inside = false;
  const Json all = record();
  EXPECT_EQ(all["client"], "198.51.100.7");
  EXPECT_EQ(all["server"], "192.0.2.1");
  EXPECT_EQ(all["initiator"], "outside");
}

TEST_F(FlowRecord, ShowsTheDecidingNameElseTheLastThatIsNotDns) {
  add_name("first.example", NameSource::http);
  add_name("second.example", NameSource::tls);
  add_name("asked.example", NameSource::dns);
  EXPECT_EQ(record()["host"], "second.example");
  EXPECT_EQ(record()["host_from"], "tls");
  EXPECT_EQ(record()["more_hosts"], Json({"first.example", "asked.example"}));
  flow_.deciding_name = 0;
  EXPECT_EQ(record()["host"], "first.example");
  EXPECT_EQ(record()["host_from"], "http");
}

TEST_F(FlowRecord, ShowsADnsNameWhereThereIsNoOther) {
  add_name("one.example", NameSource::dns);
  add_name("two.example", NameSource::dns);
  EXPECT_EQ(record()["host"], "two.example");
}

TEST_F(FlowRecord, NamesTheProtocolOurReadersSaw) {
  flow_.spoken = static_cast<std::uint8_t>(NameSource::quic);
  EXPECT_EQ(record()["protocol"], "QUIC");
}

TEST_F(FlowRecord, TellsRuleClassTriggerAndDraw) {
  flow_.cls = 2;
  flow_.rule = 1;
  flow_.observed[0] = 0;
  flow_.observed_count = 1;
  flow_.trigger_frame = 12;
  flow_.trigger_time = 1616000000 * kSecond + 123456000;
  flow_.trigger_side = Side::outside;
  flow_.drawn_after = 7;
  const Json all = record();
  EXPECT_EQ(all["rule"], "media");
  EXPECT_EQ(all["class"], "slow");
  EXPECT_EQ(all["mode"], "enforce");
  EXPECT_EQ(all["observed"].dump(), R"([{"rule":"watch","class":"slow"}])");
  EXPECT_EQ(all["trigger"].dump(), R"({"frame":12,"time":"1616000000.123456000","side":"outside"})");
  EXPECT_EQ(all["drawn"].dump(), R"({"after_packets":7})");
}

TEST_F(FlowRecord, TellsTheWindowThatWasDrawn) {
  flow_.drawn_window = 9;
  EXPECT_EQ(record()["drawn"].dump(), R"({"max_packets":9})");
}

TEST_F(FlowRecord, NamesTheOutsideWhereItBeganToo) {
  EXPECT_EQ(record()["initiator"], "inside");
  flow_.connection |= Flow::kOutsideBegan;
  EXPECT_EQ(record()["initiator"], "outside");
}

TEST_F(FlowRecord, KeepsDirectionsApart) {
  flow_.packets = {10, 20};
  flow_.bytes = {1200, 24000};
  flow_.dropped_packets = {0, 3};
  flow_.delay_max = {0, 1500 * kMicrosecond};
  flow_.first_drop = {-1, 1616000001 * kSecond};
  const Json all = record();
  EXPECT_EQ(all["up"]["packets"], 10);
  EXPECT_EQ(all["down"]["bytes"], 24000);
  EXPECT_EQ(all["down"]["dropped_packets"], 3);
  EXPECT_EQ(all["down"]["delay_max_ms"], 1.5);
  EXPECT_EQ(all["up"]["first_drop"], nullptr);
  EXPECT_EQ(all["down"]["first_drop"], "1616000001.000000000");
}

TEST_F(FlowRecord, JoinsTheHeadersAround) {
  flow_.encaps[0] = Encap::vlan;
  flow_.encaps[1] = Encap::gtp;
  flow_.encap_count = 2;
  EXPECT_EQ(record()["outer"], "vlan/gtp");
}

TEST_F(FlowRecord, HidesAddresses) {
  flow_.key.version = 6;
  flow_.key.low = *parse_address("2001:db8:1:2::3");
  EXPECT_EQ(record(Addresses::truncated)["client"], "2001:db8::");
  EXPECT_EQ(record(Addresses::truncated)["client_port"], 0);
  EXPECT_EQ(record(Addresses::none)["client"], nullptr);
  EXPECT_EQ(record(Addresses::none)["community_id"], nullptr);
}

TEST_F(FlowRecord, SpellsTransports) {
  for (const auto& [number, word] : {std::pair{1, "icmp"}, {17, "udp"}, {58, "icmp6"}, {132, "132"}}) {
    flow_.key.transport = static_cast<std::uint8_t>(number);
    EXPECT_EQ(record()["transport"], word);
  }
}

TEST_F(FlowRecord, HasACellForEveryColumn) {
  add_name("a.example", NameSource::tls);
  add_name("b.example", NameSource::tls);
  flow_.observed_count = 1;
  flow_.observed[0] = 0;
  const std::vector<std::string> cells = flow_cells(record());
  ASSERT_EQ(cells.size(), flow_columns().size());
  const auto cell = [&](const std::string& column) {
    const auto& columns = flow_columns();
    return cells[static_cast<std::size_t>(std::find(columns.begin(), columns.end(), column) - columns.begin())];
  };
  EXPECT_EQ(cell("host"), "b.example");
  EXPECT_EQ(cell("more_hosts"), "a.example");
  EXPECT_EQ(cell("observed"), "watch:slow");
  EXPECT_EQ(cell("trigger.frame"), "");
  EXPECT_EQ(cell("up.packets"), "0");
  EXPECT_EQ(cell("frames.first"), "0");
}

}  // namespace
}  // namespace slowlane

#include "control/top_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slowlane {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;
using Json = nlohmann::ordered_json;

Json side(std::uint64_t sent, std::uint64_t dropped = 0) {
  return {{"now", {{"offered_bps", sent + dropped}, {"sent_bps", sent}, {"dropped_bps", dropped}}}};
}

TopAnswers answers() {
  TopAnswers all;
  all.status = {{"appliance", "bench-1"},
                {"state", "running"},
                {"uptime_s", 3661},
                {"book", {{"name", "b"}, {"digest", "0123456789ab"}}},
                {"degraded", {"port in: the link is down"}}};
  all.status["workers"] = Json::array({{{"worker", 0}, {"load", 0.5}, {"received_pps", 12345.0}}});
  Json limited = {{"name", "smooth"},
                  {"flows", 3},
                  {"configured_bps", 2'000'000},
                  {"up", side(0)},
                  {"down", side(1'000'000, 500'000)}};
  limited["limits"] = Json::array({{{"scope", "class"}}});
  limited["names"] = Json::array({{{"host", "busy.example"}, {"flows", 9}, {"bytes", 1000}}});
  Json each = {{"name", "slow"}, {"flows", 2}, {"configured_bps", 140'000}, {"up", side(0)}, {"down", side(280'000)}};
  each["limits"] = Json::array({{{"scope", "flow"}}});
  all.classes["classes"] = Json::array({limited, each});
  all.flows = {{"total", 1234}};
  for (int i = 0; i < 40; ++i)
    all.flows["flows"].push_back({{"class", "slow"},
                                  {"host", std::string(100, 'h') + "\x1b[2J"},
                                  {"client", "192.0.2.0"},
                                  {"server", "198.51.100.7"},
                                  {"server_port", 443},
                                  {"up", {{"bytes", 1}}},
                                  {"down", {{"bytes", 1'000'000}}}});
  return all;
}

TEST(TopPage, ShowsTheBoxAtAGlance) {
  const auto page = top_page(answers(), {80, 24});
  EXPECT_THAT(page[0], HasSubstr("bench-1  running  up 1:01:01  book \"b\" 01234567  1,234 flows"));
  EXPECT_THAT(page[1], HasSubstr("[#####.....]  50%"));
  EXPECT_THAT(page, Contains("! port in: the link is down"));
  EXPECT_THAT(page, Contains(HasSubstr("[###...] of 2.00 Mbit/s, drops 500 kbit/s")));
  EXPECT_THAT(page, Contains(HasSubstr(", each flow 140 kbit/s")));
  EXPECT_THAT(page, Contains(HasSubstr("busy.example")));
  EXPECT_THAT(page, Contains(HasSubstr("198.51.100.7:443")));
}

TEST(TopPage, FitsTheTerminal) {
  for (const TopSize& size : {TopSize{80, 24}, TopSize{40, 10}, TopSize{200, 60}, TopSize{1, 1}}) {
    const auto page = top_page(answers(), size);
    EXPECT_LE(page.size(), size.rows);
    for (const std::string& line : page) EXPECT_LE(line.size(), size.columns) << line;
  }
}

TEST(TopPage, LetsNoNameSteerTheTerminal) {
  for (const std::string& line : top_page(answers(), {300, 60})) EXPECT_THAT(line, Not(HasSubstr("\x1b")));
}

TEST(TopPage, TakesWhatABoxLeavesOut) { EXPECT_THAT(top_page({}, {80, 24})[0], StartsWith("-")); }

}  // namespace
}  // namespace slowlane

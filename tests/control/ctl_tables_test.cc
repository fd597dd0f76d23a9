#include "control/ctl_tables.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace slowlane {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using Json = nlohmann::ordered_json;

TEST(CtlTables, AClassHasALineForEachDirection) {
  const Json answer =
      Json::parse(R"({"ok": true, "classes": [{"name": "slow", "does": "police 140kbit per flow", "flows": 12,
    "up": {"offered_bytes": 5000, "sent_bytes": 5000, "dropped_bytes": 0, "now": {"sent_bps": 0}, "minute": {"sent_bps": 0}},
    "down": {"offered_bytes": 90000, "sent_bytes": 80000, "dropped_bytes": 10000, "now": {"sent_bps": 139000},
             "minute": {"sent_bps": 140000}}}]})");
  const std::string table = classes_table(answer);
  EXPECT_THAT(table, ContainsRegex("slow +police 140kbit per flow +12 +up +5.00 kB"));
  EXPECT_THAT(table, ContainsRegex("down +90.0 kB +80.0 kB +10.0 kB +139 kbit/s +140 kbit/s"));
}

TEST(CtlTables, ARuleThatNeverHitSaysNever) {
  const Json answer = Json::parse(R"({"ok": true, "rules": [{"name": "media", "class": "slow", "mode": "enforce",
    "file": "b.cfg", "line": 7, "hits": 0, "bytes": 0, "would_drop_bytes": 0, "last_hit": null}]})");
  EXPECT_THAT(rules_table(answer), ContainsRegex("media +slow +enforce +0 +0 B +never +b.cfg:7"));
}

TEST(CtlTables, AnswersOfAnotherShapeAreNoTrouble) {
  for (const char* text : {"{}", R"({"rules": 3, "classes": "x"})", R"({"rules": [3], "classes": [null]})", "[]"}) {
    classes_table(Json::parse(text));
    rules_table(Json::parse(text));
  }
  EXPECT_THAT(rules_table(Json::parse(R"({"rules": []})")), HasSubstr("no rules"));
}

}  // namespace
}  // namespace slowlane

#include "control/views.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/figures.h"

namespace slowlane {
namespace {

using Json = nlohmann::ordered_json;

constexpr Nanos kTime = 1'763'784'000 * kSecond;  // 2025-11-22T04:00:00Z

TEST(Views, AClassShowsItsRateBesideWhatWasMeasured) {
  BoxFigures figures = figures_of(kTwoRules, kTime);
  Meters meters;
  meters.look(figures);
  figures.time += kSecond;
  figures.classes[2].flows = 4;
  figures.classes[2].direction[at(Direction::down)] = {10, 30'000, 6, 17'500, 4, 12'500};
  meters.look(figures);
  const Json classes = classes_view(figures, meters);
  ASSERT_EQ(classes.size(), 3U);
  EXPECT_EQ(classes[0]["name"], "pass");
  EXPECT_EQ(classes[0]["configured_bps"], nullptr);
  EXPECT_EQ(classes[1]["does"], "pass while looked at");
  const Json& slow = classes[2];
  EXPECT_EQ(slow["does"], "police 140kbit per flow");
  EXPECT_EQ(slow["treatments"], Json({"police"}));
  EXPECT_EQ(slow["configured_bps"], 140'000);
  EXPECT_EQ(slow["limits"][0]["scope"], "flow");
  EXPECT_EQ(slow["flows"], 4);
  EXPECT_EQ(slow["down"]["dropped_bytes"], 12'500);
  EXPECT_EQ(slow["down"]["now"]["sent_bps"], 140'000);
  EXPECT_EQ(slow["down"]["minute"]["offered_bps"], 240'000);
  EXPECT_EQ(slow["up"]["offered_packets"], 0);
}

TEST(Views, ARuleThatNeverHitIsSeenToBeDead) {
  BoxFigures figures = figures_of(kTwoRules, kTime);
  Meters meters;
  figures.rule_hits[1] = {2, 1500, 700};
  meters.look(figures);
  const Json rules = rules_view(figures, meters);
  ASSERT_EQ(rules.size(), 2U);
  EXPECT_EQ(rules[0]["name"], "media");
  EXPECT_EQ(rules[0]["line"], 4);
  EXPECT_EQ(rules[0]["hits"], 0);
  EXPECT_EQ(rules[0]["last_hit"], nullptr);
  EXPECT_EQ(rules[1]["mode"], "observe");
  EXPECT_EQ(rules[1]["class"], "slow");
  EXPECT_EQ(rules[1]["would_drop_bytes"], 700);
  EXPECT_EQ(rules[1]["last_hit"], "2025-11-22T04:00:00Z");
}

}  // namespace
}  // namespace slowlane

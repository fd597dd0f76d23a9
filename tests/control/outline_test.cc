#include "control/outline.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace slowlane {
namespace {

using Json = nlohmann::ordered_json;

TEST(Outline, AlignsWhatStandsTogether) {
  EXPECT_EQ(outline(Json{{"state", "running"}, {"up_s", 12}, {"bypass", false}, {"http", nullptr}}),
            "state   running\nup_s    12\nbypass  no\nhttp    -\n");
}

TEST(Outline, IndentsWhatIsWithin) {
  EXPECT_EQ(outline(Json{{"flows", {{"now", 3}, {"most", 10}}}, {"x", 1}}), "flows\n  now   3\n  most  10\nx  1\n");
}

TEST(Outline, CallsMembersOfAListByTheirNames) {
  const Json ports = Json::array({{{"name", "in"}, {"link", true}}, {{"link", false}}});
  EXPECT_EQ(outline(Json{{"ports", ports}}), "ports\n  in\n    name  in\n    link  yes\n  1\n    link  no\n");
}

TEST(Outline, KeepsPlainListsInALine) {
  EXPECT_EQ(outline(Json{{"cores", {1, 2}}, {"degraded", Json::array()}}), "cores     1, 2\ndegraded  none\n");
}

}  // namespace
}  // namespace slowlane

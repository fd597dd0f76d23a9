#include "control/top_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slowlane {
namespace {

constexpr ClassId kSlow = 2;

std::vector<std::string> hosts(const std::vector<NameTotals>& names) {
  std::vector<std::string> all;
  for (const NameTotals& name : names) all.push_back(name.host);
  return all;
}

TEST(TopNames, AddUpFlowsOfOneNameAndClass) {
  TopNames names;
  names.add({"a.example", kSlow, 1, 100, 10, 0});
  names.add({"a.example", kSlow, 1, 50, 5, 2});
  names.add({"a.example", kPass, 1, 7, 0, 0});
  const auto all = names.most_affected(10);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].flows, 2u);
  EXPECT_EQ(all[0].bytes, 150u);
  EXPECT_EQ(all[0].dropped_bytes, 15u);
  EXPECT_EQ(all[0].delayed_packets, 2u);
  EXPECT_EQ(all[1].cls, kPass);
}

TEST(TopNames, PutWhatWasDroppedFirstThenDelayedThenTreated) {
  TopNames names;
  names.add({"passed", kPass, 1, 1000000, 0, 0});
  names.add({"treated", kSlow, 1, 10, 0, 0});
  names.add({"delayed", kSlow, 1, 10, 0, 1});
  names.add({"dropped", kSlow, 1, 10, 1, 0});
  EXPECT_THAT(hosts(names.most_affected(10)), testing::ElementsAre("dropped", "delayed", "treated", "passed"));
  EXPECT_THAT(hosts(names.most_affected(1)), testing::ElementsAre("dropped"));
  EXPECT_TRUE(names.exact());
}

TEST(TopNames, ForgetSmallOnesWhenThereAreTooMany) {
  TopNames names(100);
  names.add({"big", kSlow, 1, 1000, 1000, 0});
  for (int i = 0; i < 1000; ++i) names.add({"small" + std::to_string(i), kPass, 1, 1, 0, 0});
  EXPECT_FALSE(names.exact());
  EXPECT_EQ(names.most_affected(1)[0].host, "big");
  EXPECT_LE(names.most_affected(1000).size(), 100u);
}

}  // namespace
}  // namespace slowlane

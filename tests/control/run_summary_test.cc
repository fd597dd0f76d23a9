#include "control/run_summary.h"

#include <gtest/gtest.h>

namespace slowlane {
namespace {

TEST(RunSummary, DescribesWhatAClassDoes) {
  ClassSpec spec;
  EXPECT_EQ(describe(spec), "pass");
  EXPECT_EQ(configured_rate(spec), 0u);
  spec.police = Police{.rate = 140000, .scope = Scope::flow};
  EXPECT_EQ(describe(spec), "police 140kbit per flow");
  EXPECT_EQ(configured_rate(spec), 140000u);
  spec.shape = Shape{.rate = 100000, .scope = Scope::cls};
  spec.lose = Lose{.share = 0.05};
  spec.delay = Delay{.time = 80 * kMillisecond};
  spec.mark = Mark{.dscp = 8};
  EXPECT_EQ(describe(spec), "mark dscp 8, lose 5%, police 140kbit per flow, shape 100kbit per class, delay 80ms");
  EXPECT_EQ(configured_rate(spec), 100000u);
}

TEST(RunSummary, NamesTheProgram) {
  EXPECT_EQ(program_name(), std::string("slowlane ") + program_version());
  EXPECT_GE(std::string(program_version()).size(), 5u);
}

}  // namespace
}  // namespace slowlane

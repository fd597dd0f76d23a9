#include "control/progress.h"

#include <gtest/gtest.h>

namespace slowlane {
namespace {

TEST(Progress, DrawsABarOfWhatIsDone) {
  EXPECT_EQ(Progress::line("replay", 50, 100, 0), "replay [###############...............]  50 % ");
  EXPECT_EQ(Progress::line("replay", 2000000, 2000000, 2), "replay [##############################] 100 % 1.00 MB/s");
}

TEST(Progress, CountsWhereTheWholeIsNotKnown) {
  EXPECT_EQ(Progress::line("replay", 3000, 0, 3), "replay 3.00 kB 1.00 kB/s");
}

TEST(Progress, StaysWithinItsBar) {
  EXPECT_EQ(Progress::line("x", 300, 100, 0), "x [##############################] 100 % ");
}

}  // namespace
}  // namespace slowlane

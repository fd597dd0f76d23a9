#include "control/columns.h"

#include <gtest/gtest.h>

namespace slowlane {
namespace {

TEST(Columns, AreAsWideAsTheirWidestCellAndAligned) {
  Columns columns({{"name", Columns::Align::left}, {"n"}});
  columns.add({"a", "12345"});
  columns.add({"longer", "7"});
  EXPECT_EQ(columns.print(),
            "  name        n\n"
            "  a       12345\n"
            "  longer      7\n");
}

TEST(Columns, CountCharactersAndLeaveNoBlanksAtTheEnd) {
  Columns columns({{"x", Columns::Align::left}, {"y", Columns::Align::left}});
  columns.add({"bücher", "1"});
  columns.add({"buecher", ""});
  EXPECT_EQ(columns.print(),
            "  x        y\n"
            "  bücher   1\n"
            "  buecher\n");
}

TEST(Columns, KnowWhetherTheyHaveRows) {
  Columns columns({{"x"}});
  EXPECT_TRUE(columns.empty());
  columns.add({"1"});
  EXPECT_FALSE(columns.empty());
}

}  // namespace
}  // namespace slowlane

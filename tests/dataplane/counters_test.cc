#include "dataplane/counters.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace slowlane {
namespace {

// Names go into reports and counters: each is there, in snake case, and no two rows share one.
template <class Enum>
void expect_names() {
  std::set<std::string> names;
  for (int i = 0; i < static_cast<int>(Enum::count); ++i) {
    const std::string name = name_of(static_cast<Enum>(i));
    EXPECT_FALSE(name.empty()) << i;
    EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"), std::string::npos) << name;
    EXPECT_TRUE(names.insert(name).second) << name;
  }
  EXPECT_STREQ(name_of(Enum::count), "");
}

TEST(Counters, NamesEveryRowOnce) {
  expect_names<DropReason>();
  expect_names<NotFound>();
  expect_names<Counter>();
  expect_names<Malformed>();
}

TEST(Counters, KeepsTheNamesOfTheContract) {
  EXPECT_STREQ(name_of(DropReason::queue_full), "queue_full");
  EXPECT_STREQ(name_of(DropReason::cannot_rewrite), "cannot_rewrite");
  EXPECT_STREQ(name_of(DropReason::over_burst), "over_burst");
  EXPECT_STREQ(name_of(DropReason::tx_full), "tx_full");
  EXPECT_STREQ(name_of(NotFound::midstream), "midstream");
  EXPECT_STREQ(name_of(Counter::time_backwards), "time_backwards");
  EXPECT_STREQ(name_of(Counter::not_inspected), "not_inspected");
}

TEST(Counters, StartAtNothingAndAddUp) {
  Counters counters;
  for (const Count& count : counters.plain) EXPECT_EQ(count.read(), 0u);
  counters[Counter::sent_bytes].add(1500);
  counters[Counter::sent_bytes].add();
  EXPECT_EQ(counters[Counter::sent_bytes].read(), 1501u);
  EXPECT_EQ(counters[Counter::received_bytes].read(), 0u);
}

}  // namespace
}  // namespace slowlane

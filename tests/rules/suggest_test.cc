#include "rules/suggest.h"

#include <gtest/gtest.h>

#include <array>

namespace slowlane {
namespace {

constexpr std::array<std::string_view, 6> kWords{"police", "shape", "lose", "delay", "drop", "host_list"};

TEST(Suggest, FindsTheWordMeant) {
  EXPECT_EQ(nearest("polise", kWords), "police");
  EXPECT_EQ(nearest("SHAPE", kWords), "shape");
  EXPECT_EQ(nearest("dlay", kWords), "delay");
  EXPECT_EQ(nearest("ldoe", kWords), "");
  EXPECT_EQ(nearest("olse", kWords), "lose");
  EXPECT_EQ(nearest("hostlist", kWords), "host_list");
  EXPECT_EQ(nearest("pol", kWords), "police");
  EXPECT_EQ(nearest("dropped", kWords), "drop");
}

TEST(Suggest, SaysNothingWhereNothingIsNear) {
  EXPECT_EQ(nearest("throttle", kWords), "");
  EXPECT_EQ(nearest("", kWords), "");
  EXPECT_EQ(nearest("x", kWords), "");
  EXPECT_EQ(nearest(std::string(100, 'p'), kWords), "");
  EXPECT_EQ(did_you_mean("zzzzzz", kWords), "");
}

TEST(Suggest, WritesTheEndOfASentence) {
  EXPECT_EQ(did_you_mean("polise", kWords), "; did you mean \"police\"?");
  EXPECT_EQ(one_of(std::array<std::string_view, 3>{"a", "b", "c"}), "a, b or c");
  EXPECT_EQ(one_of(std::array<std::string_view, 1>{"a"}), "a");
  EXPECT_EQ(one_of({}), "");
}

}  // namespace
}  // namespace slowlane

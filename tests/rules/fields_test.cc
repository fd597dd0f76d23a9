#include "rules/fields.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/rules/texts.h"

namespace slowlane {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(Fields, AnswersWhatIsThereAndNothingElse) {
  const Node node = value_of("{ rate = \"1mbit\"; on = true; count = 3; word = \"Two\"; }");
  Fields fields(node, "thing");
  EXPECT_EQ(fields.rate("rate"), 1'000'000u);
  EXPECT_EQ(fields.boolean("on"), true);
  EXPECT_EQ(fields.number("count", 1, 3), 3u);
  EXPECT_EQ(fields.word<int>("word", {{"one", 1}, {"two", 2}}), 2);
  EXPECT_EQ(fields.time("idle"), std::nullopt);
  EXPECT_TRUE(fields.finish().empty());
}

TEST(Fields, CollectsEveryMistakeOfAGroup) {
  const Node node = value_of("{ rate = true;\nidel = \"1s\";\ncount = 4; }");
  Fields fields(node, "thing");
  EXPECT_EQ(fields.rate("rate"), std::nullopt);
  EXPECT_EQ(fields.number("count", 1, 3), std::nullopt);
  EXPECT_EQ(fields.time("idle"), std::nullopt);
  fields.require("name", "name = \"x\"");
  const std::string said = printed(fields.finish());
  EXPECT_THAT(said, HasSubstr("test.cfg:1: thing.rate: takes a text like \"140kbit\", not true"));
  EXPECT_THAT(said, HasSubstr("test.cfg:3: thing.count: takes a whole number from 1 to 3, not 4"));
  EXPECT_THAT(said, HasSubstr("test.cfg:1: thing: name is missing; write name = \"x\""));
  EXPECT_THAT(said, HasSubstr("test.cfg:2: thing: there is no setting \"idel\"; did you mean \"idle\"?"));
}

TEST(Fields, WhatIsNoGroupIsSaidOnce) {
  const Node node = value_of("7");
  Fields fields(node, "thing");
  fields.require("name", "name = \"x\"");
  EXPECT_EQ(fields.text("name"), std::nullopt);
  EXPECT_EQ(printed(fields.finish()), "test.cfg:1: thing: takes a group { ... }, not 7\n");
}

TEST(Fields, AGroupWithAMistakeHasNoValue) {
  const Node node = value_of("{ x = 1; }");
  Fields fields(node, "thing");
  EXPECT_FALSE(fields.finish(5));
  Fields again(node, "thing");
  again.number("x", 0, 9);
  EXPECT_EQ(*again.finish(5), 5);
}

TEST(Fields, NumbersAreDescribedAsTheyAreWritten) {
  EXPECT_EQ(describe(value_of("1.5")), "1.5");
  EXPECT_EQ(describe(value_of("0.0000001")), "1e-07");
  EXPECT_EQ(describe(value_of("-3")), "-3");
  EXPECT_EQ(describe(value_of("3000000000")), "3000000000");
  EXPECT_EQ(describe(value_of("\"" + std::string(100, 'x') + "\"")), "\"" + std::string(60, 'x') + "...\"");
}

TEST(Fields, NumbersOutsideTheirRangeNameIt) {
  EXPECT_THAT(read_number(value_of("1e300"), 0, 9).diagnostics().front().text, HasSubstr("from 0 to 9, not 1e+300"));
  EXPECT_THAT(read_number(value_of("-0.5"), 0, 9).diagnostics().front().text, HasSubstr("not -0.5"));
  EXPECT_THAT(read_number(value_of("9223372036854775808L"), 0, ~0ull).diagnostics().front().text,
              AllOf(HasSubstr("9223372036854775808L"), HasSubstr("9223372036854775807")));
  EXPECT_EQ(*read_number(value_of("9223372036854775807L"), 0, ~0ull), 9223372036854775807u);
}

TEST(Fields, OneValueIsAListOfOne) {
  EXPECT_EQ(read_items(value_of("7"))->size(), 1u);
  EXPECT_EQ(read_items(value_of("(7, \"x\")"))->size(), 2u);
  EXPECT_FALSE(read_items(value_of("[]")));
}

}  // namespace
}  // namespace slowlane

#include "rules/sections.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/rules/texts.h"

namespace slowlane {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(HostLists, TheLastUseGetsTheListItself) {
  HostLists lists;
  lists.add("v", {HostPattern{}, HostPattern{}});
  lists.expect_use("v");
  lists.expect_use("v");
  EXPECT_EQ(lists.take("v").size(), 2u);
  EXPECT_EQ(lists.take("v").size(), 2u);
  EXPECT_TRUE(lists.has("v"));
  EXPECT_FALSE(lists.has("w"));
  EXPECT_THAT(lists.names(), ElementsAre("v"));
}

TEST(Sections, ListsAreReadBesideTheirBook) {
  const auto read =
      read_lists(value_of("( { name = \"v\"; file = \"d/v.txt\"; } )"), files_of({{"d/v.txt", "a.com\n"}}));
  EXPECT_THAT(read.mistakes, IsEmpty());
  EXPECT_THAT(read.value.files, ElementsAre("d/v.txt"));
}

TEST(Sections, EveryMistakeOfEveryListIsSaid) {
  const auto read = read_lists(
      value_of("( { name = \"v\"; file = \"x\"; },\n{ name = \"v\"; file = \"w\"; },\n\"z\", { nme = \"u\"; } )"),
      files_of({{"w", "a b\nc d\n"}}));
  const std::string said = printed(read.mistakes);
  EXPECT_THAT(said, HasSubstr("test.cfg:1: list \"v\": \"x\": there is no such file (x)"));
  EXPECT_THAT(said, HasSubstr("w:1: \"a b\""));
  EXPECT_THAT(said, HasSubstr("w:2: \"c d\""));
  EXPECT_THAT(said, HasSubstr("test.cfg:2: there are two of list \"v\""));
  EXPECT_THAT(said, HasSubstr("test.cfg:3: list: takes a group"));
  EXPECT_THAT(said, HasSubstr("did you mean \"name\"?"));
}

TEST(Sections, ClassNamesBeginWithPassAndComeOnce) {
  const Node classes = value_of("( { name = \"a\"; }, { name = \"a\"; }, { name = 7; }, \"x\", { } )");
  const auto groups = read_groups(classes, "classes");
  EXPECT_THAT(class_names(groups.value), ElementsAre("pass", "a"));
}

TEST(Sections, ExpectationsTakeOneValueNotRanges) {
  for (const char* text : {"( { vlan = \"1-5\"; then = \"pass\"; } )", "( { transport = [6, 17]; then = \"pass\"; } )",
                           "( { server = \"192.0.2.0/24\"; then = \"pass\"; } )",
                           "( { host = \".a.com\"; then = \"pass\"; } )", "( { host = \"a.com\"; then = \"none\"; } )"})
    EXPECT_EQ(read_expects(value_of(text), {"pass"}).mistakes.size(), 1u) << text;
}

}  // namespace
}  // namespace slowlane

#include "control/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/text_files.h"

namespace slowlane {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* kClasses =
    "book = \"b\";\n"
    "classes = ( { name = \"slow\"; police = { rate = \"140kbit\"; scope = \"flow\"; }; } );\n";

BookCheck check(const TempFolder& folder, const std::string& rest) {
  return check_book(write_text(folder, "b.cfg", kClasses + rest));
}

TEST(Check, ARightBookIsSummedUp) {
  const TempFolder folder;
  const BookCheck found =
      check(folder,
            "rules = ( { name = \"r\"; when = { host = [\"a.com\", \".b.com\"]; }; then = \"slow\"; } );\n"
            "expect = ( { host = \"x.b.com\"; then = \"slow\"; } );\n");
  EXPECT_THAT(found.mistakes, IsEmpty());
  EXPECT_THAT(found.warnings, IsEmpty());
  EXPECT_THAT(print(found, Verbosity::normal),
              HasSubstr("1 rule, 1 class, 2 host patterns, 1 expectation holds; no mistakes\n"));
  EXPECT_EQ(print(found, Verbosity::quiet), "");
}

TEST(Check, EveryMistakeHasFileAndLine) {
  const TempFolder folder;
  const BookCheck found = check(folder,
                                "rules = ( { name = \"r\"; when = { hots = \"a.com\"; }; then = \"slow\"; },\n"
                                "          { name = \"s\"; when = { }; then = \"slo\"; } );\n");
  EXPECT_THAT(found.mistakes, SizeIs(2));
  EXPECT_THAT(print(found, Verbosity::quiet), AllOf(HasSubstr("b.cfg:3: "), HasSubstr("b.cfg:4: ")));
  EXPECT_THAT(print(found, Verbosity::normal), HasSubstr("2 mistakes; the book is not used"));
}

TEST(Check, AnExpectationThatFailsIsAMistake) {
  const TempFolder folder;
  const BookCheck found = check(folder,
                                "rules = ( { name = \"r\"; when = { host = \"a.com\"; }; then = \"slow\"; } );\n"
                                "expect = ( { host = \"b.com\"; then = \"slow\"; } );\n");
  EXPECT_THAT(print(found, Verbosity::quiet),
              AllOf(HasSubstr("b.cfg:4: expect host b.com: got class \"pass\""), HasSubstr("wanted \"slow\"")));
}

TEST(Check, APatternThatHyperscanRefusesIsAMistake) {
  const TempFolder folder;
  const BookCheck found =
      check(folder, "rules = ( { name = \"r\"; when = { host = \"/(a/\"; }; then = \"slow\"; } );\n");
  EXPECT_THAT(print(found, Verbosity::quiet), HasSubstr("b.cfg:3: "));
}

TEST(Check, WarningsAreNoMistakes) {
  const TempFolder folder;
  const BookCheck found =
      check(folder, "rules = ( { name = \"r\"; when = { host = \"*t.co*\"; }; then = \"slow\"; } );\n");
  EXPECT_THAT(found.mistakes, IsEmpty());
  EXPECT_THAT(print(found, Verbosity::normal), AllOf(HasSubstr("b.cfg:3: warning: glob \"*t.co*\""),
                                                     HasSubstr("reaches reddit.com"), HasSubstr("1 warning\n")));
  EXPECT_EQ(print(found, Verbosity::quiet), "");
}

TEST(Check, AFileThatIsNotThereIsAMistake) { EXPECT_THAT(check_book("nowhere.cfg").mistakes, SizeIs(1)); }

TEST(Check, JsonSaysTheSame) {
  const TempFolder folder;
  const nlohmann::json right =
      to_json(check(folder, "rules = ( { name = \"r\"; when = { host = \"*t.co*\"; }; then = \"slow\"; } );\n"));
  EXPECT_EQ(right["ok"], true);
  EXPECT_EQ(right["rules"], 1);
  EXPECT_EQ(right["warnings"][0]["line"], 3);
  const nlohmann::json wrong = to_json(check(folder, "rules = 3;\n"));
  EXPECT_EQ(wrong["ok"], false);
  EXPECT_EQ(wrong["mistakes"][0]["line"], 3);
}

}  // namespace
}  // namespace slowlane

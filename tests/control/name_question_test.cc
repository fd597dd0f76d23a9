#include "control/name_question.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/figures.h"

namespace slowlane {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST(NameDesk, AnswersForEachCarrier) {
  const std::shared_ptr<const RuleSet> rules =
      figures_of(
          "book = \"b\"; classes = ( { name = \"slow\"; lose = { share = 0.5; }; } ); rules = ("
          "{ name = \"tls\"; when = { host = [\"*.twimg.com\"]; host_from = [\"tls\"]; }; then = \"slow\"; },"
          "{ name = \"seen\"; when = { host = [\"*.twimg.com\"]; }; then = \"slow\"; mode = \"observe\"; } );",
          0)
          .rules;
  NameDesk desk;
  const auto answers = desk.ask(rules, "ABS.twimg.com");
  ASSERT_TRUE(answers);
  ASSERT_EQ(answers->size(), 3U);
  EXPECT_EQ((*answers)[0].cls, 2);
  EXPECT_EQ((*answers)[0].rule, "tls");
  EXPECT_FALSE((*answers)[0].could_change);
  EXPECT_EQ((*answers)[1].carrier, "QUIC over UDP");
  EXPECT_EQ((*answers)[1].cls, kPass);
  EXPECT_EQ((*answers)[1].rule, "");
  EXPECT_THAT((*answers)[1].observed, ElementsAre("seen"));
}

TEST(NameDesk, SaysWhereMoreThanTheNameDecides) {
  NameDesk desk;
  EXPECT_TRUE(desk.ask(figures_of(kTwoRules, 0).rules, "example.com")->front().could_change);
}

TEST(NameDesk, GoesOnWithAnotherBook) {
  NameDesk desk;
  const auto asked = [&desk](const char* book) {
    return desk.ask(figures_of(book, 0).rules, "a.example")->front().cls;
  };
  EXPECT_EQ(asked("book = \"b\";"), kPass);
  EXPECT_EQ(asked("book = \"c\"; classes = ( { name = \"gone\"; drop = {}; } ); otherwise = \"gone\";"), 2);
}

TEST(NameDesk, KeepsNoBookThatWasReplaced) {
  NameDesk desk;
  std::shared_ptr<const RuleSet> rules = figures_of(kTwoRules, 0).rules;
  const std::weak_ptr<const RuleSet> kept = rules;
  ASSERT_TRUE(desk.ask(rules, "a.example"));
  rules.reset();
  EXPECT_TRUE(kept.expired());
}

TEST(NameDesk, RefusesWhatIsNoName) {
  NameDesk desk;
  const auto rules = figures_of("book = \"b\";", 0).rules;
  for (const std::string& name :
       {std::string(), std::string("a b"), std::string("https://example.com/"), std::string("*.com"),
        std::string(".example.com"), std::string("/re/"), std::string(254, 'a'),
        std::string("<script>alert(1)</script>"), std::string("\xff\xfe"), std::string("a\0b", 3)})
    EXPECT_FALSE(desk.ask(rules, name)) << name;
  EXPECT_TRUE(desk.ask(rules,
                       "b\xc3\xbc"
                       "cher.example"));
}

}  // namespace
}  // namespace slowlane

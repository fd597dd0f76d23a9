#include "rules/lint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "rules/keys.h"
#include "tests/support/random_books.h"

namespace slowlane {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

Term term(std::string_view key, TermValue value) {
  Term one;
  one.key = static_cast<std::uint8_t>(find_key(key));
  one.value = std::move(value);
  return one;
}

HostPattern pattern(HostPattern::Kind kind, std::string text, int line = 1) {
  const std::string written = kind == HostPattern::Kind::suffix ? "." + text : text;
  return {kind, std::move(text), written, {"t.cfg", line}};
}
HostPattern exact(const char* text, int line = 1) { return pattern(HostPattern::Kind::exact, text, line); }
HostPattern suffix(const char* text, int line = 1) { return pattern(HostPattern::Kind::suffix, text, line); }
HostPattern glob(const char* text, int line = 1) { return pattern(HostPattern::Kind::glob, text, line); }
Term hosts(HostPatterns patterns) { return term("host", std::move(patterns)); }
Term tcp() { return term("transport", NumberRanges{{6, 6}}); }
Term prefix(const char* text) { return term("server", Prefixes{*parse_prefix(text)}); }

// A book in which rule n stands in line 10 * n, and whose one class is used.
struct Draft {
  Book book;

  Draft() {
    book.files = {"t.cfg"};
    ClassSpec spec;
    spec.name = "slow";
    spec.place = {"t.cfg", 1};
    book.classes.push_back(spec);
    book.otherwise = "slow";
  }
  Draft& rule(std::vector<Term> terms, Mode mode = Mode::enforce, std::vector<Condition> negated = {}) {
    Rule one;
    one.place = {"t.cfg", static_cast<int>(10 * (book.rules.size() + 1))};
    one.name = "r" + std::to_string(book.rules.size());
    one.when = {std::move(terms), std::move(negated)};
    one.then = "pass";
    one.mode = mode;
    book.rules.push_back(one);
    return *this;
  }
  std::vector<std::string> lint(const Dictionary& dictionary = {}) const {
    std::vector<std::string> lines;
    for (const Diagnostic& one : slowlane::lint(book, dictionary)) lines.push_back(one.print());
    return lines;
  }
};

TEST(LintGlobs, AShortPieceInsideOtherWordsIsSaidWithTheNamesItReaches) {
  EXPECT_THAT(Draft().rule({hosts({glob("*t.co*", 3)})}).lint(),
              ElementsAre(AllOf(HasSubstr("t.cfg:3: glob \"*t.co*\" in rule \"r0\""),
                                HasSubstr("reaches reddit.com, microsoft.com"), HasSubstr("\".t.co\""))));
}

TEST(LintGlobs, AShortPieceIsBroadEvenWhereNoWellKnownNameHoldsIt) {
  EXPECT_THAT(Draft().rule({hosts({glob("*qzx*")})}).lint(), ElementsAre(HasSubstr("may stand inside longer words")));
}

TEST(LintGlobs, ALongNameWithoutADotInFrontIsBroadOnlyIfAnotherNameEndsInIt) {
  EXPECT_THAT(Draft().rule({hosts({glob("*stagram.com")})}).lint(), ElementsAre(HasSubstr("instagram.com")));
  EXPECT_THAT(Draft().rule({hosts({glob("*twitter.com")})}).lint(), IsEmpty());
}

TEST(LintGlobs, OneThatStopsAtLabelsIsFine) {
  EXPECT_THAT(
      Draft()
          .rule({hosts({glob("*.t.co"), glob("t.co.*"), glob("r*.googlevideo.com"), glob("*.com"), glob("*torrent*")})})
          .lint(),
      IsEmpty());
}

TEST(LintGlobs, StarsAndDotsAloneAreNearlyEveryName) {
  EXPECT_THAT(Draft().rule({hosts({glob("*.*")})}).lint(), ElementsAre(HasSubstr("fits nearly every name")));
}

TEST(LintGlobs, GlobsInNegatedGroupsCountAndRulesThatAreOffDoNot) {
  EXPECT_THAT(Draft().rule({tcp()}, Mode::enforce, {{{hosts({glob("*t.co*")})}, {}}}).lint(),
              ElementsAre(HasSubstr("*t.co*")));
  EXPECT_THAT(Draft().rule({hosts({glob("*t.co*")})}, Mode::off).lint(), IsEmpty());
}

TEST(LintDuplicates, TwiceInOneRuleIsSaidWithTheFirstPlace) {
  EXPECT_THAT(Draft().rule({hosts({exact("a.com", 3), suffix("a.com", 4), exact("a.com", 5)})}).lint(),
              ElementsAre("t.cfg:5: \"a.com\" stands twice in rule \"r0\", first at t.cfg:3"));
}

TEST(LintDuplicates, ANameThatAnEarlierRuleTakesIsNeverReached) {
  EXPECT_THAT(
      Draft().rule({hosts({suffix("a.com", 3)})}).rule({hosts({exact("x.a.com", 4), exact("b.com", 5)})}).lint(),
      ElementsAre("t.cfg:4: \"x.a.com\" in rule \"r1\" is never reached: \".a.com\" of rule \"r0\" (t.cfg:3) "
                  "takes it"));
}

TEST(LintDuplicates, ARuleWhoseNamesAreAllTakenCanNeverMatch) {
  EXPECT_THAT(Draft()
                  .rule({hosts({suffix("a.com", 3)})})
                  .rule({hosts({glob("*foo*.net", 4)})})
                  .rule({hosts({glob("*.b.a.com"), glob("xfoo*.net"), exact("foo.net")}), tcp()})
                  .lint(),
              ElementsAre(HasSubstr("t.cfg:30: rule \"r2\" can never match: earlier rules take all its names")));
}

TEST(LintDuplicates, AnEarlierRuleWithFurtherKeysTakesNothingForSure) {
  EXPECT_THAT(Draft().rule({hosts({suffix("a.com")}), tcp()}).rule({hosts({exact("a.com"), exact("b.com")})}).lint(),
              IsEmpty());
  EXPECT_THAT(Draft().rule({hosts({suffix("a.com")})}, Mode::observe).rule({hosts({exact("a.com")})}).lint(),
              IsEmpty());
}

TEST(LintDuplicates, NamesFromDnsAreNotTakenByARuleThatDoesNotCountThem) {
  EXPECT_THAT(Draft()
                  .rule({hosts({suffix("a.com")})})
                  .rule({hosts({exact("a.com")}), term("host_from", Sources{NameSource::dns})})
                  .lint(),
              IsEmpty());
}

TEST(LintDuplicates, ALongListIsNotSaidNameByName) {
  HostPatterns list;
  for (int i = 0; i < 100; ++i) list.push_back(exact(("h" + std::to_string(i % 50) + ".com").c_str()));
  const std::vector<std::string> lines = Draft().rule({hosts(list)}).lint();
  EXPECT_EQ(lines.size(), 21u);
  EXPECT_THAT(lines, ::testing::Contains(HasSubstr("30 more names that stand twice")));
}

TEST(LintShadows, NothingIsReachedBelowARuleThatTakesEveryFlow) {
  EXPECT_THAT(
      Draft().rule({}).rule({tcp()}).rule({}, Mode::observe).lint(),
      ElementsAre(HasSubstr("t.cfg:20: rule \"r1\" can never match: rule \"r0\" (line 10) above it takes every flow"),
                  HasSubstr("t.cfg:30: rule \"r2\"")));
  EXPECT_THAT(Draft().rule({}, Mode::observe).rule({tcp()}).rule({}, Mode::off).lint(), IsEmpty());
}

TEST(LintShadows, WiderConditionsAboveLeaveNothing) {
  EXPECT_THAT(Draft().rule({prefix("10.0.0.0/8")}).rule({prefix("10.1.0.0/16"), tcp()}).lint(),
              ElementsAre(HasSubstr("rule \"r1\" can never match: rule \"r0\" (line 10)")));
  EXPECT_THAT(Draft().rule({prefix("10.1.0.0/16")}).rule({prefix("10.0.0.0/8")}).lint(), IsEmpty());
}

TEST(LintShadows, ANegatedGroupNarrowsARule) {
  const Condition ten{{prefix("10.0.0.0/8")}, {}};
  const Condition part{{prefix("10.1.0.0/16")}, {}};
  EXPECT_THAT(Draft().rule({tcp()}, Mode::enforce, {ten}).rule({tcp()}).lint(), IsEmpty());
  EXPECT_THAT(Draft().rule({tcp()}, Mode::enforce, {part}).rule({tcp()}, Mode::enforce, {ten}).lint(),
              ElementsAre(HasSubstr("rule \"r1\" can never match")));
  EXPECT_THAT(Draft().rule({tcp()}, Mode::enforce, {ten}).rule({tcp()}, Mode::enforce, {part}).lint(), IsEmpty());
}

TEST(LintShadows, ARuleIsCalledDeadOnce) {
  EXPECT_THAT(Draft().rule({hosts({exact("a.com")})}).rule({hosts({exact("a.com")})}).lint(),
              ElementsAre(HasSubstr("can never match")));
}

TEST(LintClasses, UnusedOnesAndSmallBurstsAreSaid) {
  Draft draft;
  ClassSpec spec;
  spec.name = "idle";
  spec.place = {"t.cfg", 2};
  spec.police = Police{1'000'000, 5999};
  draft.book.classes.push_back(spec);
  EXPECT_THAT(draft.lint(), ElementsAre("t.cfg:2: class \"idle\" is never used",
                                        AllOf(HasSubstr("police burst of 5999B"), HasSubstr("4 MTU"))));
}

TEST(LintClasses, ABurstOfFourPacketsAndAShapersDefaultAreFine) {
  Draft draft;
  draft.book.classes[0].police = Police{1'000'000, 6000};
  Shape shape;
  shape.rate = 1'000'000;
  shape.burst = 3000;
  draft.book.classes[0].shape = shape;
  EXPECT_THAT(draft.lint(), IsEmpty());
}

TEST(LintDelays, ASlowRuleAboveAQuickOneIsSaid) {
  EXPECT_THAT(Draft().rule({hosts({exact("a.com")})}).rule({prefix("10.0.0.0/8")}).rule({tcp()}).lint(),
              ElementsAre(AllOf(HasSubstr("t.cfg:10: rule \"r0\" waits for a server name"),
                                HasSubstr("keeps rule \"r1\" and 1 more below it waiting"))));
  EXPECT_THAT(Draft().rule({term("protocol", Texts{"BitTorrent"})}).rule({hosts({exact("a.com")})}).lint(),
              ElementsAre(HasSubstr("waits for the application")));
}

TEST(LintDelays, RulesThatNoFlowCanBothFitDoNotDelayEachOther) {
  const Term udp = term("transport", NumberRanges{{17, 17}});
  EXPECT_THAT(Draft().rule({hosts({exact("a.com")}), udp}).rule({tcp()}).lint(), IsEmpty());
  EXPECT_THAT(Draft().rule({hosts({exact("a.com")})}, Mode::observe).rule({tcp()}).lint(), IsEmpty());
  EXPECT_THAT(Draft().rule({tcp()}).rule({hosts({exact("a.com")})}).lint(), IsEmpty());
}

TEST(LintProtocols, NamesThatNoDictionaryKnowsGetAHint) {
  Draft draft;
  draft.rule({term("protocol", Texts{"BitTorent", "tls.youtube", "unknown", "TLS.YouTub"})});
  draft.book.rules[0].when.terms[0].place = {"t.cfg", 4};
  EXPECT_THAT(
      draft.lint(RandomBooks::dictionary()),
      ElementsAre(AllOf(HasSubstr("t.cfg:4"), HasSubstr("no protocol \"BitTorent\""), HasSubstr("\"bittorrent\"")),
                  AllOf(HasSubstr("\"TLS.YouTub\""), HasSubstr("\"youtube\""))));
  EXPECT_THAT(draft.lint(), IsEmpty()) << "an empty dictionary says nothing";
}

TEST(Lint, WarningsComeInFileOrder) {
  Draft draft;
  draft.book.files = {"t.cfg", "list.txt"};
  HostPattern listed = glob("*t.co*", 2);
  listed.place.file = "list.txt";
  draft.rule({hosts({listed, glob("*qzx*", 30)})}).rule({});
  draft.rule({tcp()});
  const std::vector<std::string> lines = draft.lint();
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_THAT(lines[0], HasSubstr("t.cfg:10"));
  EXPECT_THAT(lines[1], HasSubstr("t.cfg:30"));
  EXPECT_THAT(lines[2], HasSubstr("t.cfg:30"));
  EXPECT_THAT(lines[3], HasSubstr("list.txt:2"));
}

}  // namespace
}  // namespace slowlane

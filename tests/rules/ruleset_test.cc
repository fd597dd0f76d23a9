#include "rules/ruleset.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "rules/keys.h"
#include "tests/support/random_books.h"

namespace slowlane {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

Term term(std::string_view key, TermValue value) {
  Term one;
  one.key = static_cast<std::uint8_t>(find_key(key));
  one.value = std::move(value);
  one.place = {"t.cfg", 1};
  return one;
}

Term host(std::initializer_list<const char*> suffixes) {
  HostPatterns patterns;
  for (const char* text : suffixes) patterns.push_back({HostPattern::Kind::suffix, text, text, {"t.cfg", 1}});
  return term("host", patterns);
}

Term tcp() { return term("transport", NumberRanges{{6, 6}}); }
Term udp() { return term("transport", NumberRanges{{17, 17}}); }
Term protocol(const char* name) { return term("protocol", Texts{name}); }

// A book with the classes "slow" and "gone", written rule by rule.
struct Draft {
  Book book;

  Draft() {
    for (const char* name : {"slow", "gone"}) {
      ClassSpec spec;
      spec.name = name;
      book.classes.push_back(spec);
    }
  }
  Draft& rule(std::vector<Term> terms, const char* then, Mode mode = Mode::enforce,
              std::vector<Condition> negated = {}) {
    Rule one;
    one.name = "r" + std::to_string(book.rules.size());
    one.when = {std::move(terms), std::move(negated)};
    one.then = then;
    one.mode = mode;
    book.rules.push_back(one);
    return *this;
  }
};

// A compiled book and one flow to ask about, of which nothing slow is known at first.
struct Asked {
  std::unique_ptr<const RuleSet> rules;
  RuleSet::ScratchPtr scratch;
  std::vector<HostName> names;
  Facts facts;

  explicit Asked(Book book) {
    auto compiled = RuleSet::compile(std::move(book), RandomBooks::dictionary());
    if (!compiled) {
      for (const Diagnostic& one : compiled.diagnostics()) ADD_FAILURE() << one.print();
      return;
    }
    rules = std::move(*compiled);
    scratch = rules->make_scratch();
    facts.transport = 6;
  }
  explicit Asked(const Draft& draft) : Asked(draft.book) {}

  Asked& name(std::string_view text, NameSource source = NameSource::tls) {
    names.push_back({text, source});
    facts.names = names;
    return *this;
  }
  Asked& no_more_names() {
    facts.more_names = false;
    return *this;
  }
  Asked& application(ProtocolId master, ProtocolId app) {
    facts.application = Known::yes;
    facts.master = master;
    facts.app = app;
    return *this;
  }
  Verdict judge() { return rules->judge(facts, *scratch); }
  std::string cls() { return rules->classes()[judge().cls].name; }
};

TEST(Judge, TheFirstTrueRuleWins) {
  Asked asked(Draft().rule({udp()}, "gone").rule({tcp()}, "slow").rule({}, "gone"));
  const Verdict verdict = asked.judge();
  EXPECT_EQ(asked.cls(), "slow");
  EXPECT_EQ(verdict.rule, 1);
  EXPECT_TRUE(verdict.settled);
  EXPECT_FALSE(verdict.wants_more);
}

TEST(Judge, WhereNoRuleIsTrueOtherwiseDecides) {
  Draft draft;
  draft.rule({udp()}, "gone").book.otherwise = "slow";
  Asked asked(draft);
  EXPECT_EQ(asked.cls(), "slow");
  EXPECT_EQ(asked.judge().rule, kNoRule);
  EXPECT_TRUE(asked.judge().settled);
}

TEST(Judge, ARuleNotYetKnownMakesTheFlowPendingWhateverOtherwiseSays) {
  Draft draft;
  draft.rule({host({"a.com"})}, "slow").book.otherwise = "gone";
  Asked asked(draft);
  EXPECT_EQ(asked.judge().cls, kPending);
  EXPECT_FALSE(asked.judge().settled);
  EXPECT_TRUE(asked.judge().wants_more);
  EXPECT_EQ(asked.name("www.a.com").no_more_names().cls(), "slow");
  EXPECT_EQ(asked.judge().deciding_name, 0);
}

TEST(Judge, ATrueRuleWaitsForANotYetKnownOneAbove) {
  Asked asked(Draft().rule({protocol("BitTorrent")}, "gone").rule({tcp()}, "slow"));
  EXPECT_EQ(asked.judge().cls, kPending);
  EXPECT_TRUE(asked.judge().wants_application);
  asked.application(91, 124);
  EXPECT_EQ(asked.cls(), "slow");
}

TEST(Judge, ARuleNotYetKnownBelowTheTrueOneDoesNotMatter) {
  Asked asked(Draft().rule({tcp()}, "slow").rule({protocol("BitTorrent")}, "gone"));
  EXPECT_TRUE(asked.judge().settled);
  EXPECT_FALSE(asked.judge().wants_application);
}

TEST(Judge, AKnownFalseTermEndsTheWaitForTheOthers) {
  Asked asked(Draft().rule({udp(), protocol("BitTorrent"), term("payload", Texts{"x"})}, "gone"));
  const Verdict verdict = asked.judge();
  EXPECT_TRUE(verdict.settled);
  EXPECT_EQ(verdict.cls, kPass);
  EXPECT_FALSE(verdict.wants_application);
  EXPECT_FALSE(verdict.wants_payload);
}

TEST(Judge, NegationOfNotYetKnownIsNotYetKnown) {
  Asked asked(Draft().rule({tcp()}, "slow", Mode::enforce, {{{host({"a.com"})}, {}}}));
  EXPECT_EQ(asked.judge().cls, kPending);
  asked.name("b.com").no_more_names();
  EXPECT_EQ(asked.cls(), "slow");
  asked.names.clear();
  EXPECT_EQ(asked.name("x.a.com").cls(), "pass");
}

TEST(Judge, ObserveRulesAreNotedAndNeverDecide) {
  Asked asked(Draft().rule({tcp()}, "gone", Mode::observe).rule({}, "gone", Mode::off).rule({tcp()}, "slow"));
  EXPECT_EQ(asked.cls(), "slow");
  EXPECT_THAT(asked.judge().observed_rules(), ElementsAre(0));
}

TEST(Judge, AnObserveRuleBelowTheDecidingOneIsNotNoted) {
  Asked asked(Draft().rule({tcp()}, "slow").rule({tcp()}, "gone", Mode::observe));
  EXPECT_THAT(asked.judge().observed_rules(), SizeIs(0));
}

TEST(Judge, AnObserveRuleStillWaitingKeepsAskingAfterTheDecision) {
  Asked asked(Draft().rule({protocol("BitTorrent")}, "gone", Mode::observe).rule({tcp()}, "slow"));
  EXPECT_TRUE(asked.judge().settled);
  EXPECT_TRUE(asked.judge().wants_application);
  EXPECT_TRUE(asked.judge().wants_more);
  asked.application(37, 0);
  EXPECT_EQ(asked.cls(), "slow");
  EXPECT_FALSE(asked.judge().wants_more);
  EXPECT_THAT(asked.judge().observed_rules(), ElementsAre(0));
}

TEST(Judge, AnObserveRuleIsNotedOnlyWhenNothingAboveItMayStillDecide) {
  Asked asked(Draft().rule({host({"a.com"})}, "slow").rule({tcp()}, "gone", Mode::observe));
  EXPECT_THAT(asked.judge().observed_rules(), SizeIs(0));
  EXPECT_THAT(asked.name("b.com").no_more_names().judge().observed_rules(), ElementsAre(1));
}

TEST(Judge, DnsNamesCountOnlyWhereHostFromAsksForThem) {
  Asked plain(Draft().rule({host({"a.com"})}, "slow"));
  EXPECT_EQ(plain.name("a.com", NameSource::dns).no_more_names().cls(), "pass");
  Asked asked(Draft().rule({host({"a.com"}), term("host_from", Sources{NameSource::dns})}, "slow"));
  EXPECT_EQ(asked.name("a.com", NameSource::dns).no_more_names().cls(), "slow");
}

TEST(Judge, HostFromRestrictsWhichNamesCount) {
  Asked asked(Draft().rule({host({"a.com"}), term("host_from", Sources{NameSource::tls})}, "slow"));
  asked.name("a.com", NameSource::http).name("b.com", NameSource::tls).no_more_names();
  EXPECT_EQ(asked.cls(), "pass") << "the name that fits is not from TLS";
}

TEST(Judge, ANegatedGroupCountsTheNamesOfTheRuleAroundIt) {
  Asked asked(
      Draft().rule({term("host_from", Sources{NameSource::dns})}, "slow", Mode::enforce, {{{host({"a.com"})}, {}}}));
  EXPECT_EQ(asked.name("a.com", NameSource::dns).no_more_names().cls(), "pass");
}

TEST(Judge, TheFirstNameThatARuleMatchesDecidesWhateverMayFollow) {
  Asked asked(Draft().rule({host({"b.com"})}, "gone").rule({host({"a.com"})}, "slow"));
  asked.name("a.com", NameSource::http);
  EXPECT_EQ(asked.cls(), "slow");
  EXPECT_TRUE(asked.judge().settled);
  asked.name("b.com").no_more_names();
  EXPECT_EQ(asked.cls(), "slow") << "the rules may be asked again with all names";
  EXPECT_EQ(asked.judge().deciding_name, 0);
}

TEST(Judge, ANameThatMatchesNothingLeavesTheFlowPendingWhileMoreMayCome) {
  Asked asked(Draft().rule({host({"b.com"})}, "gone").rule({tcp()}, "slow"));
  asked.name("proxy.net", NameSource::http);
  EXPECT_EQ(asked.judge().cls, kPending) << "a rule without a name is no reason to stop looking";
  asked.name("www.b.com").no_more_names();
  EXPECT_EQ(asked.cls(), "gone");
  EXPECT_EQ(asked.judge().deciding_name, 1);
}

TEST(Judge, ATrailingDotIsIgnoredUnlessTheBookKeepsIt) {
  Draft draft;
  draft.rule({term("host", HostPatterns{{HostPattern::Kind::exact, "a.com", "a.com", {}},
                                        {HostPattern::Kind::glob, "b*.net", "b*.net", {}}})},
             "slow");
  EXPECT_EQ(Asked(draft).name("a.com.").no_more_names().cls(), "slow");
  EXPECT_EQ(Asked(draft).name("bx.net.").no_more_names().cls(), "slow");
  draft.book.inspection.trailing_dot = Inspection::TrailingDot::keep;
  EXPECT_EQ(Asked(draft).name("a.com.").no_more_names().cls(), "pass");
  EXPECT_EQ(Asked(draft).name("a.com").no_more_names().cls(), "slow");
}

TEST(Judge, AProtocolNameAloneMeansMasterOrApplication) {
  const Draft draft = Draft().rule({protocol("YouTube")}, "slow").rule({protocol("tls.YOUTUBE")}, "gone");
  EXPECT_EQ(Asked(draft).application(91, 124).cls(), "slow");
  EXPECT_EQ(Asked(draft).application(124, 0).cls(), "slow");
  EXPECT_EQ(Asked(draft).application(91, 0).cls(), "pass");
  const Draft pair = Draft().rule({protocol("tls.YouTube")}, "gone");
  EXPECT_EQ(Asked(pair).application(91, 124).cls(), "gone");
  EXPECT_EQ(Asked(pair).application(188, 124).cls(), "pass");
}

TEST(Judge, UnknownIsTheProtocolOfFlowsWithoutOne) {
  const Draft draft = Draft().rule({protocol("Unknown")}, "slow");
  EXPECT_EQ(Asked(draft).judge().cls, kPending);
  EXPECT_EQ(Asked(draft).application(0, 0).cls(), "slow");
  EXPECT_EQ(Asked(draft).application(91, 0).cls(), "pass");
  Asked asked(draft);
  asked.facts.application = Known::absent;
  EXPECT_EQ(asked.cls(), "slow");
}

TEST(Judge, AProtocolThatNobodyKnowsIsNeverTrueAndNotWaitedFor) {
  Asked asked(Draft().rule({protocol("NoSuchThing")}, "slow"));
  EXPECT_TRUE(asked.judge().settled);
  EXPECT_EQ(asked.cls(), "pass");
  EXPECT_FALSE(asked.rules->needs().application);
}

TEST(Judge, PayloadPatternsSeeTheFirstKilobyte) {
  Asked asked(Draft().rule({term("payload", Texts{"^GET", "needle"})}, "slow"));
  EXPECT_TRUE(asked.rules->needs().payload);
  EXPECT_TRUE(asked.judge().wants_payload);
  std::string payload(2000, '.');
  payload.replace(1500, 6, "needle");
  asked.facts.payload = Known::yes;
  asked.facts.payload_bytes = {reinterpret_cast<const std::uint8_t*>(payload.data()), payload.size()};
  EXPECT_EQ(asked.cls(), "pass");
  payload.replace(500, 6, "needle");
  EXPECT_EQ(asked.cls(), "slow");
}

TEST(Compile, NamesEveryPatternThatHyperscanRefusesWithItsPlace) {
  Draft draft;
  draft.rule({term("host", HostPatterns{{HostPattern::Kind::regex, "(a", "/(a/", {"list.txt", 7}},
                                        {HostPattern::Kind::regex, "fine", "/fine/", {"t.cfg", 3}}})},
             "slow");
  Term payload = term("payload", Texts{"[b"});
  payload.place = {"t.cfg", 9};
  draft.rule({payload}, "slow");
  const auto result = RuleSet::compile(draft.book, {});
  ASSERT_FALSE(result);
  ASSERT_THAT(result.diagnostics(), SizeIs(2));
  EXPECT_THAT(result.diagnostics()[0].print(), HasSubstr("list.txt:7: Hyperscan refuses /(a/"));
  EXPECT_THAT(result.diagnostics()[1].print(), HasSubstr("t.cfg:9: Hyperscan refuses /[b/"));
}

TEST(Compile, ATooLongBookIsRefused) {
  Draft draft;
  for (int i = 0; i < 65'001; ++i) draft.rule({}, "slow", Mode::off);
  const auto result = RuleSet::compile(draft.book, {});
  ASSERT_FALSE(result);
  EXPECT_THAT(result.diagnostics()[0].text, HasSubstr("65001 rules: at most 65000"));
}

TEST(Compile, AnUnknownClassIsRefusedEvenInABookMadeByHand) {
  const auto result = RuleSet::compile(Draft().rule({}, "nosuch").book, {});
  ASSERT_FALSE(result);
  EXPECT_THAT(result.diagnostics()[0].text, HasSubstr("nosuch"));
}

Expectation expectation(const char* name, const char* then, int line) {
  Expectation one;
  one.host = name;
  one.then = then;
  one.place = {"t.cfg", line};
  return one;
}

TEST(Expectations, ThoseThatFailAreNamedWithClassAndRule) {
  Draft draft;
  draft.rule({host({"a.com"})}, "slow");
  draft.book.expects = {expectation("www.a.com", "slow", 5), expectation("www.a.com", "gone", 6),
                        expectation("b.com", "slow", 7)};
  const auto result = RuleSet::compile(draft.book, {});
  ASSERT_FALSE(result);
  ASSERT_THAT(result.diagnostics(), SizeIs(2));
  EXPECT_EQ(result.diagnostics()[0].print(),
            "t.cfg:6: expect host www.a.com: got class \"slow\" by rule \"r0\", wanted \"gone\"");
  EXPECT_EQ(result.diagnostics()[1].print(),
            "t.cfg:7: expect host b.com: got class \"pass\" by \"otherwise\", wanted \"slow\"");
}

TEST(Expectations, AProtocolAloneIsTheApplicationUnderTheNamesOwnProtocol) {
  Draft draft;
  draft.rule({protocol("TLS.YouTube")}, "slow").rule({protocol("BitTorrent")}, "gone");
  Expectation video = expectation("r1.googlevideo.com", "slow", 1);
  video.protocol = "YouTube";
  Expectation torrent;
  torrent.protocol = "bittorrent";
  torrent.then = "gone";
  Expectation strange;
  strange.protocol = "NoSuchThing";
  strange.then = "pass";
  draft.book.expects = {video, torrent, strange};
  const auto result = RuleSet::compile(draft.book, RandomBooks::dictionary());
  EXPECT_TRUE(result) << result.diagnostics().front().print();
}

TEST(Explain, EveryTermOfEveryRuleIsAnswered) {
  Asked asked(Draft()
                  .rule({udp(), protocol("BitTorrent")}, "gone")
                  .rule({host({"a.com", "b.com", "c.com", "d.com", "e.com"})}, "slow", Mode::enforce, {{{tcp()}, {}}})
                  .rule({}, "gone", Mode::off));
  const std::vector<RuleAnswer> answers = asked.rules->explain(asked.facts, *asked.scratch);
  ASSERT_THAT(answers, SizeIs(3));
  EXPECT_EQ(answers[0].answer, Tri::no);
  ASSERT_THAT(answers[0].terms, SizeIs(2));
  EXPECT_EQ(answers[0].terms[0].key, "transport");
  EXPECT_EQ(answers[0].terms[0].expected, "udp");
  EXPECT_EQ(answers[0].terms[0].answer, Tri::no);
  EXPECT_EQ(answers[0].terms[1].answer, Tri::not_yet);
  EXPECT_EQ(answers[0].terms[1].needs, "the application");
  ASSERT_THAT(answers[1].terms, SizeIs(2));
  EXPECT_EQ(answers[1].terms[0].expected, "\"a.com\", \"b.com\", \"c.com\" and 2 more");
  EXPECT_EQ(answers[1].terms[1].key, "not.transport");
  EXPECT_EQ(answers[1].terms[1].answer, Tri::yes);
  EXPECT_EQ(answers[2].answer, Tri::yes);
}

}  // namespace
}  // namespace slowlane

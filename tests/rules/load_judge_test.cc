#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "rules/lint.h"
#include "rules/load.h"
#include "rules/ruleset.h"

namespace slowlane {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr ProtocolId kTls = 91;
constexpr ProtocolId kBitTorrent = 37;

Dictionary dictionary() {
  Dictionary names;
  names.protocols = {{"tls", kTls}, {"bittorrent", kBitTorrent}};
  return names;
}

// The contract's example, read from its file, asked about one flow.
class ExampleBook : public testing::Test {
 protected:
  ExampleBook() {
    auto book = load_book(std::string(SLOWLANE_SOURCE) + "/rules/book/example.cfg");
    if (!book) throw std::runtime_error(book.diagnostics().front().print());
    auto compiled = RuleSet::compile(std::move(*book), dictionary());
    if (!compiled) throw std::runtime_error(compiled.diagnostics().front().print());
    rules_ = std::move(*compiled);
    scratch_ = rules_->make_scratch();
    facts_.transport = 6;
    facts_.server = *parse_address("198.51.100.7");
  }
  void learn_name(std::string_view text) {
    name_ = {text, NameSource::tls};
    facts_.names = {&name_, 1};
    facts_.more_names = false;
  }
  Verdict judge() { return rules_->judge(facts_, *scratch_); }
  std::string cls() { return rules_->classes()[judge().cls].name; }

  std::unique_ptr<const RuleSet> rules_;
  RuleSet::ScratchPtr scratch_;
  HostName name_;
  Facts facts_;
};

TEST_F(ExampleBook, IsPendingUntilTheNameIsKnownAndThenSlow) {
  EXPECT_EQ(cls(), "pending");
  EXPECT_TRUE(judge().wants_application) << "the observe rule p2p may still be noted";
  learn_name("abs.twimg.com");
  EXPECT_EQ(cls(), "slow");
  EXPECT_FALSE(judge().wants_more) << "media stands above everything that is not known";
}

TEST_F(ExampleBook, TwimgItselfAndNamesThatOnlyEndAlikeAreLeftAlone) {
  learn_name("twimg.com");
  EXPECT_EQ(cls(), "pass");
  learn_name("reddit.com");
  EXPECT_EQ(cls(), "pass");
  learn_name("t.co");
  EXPECT_EQ(cls(), "slow");
}

TEST_F(ExampleBook, RulesForTheInsideLeaveConnectionsFromOutsideAlone) {
  facts_.initiator = Side::outside;
  learn_name("abs.twimg.com");
  EXPECT_EQ(cls(), "pass");
}

TEST_F(ExampleBook, BitTorrentIsObservedAndPasses) {
  facts_.more_names = false;
  EXPECT_TRUE(judge().settled);
  EXPECT_TRUE(judge().wants_application);
  facts_.application = Known::yes;
  facts_.master = kBitTorrent;
  EXPECT_EQ(cls(), "pass");
  EXPECT_THAT(judge().observed_rules(), ElementsAre(2));
  EXPECT_TRUE(rules_->needs().application);
  EXPECT_FALSE(rules_->needs().payload);
}

TEST_F(ExampleBook, ServersOfTheLanPassByTheirRuleOnceNoNameComes) {
  facts_.server = *parse_address("10.1.2.3");
  EXPECT_EQ(cls(), "pending");
  facts_.more_names = false;
  EXPECT_EQ(judge().rule, 3);
}

TEST_F(ExampleBook, LintSaysThatTheLanRuleWaits) {
  std::vector<std::string> texts;
  for (const Diagnostic& one : lint(rules_->book(), dictionary())) texts.push_back(one.text);
  EXPECT_THAT(texts, Contains(HasSubstr("keeps rule \"lan\" below it waiting")));
}

}  // namespace
}  // namespace slowlane

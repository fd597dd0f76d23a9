#include "rules/rule_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/keys.h"
#include "tests/rules/texts.h"

namespace slowlane {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Partly<std::vector<Rule>> rules_of(const std::string& text) {
  HostLists lists;
  HostPattern name;
  name.text = "listed.example";
  lists.add("v", {name});
  return read_rules(value_of(text), lists, {"pass", "slow"});
}

TEST(RuleList, KeepsTheOrderOfRulesAndOfTheirTerms) {
  const auto read = rules_of(
      "( { name = \"a\"; when = { vlan = 7; host = \"x.com\"; ech = true; }; then = \"slow\"; },\n"
      "  { name = \"b\"; when = { }; then = \"pass\"; } )");
  ASSERT_THAT(read.mistakes, IsEmpty());
  ASSERT_EQ(read.value.size(), 2u);
  std::vector<std::string> names;
  for (const Term& term : read.value[0].when.terms) names.emplace_back(keys()[term.key].name);
  EXPECT_THAT(names, ElementsAre("vlan", "host", "ech"));
  EXPECT_EQ(read.value[1].place.line, 2);
  EXPECT_TRUE(read.value[1].when.terms.empty());
}

TEST(RuleList, EveryUseOfAListHasItsPatterns) {
  const auto read = rules_of(
      "( { name = \"a\"; when = { host_list = [\"v\", \"v\"]; }; then = \"slow\"; },\n"
      "  { name = \"b\"; when = { host_list = \"v\"; not = ( { host_list = \"v\"; }, { } ); }; then = \"pass\"; } )");
  ASSERT_THAT(read.mistakes, IsEmpty());
  EXPECT_EQ(std::get<HostPatterns>(read.value[0].when.terms[0].value).size(), 2u);
  EXPECT_EQ(std::get<HostPatterns>(read.value[1].when.terms[0].value).size(), 1u);
  EXPECT_EQ(std::get<HostPatterns>(read.value[1].when.negated[0].terms[0].value)[0].text, "listed.example");
}

TEST(RuleList, AListAloneStaysAListKey) {
  const auto read = rules_of("( { name = \"a\"; when = { host_list = \"v\"; }; then = \"slow\"; } )");
  ASSERT_THAT(read.mistakes, IsEmpty());
  EXPECT_EQ(read.value[0].when.terms[0].key, find_key("host_list"));
}

TEST(RuleList, MistakesOfOneRuleDoNotHideThoseOfTheNext) {
  const auto read = rules_of(
      "( { name = \"a\"; when = { vlan = \"x\"; }; then = \"slo\"; },\n"
      "  { name = \"b\"; when = ( ); then = \"slow\"; mode = \"on\"; }, 5 )");
  const std::string said = printed(read.mistakes);
  EXPECT_THAT(said, HasSubstr("test.cfg:1: rule \"a\": vlan: takes a VLAN number"));
  EXPECT_THAT(said, HasSubstr("test.cfg:1: rule \"a\": there is no class \"slo\"; did you mean \"slow\"?"));
  EXPECT_THAT(said, HasSubstr("test.cfg:2: rule \"b\": when: takes a group { ... } of match keys, not a list"));
  EXPECT_THAT(said, HasSubstr("test.cfg:2: rule \"b\": mode: takes enforce, observe or off, not \"on\""));
  EXPECT_THAT(said, HasSubstr("test.cfg:2: rule: takes a group { ... }, not 5"));
  EXPECT_EQ(read.mistakes.size(), 5u);
}

TEST(RuleList, RulesAreAtMostWhatAnIdCanCount) {
  std::string text = "(";
  for (int i = 0; i < 65535; ++i) text += "{name=\"" + std::to_string(i) + "\";when={};then=\"pass\";},";
  text.back() = ')';
  EXPECT_THAT(printed(rules_of(text).mistakes), HasSubstr("at most 65535 rules"));
}

}  // namespace
}  // namespace slowlane

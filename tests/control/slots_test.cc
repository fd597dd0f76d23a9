#include "control/slots.h"

#include <gtest/gtest.h>

#include <set>
#include <stdexcept>

#include "tests/support/box.h"

namespace slowlane {
namespace {

std::string book(const std::string& classes, const std::string& rules = "") {
  return "book = \"b\"; classes = ( " + classes + " ); rules = ( " + rules + " );";
}
std::string police(const std::string& name, const std::string& rate = "1mbit", const std::string& scope = "flow") {
  return "{ name = \"" + name + "\"; police = { rate = \"" + rate + "\"; scope = \"" + scope + "\"; }; }";
}
std::string rule(const std::string& name, const std::string& when = "server_port = 1;") {
  return "{ name = \"" + name + "\"; when = { " + when + " }; then = \"pass\"; }";
}

class SlotsOfARun : public testing::Test {
 protected:
  Slots::Dealt deal(const std::string& text) {
    auto dealt = slots.deal(rules_of(text), 1, [this](ClassId slot) { return used.contains(slot); });
    if (!dealt) throw std::runtime_error(dealt.diagnostics().front().text);
    return std::move(*dealt);
  }
  Slots slots{{6, 4}};
  std::set<ClassId> used;
};

TEST_F(SlotsOfARun, TheFirstBookHasItsOwnNumbers) {
  const auto first = deal(book(police("a") + ", " + police("b"), rule("x") + ", " + rule("y")));
  EXPECT_EQ(first.snapshot->class_slot, (std::vector<ClassId>{0, 1, 2, 3}));
  EXPECT_EQ(first.snapshot->rule_slot, (std::vector<RuleId>{0, 1}));
  EXPECT_EQ(first.snapshot->generation, 1u);
}

TEST_F(SlotsOfARun, AClassKeepsItsSlotWhereverItStandsAndWhateverItsRate) {
  deal(book(police("a") + ", " + police("b")));
  const auto next = deal(book(police("b", "2mbit") + ", " + police("a")));
  EXPECT_EQ(next.snapshot->class_slot, (std::vector<ClassId>{0, 1, 3, 2}));
  EXPECT_TRUE(next.new_classes.empty());
  EXPECT_EQ(next.snapshot->classes[3].police_change.generation, 2u);
  EXPECT_EQ(next.snapshot->classes[3].police_change.before, 1'000'000u);
  EXPECT_EQ(next.snapshot->classes[2].police_change.generation, 0u);
}

TEST_F(SlotsOfARun, AClassOfAnotherKindIsAnother) {
  deal(book(police("a")));
  const auto next = deal(book(police("a", "1mbit", "class")));
  EXPECT_EQ(next.snapshot->class_slot[2], 3);
  EXPECT_NE(next.snapshot->classes[3].serial, next.snapshot->classes[2].serial);
}

TEST_F(SlotsOfARun, AClassThatComesBackFindsItsSlot) {
  deal(book(police("a")));
  deal(book(""));
  EXPECT_EQ(deal(book(police("b") + ", " + police("a"))).snapshot->class_slot, (std::vector<ClassId>{0, 1, 3, 2}));
}

TEST_F(SlotsOfARun, ASlotIsGivenAwayOnceNothingIsInItAndBeginsAsAnother) {
  const auto first = deal(book(police("a") + ", " + police("b")));
  const std::uint32_t serial = first.snapshot->classes[2].serial;
  used = {2};
  deal(book(police("c") + ", " + police("d")));
  EXPECT_THROW(deal(book(police("c") + ", " + police("d") + ", " + police("e") + ", " + police("f"))),
               std::runtime_error)
      << "only b's place is free";
  EXPECT_EQ(slots.generation(), 2u) << "a refused book changes nothing";
  EXPECT_EQ(slots.cls(2), "a");
  used.clear();
  const auto next = deal(book(police("c") + ", " + police("d") + ", " + police("e") + ", " + police("f")));
  EXPECT_EQ(next.snapshot->classes[2].spec->name, "e");
  EXPECT_GT(next.snapshot->classes[2].serial, serial);
  EXPECT_EQ(next.new_classes, (std::vector<ClassId>{2, 3}));
}

TEST_F(SlotsOfARun, ARuleKeepsItsSlotByName) {
  deal(book("", rule("x") + ", " + rule("y")));
  const auto next = deal(book("", rule("z") + ", " + rule("y") + ", " + rule("x")));
  EXPECT_EQ(next.snapshot->rule_slot, (std::vector<RuleId>{2, 1, 0}));
  EXPECT_TRUE(next.snapshot->has_rule(1, 1));
  EXPECT_FALSE(next.snapshot->has_rule(2, 1)) << "a flow of the first book cannot mean this one";
}

TEST_F(SlotsOfARun, ARuleThatComesBackIsNewAtItsOldSlot) {
  deal(book("", rule("x") + ", " + rule("y")));
  deal(book("", rule("y")));
  const auto back = deal(book("", rule("x") + ", " + rule("y")));
  EXPECT_EQ(back.snapshot->rule_slot, (std::vector<RuleId>{0, 1}));
  EXPECT_EQ(back.new_rules, std::vector<RuleId>{0});
  EXPECT_TRUE(deal(book("", rule("x") + ", " + rule("y"))).new_rules.empty());
}

TEST_F(SlotsOfARun, TheSlotOfARuleThatWentIsGivenAwayLast) {
  deal(book("", rule("a") + ", " + rule("b") + ", " + rule("c")));
  deal(book("", rule("d")));
  EXPECT_EQ(slots.rule(0, 1)->name, "a") << "records of flows that still go by it have its name";
  const auto next = deal(book("", rule("e") + ", " + rule("f")));
  EXPECT_EQ(next.snapshot->rule_slot, (std::vector<RuleId>{0, 1}));
  EXPECT_FALSE(slots.rule(0, 1).has_value());
  EXPECT_EQ(slots.rule(0, 3)->name, "e");
}

TEST_F(SlotsOfARun, ABookOfOtherRulesAloneFindsRoomForAll) {
  deal(book("", rule("a") + ", " + rule("b") + ", " + rule("c") + ", " + rule("d")));
  const auto next = deal(book("", rule("e") + ", " + rule("f") + ", " + rule("g") + ", " + rule("h")));
  EXPECT_EQ(next.new_rules.size(), 4u);
  EXPECT_FALSE(slots.rule(0, 1).has_value());
}

TEST_F(SlotsOfARun, ARuleAboutPayloadIsTheSameWhileItsTextIs) {
  deal(book("", rule("p", "payload = [\"/x/\"];")));
  EXPECT_EQ(deal(book("", rule("p", "payload = [\"/x/\"];"))).snapshot->rule_slots[0].same_payload_since, 1u);
  EXPECT_EQ(deal(book("", rule("p", "payload = [\"/y/\"];"))).snapshot->rule_slots[0].same_payload_since, 3u);
  EXPECT_EQ(deal(book("", rule("p"))).snapshot->rule_slots[0].same_payload_since, 0u);
  EXPECT_EQ(deal(book("", rule("p", "payload = [\"/y/\"];"))).snapshot->rule_slots[0].same_payload_since, 5u);
}

}  // namespace
}  // namespace slowlane

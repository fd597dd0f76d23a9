#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "rules/ruleset.h"
#include "tests/support/random_books.h"
#include "tests/support/slow_judge.h"

namespace slowlane {
namespace {

struct Asked {
  std::unique_ptr<const RuleSet> rules;
  RuleSet::ScratchPtr scratch;
  std::vector<HostName> names;

  explicit Asked(Book book) {
    auto compiled = RuleSet::compile(std::move(book), RandomBooks::dictionary());
    if (!compiled) {
      for (const Diagnostic& one : compiled.diagnostics()) ADD_FAILURE() << one.print();
      return;
    }
    rules = std::move(*compiled);
    scratch = rules->make_scratch();
  }
};

// The rule set says what the slow reading says, whatever is known.
TEST(JudgeProperty, AgreesWithASlowReadingOfRandomBooks) {
  RandomBooks random(20240602);
  int settled = 0;
  int observed = 0;
  for (int round = 0; round < 3000; ++round) {
    const Book book = random.book();
    Asked asked(book);
    ASSERT_NE(asked.rules, nullptr);
    for (int i = 0; i < 12; ++i) {
      const SlowFlow flow = random.part_of(random.whole_flow());
      const Facts facts = flow.facts(asked.names);
      const Verdict verdict = asked.rules->judge(facts, *asked.scratch);
      const SlowVerdict slow = slow_judge(book, RandomBooks::dictionary(), flow);
      ASSERT_EQ(verdict.settled, slow.settled) << "round " << round << " flow " << i;
      ASSERT_EQ(asked.rules->classes()[verdict.cls].name, slow.cls.value_or("pending")) << round << " " << i;
      ASSERT_EQ(verdict.rule, slow.rule.value_or(kNoRule));
      const std::vector<std::size_t> noted(verdict.observed_rules().begin(), verdict.observed_rules().end());
      if (slow.observed.size() <= Verdict::kMaxObserved) {
        ASSERT_EQ(noted, std::vector<std::size_t>(slow.observed.begin(), slow.observed.end())) << round << " " << i;
      }
      settled += verdict.settled;
      observed += !noted.empty();
    }
  }
  EXPECT_GT(settled, 5000);
  EXPECT_GT(observed, 1000);
}

// What is settled stays; what is observed stays; what is not wanted changes nothing; and all ends settled.
TEST(JudgeProperty, FactsThatGrowNeverTakeAVerdictBack) {
  RandomBooks random(20240603);
  for (int round = 0; round < 2000; ++round) {
    Asked asked(random.book());
    ASSERT_NE(asked.rules, nullptr);
    for (int i = 0; i < 10; ++i) {
      const SlowFlow whole = random.whole_flow();
      SlowFlow part = random.part_of(whole);
      Verdict before = asked.rules->judge(part.facts(asked.names), *asked.scratch);
      for (SlowFlow last = part; random.grow(part, whole); last = part) {
        const Verdict after = asked.rules->judge(part.facts(asked.names), *asked.scratch);
        if (before.settled) {
          ASSERT_TRUE(after.settled) << round;
          ASSERT_EQ(after.cls, before.cls) << round;
          ASSERT_EQ(after.rule, before.rule) << round;
        }
        // A full list keeps the first in the book's order, of more than it holds.
        if (after.observed_count < Verdict::kMaxObserved) {
          for (const RuleId rule : before.observed_rules())
            ASSERT_THAT(after.observed_rules(), ::testing::Contains(rule));
        }
        const bool learned_application = last.rest.application != part.rest.application;
        const bool learned_payload = last.rest.payload != part.rest.payload;
        const bool wanted = before.wants_more && (before.wants_application || !learned_application) &&
                            (before.wants_payload || !learned_payload);
        if (!wanted) {
          ASSERT_EQ(after.cls, before.cls) << round << " " << i;
          ASSERT_EQ(after.rule, before.rule) << round << " " << i;
          ASSERT_EQ(after.observed_count, before.observed_count) << round << " " << i;
        }
        before = after;
      }
      ASSERT_TRUE(before.settled);
      ASSERT_NE(before.cls, kPending);
      ASSERT_FALSE(before.wants_more);
    }
  }
}

}  // namespace
}  // namespace slowlane

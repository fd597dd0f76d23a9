#include "rules/treatments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/rules/texts.h"

namespace slowlane {
namespace {

using ::testing::HasSubstr;

// A class of the one treatment "police = { ... }".
ClassSpec read(const std::string& treatment) {
  auto spec = read_class(value_of("{ name = \"c\"; " + treatment + " }"));
  EXPECT_TRUE(spec) << treatment << "\n" << (spec ? "" : printed(spec.diagnostics()));
  return spec ? *spec : ClassSpec{};
}

std::string refusal(const std::string& treatment) {
  const auto spec = read_class(value_of("{ name = \"c\"; " + treatment + " }"));
  return spec ? "" : printed(spec.diagnostics());
}

TEST(Treatments, TheTableIsInTheOrderTheyAct) {
  EXPECT_THAT(treatment_names(),
              ::testing::ElementsAre("mark", "allow", "drop", "reset", "lose", "police", "shape", "delay"));
  for (const TreatmentRow& row : treatments()) EXPECT_GT(std::string(row.allowed).size(), 3u) << row.name;
}

TEST(Treatments, PoliceTakesARateABurstAndAScope) {
  const ClassSpec spec = read(
      "police = { rate = \"140kbit\"; burst = \"16KiB\"; scope = \"host\"; scope_prefix6 = 56; direction = \"down\"; "
      "};");
  ASSERT_TRUE(spec.police);
  EXPECT_EQ(spec.police->rate, 140'000u);
  EXPECT_EQ(spec.police->burst, 16384u);
  EXPECT_EQ(spec.police->scope, Scope::host);
  EXPECT_EQ(spec.police->scope_prefix6, 56);
  EXPECT_EQ(spec.police->direction, Directions::down);
}

TEST(Treatments, BurstsHaveTheDefaultsOfTheContract) {
  EXPECT_EQ(read("police = { rate = \"140kbit\"; scope = \"flow\"; };").police->burst, 6000u);
  EXPECT_EQ(read("police = { rate = \"5mbit\"; scope = \"flow\"; };").police->burst, 156'250u);
  EXPECT_EQ(read("shape = { rate = \"140kbit\"; scope = \"flow\"; };").shape->burst, 3000u);
  EXPECT_EQ(read("shape = { rate = \"100mbit\"; scope = \"flow\"; };").shape->burst, 25'000u);
  EXPECT_EQ(read("police = { rate = \"5mbit\"; scope = \"flow\"; };").police->direction, Directions::each);
}

TEST(Treatments, QueuesAreBoundedWhereTheBookIsSilent) {
  const Shape slow = *read("shape = { rate = \"64kbit\"; scope = \"class\"; };").shape;
  EXPECT_EQ(slow.scope, Scope::cls);
  EXPECT_EQ(slow.queue_bytes, 65536u);
  EXPECT_EQ(slow.queue_packets, 4096u);
  const Shape fast = *read("shape = { rate = \"10gbit\"; scope = \"class\"; };").shape;
  EXPECT_EQ(fast.queue_bytes, 16u << 20);
  EXPECT_EQ(fast.queue_packets, 32768u);
  const Shape own =
      *read("shape = { rate = \"2mbit\"; queue = \"256KiB\"; queue_packets = 10; scope = \"flow\"; };").shape;
  EXPECT_EQ(own.queue_bytes, 262'144u);
  EXPECT_EQ(own.queue_packets, 10u);
  const Delay delay = *read("delay = { time = \"80ms\"; };").delay;
  EXPECT_EQ(delay.queue_bytes, 16u << 20);
  EXPECT_EQ(delay.jitter, 0);
}

TEST(Treatments, RateAndScopeAreRequired) {
  EXPECT_THAT(refusal("police = { };"), AllOf(HasSubstr("rate is missing"), HasSubstr("scope is missing")));
  EXPECT_THAT(refusal("shape = { rate = \"1mbit\"; };"), HasSubstr("scope is missing"));
}

TEST(Treatments, NumbersForRatesAreRefusedNamingBothReadings) {
  EXPECT_THAT(refusal("police = { rate = 140000; scope = \"flow\"; };"),
              AllOf(HasSubstr("140kbit"), HasSubstr("1120kbit")));
  const std::string wrapped = refusal("police = { rate = 3000000000; scope = \"flow\"; };");
  EXPECT_THAT(wrapped, AllOf(HasSubstr("3000000000"), HasSubstr("-1294967296"), HasSubstr("3gbit")));
}

TEST(Treatments, BurstsThatNeverRefillAreRefused) {
  EXPECT_THAT(refusal("police = { rate = \"1bit\"; burst = \"1MiB\"; scope = \"flow\"; };"), HasSubstr("52 days"));
  EXPECT_THAT(refusal("police = { rate = \"1mbit\"; burst = \"0B\"; scope = \"flow\"; };"), HasSubstr("more than 0"));
}

TEST(Treatments, LoseTakesAShare) {
  EXPECT_DOUBLE_EQ(read("lose = { share = 0.05; };").lose->share, 0.05);
  EXPECT_DOUBLE_EQ(read("lose = { share = \"5%\"; };").lose->share, 0.05);
  EXPECT_DOUBLE_EQ(read("lose = { share = 1; };").lose->share, 1);
  EXPECT_THAT(refusal("lose = { share = 5; };"), HasSubstr("0 to 1"));
  EXPECT_THAT(refusal("lose = { };"), HasSubstr("share is missing"));
}

TEST(Treatments, DelayKeepsJitterWithinItsTime) {
  const Delay delay =
      *read("delay = { time = \"80ms\"; jitter = \"10ms\"; queue = \"1MiB\"; queue_packets = 7; };").delay;
  EXPECT_EQ(delay.time, 80 * kMillisecond);
  EXPECT_EQ(delay.jitter, 10 * kMillisecond);
  EXPECT_EQ(delay.queue_bytes, 1u << 20);
  EXPECT_EQ(delay.queue_packets, 7u);
  EXPECT_THAT(refusal("delay = { time = \"80ms\"; jitter = \"81ms\"; };"), HasSubstr("jitter \"81ms\" is more than"));
}

TEST(Treatments, DropCountsFromTheTriggerUnlessPacketsAreLetPass) {
  const Drop now = *read("drop = { };").drop;
  EXPECT_TRUE(now.counts_trigger);
  EXPECT_FALSE(now.hold);
  EXPECT_EQ(now.direction, Directions::shared);
  const Drop later = *read("drop = { after_packets = 5; };").drop;
  EXPECT_FALSE(later.counts_trigger);
  EXPECT_EQ(later.after_min, 5u);
  EXPECT_EQ(later.after_max, 5u);
  const Drop drawn = *read("drop = { after_packets = [5, 8]; hold = \"420s\"; restart = \"packet\"; };").drop;
  EXPECT_EQ(drawn.after_min, 5u);
  EXPECT_EQ(drawn.after_max, 8u);
  EXPECT_EQ(drawn.hold, 420 * kSecond);
  EXPECT_EQ(drawn.restart, Restart::packet);
  EXPECT_FALSE(read("drop = { after_packets = 0; };").drop->counts_trigger);
}

TEST(Treatments, DropRangesAreTwoNumbersInOrder) {
  EXPECT_THAT(refusal("drop = { after_packets = [8, 5]; };"), HasSubstr("ends before it begins"));
  EXPECT_THAT(refusal("drop = { after_packets = [5]; };"), HasSubstr("a range of two"));
  EXPECT_THAT(refusal("drop = { after_packets = -1; };"), HasSubstr("-1"));
  EXPECT_THAT(refusal("drop = { after_packets = 1.5; };"), HasSubstr("1.5"));
  EXPECT_THAT(refusal("drop = { hold = \"0s\"; };"), HasSubstr("more than 0"));
  EXPECT_THAT(refusal("drop = { restart = \"packet\"; };"), HasSubstr("there is no hold"));
}

TEST(Treatments, ResetAndAllowHoldAsDropDoes) {
  EXPECT_EQ(read("reset = { hold = \"75s\"; restart = \"trigger\"; };").reset->restart, Restart::trigger);
  const Allow allow = *read("allow = { bytes = \"16KiB\"; packets = 10; hold = \"60s\"; };").allow;
  EXPECT_EQ(allow.bytes, 16384u);
  EXPECT_EQ(allow.packets, 10u);
  EXPECT_EQ(allow.hold, 60 * kSecond);
  EXPECT_EQ(allow.direction, Directions::shared);
  EXPECT_FALSE(read("allow = { packets = 10; };").allow->bytes);
  EXPECT_THAT(refusal("allow = { };"), HasSubstr("a budget is missing"));
  EXPECT_THAT(refusal("allow = { bytes = 16384; };"), HasSubstr("16384KiB"));
}

TEST(Treatments, MarkTakesNamesAndNumbers) {
  EXPECT_EQ(read("mark = { dscp = \"cs1\"; };").mark->dscp, 8);
  EXPECT_EQ(read("mark = { dscp = \"AF41\"; };").mark->dscp, 34);
  EXPECT_EQ(read("mark = { dscp = \"ef\"; };").mark->dscp, 46);
  EXPECT_EQ(read("mark = { dscp = \"le\"; };").mark->dscp, 1);
  EXPECT_EQ(read("mark = { dscp = \"va\"; };").mark->dscp, 44);
  EXPECT_EQ(read("mark = { dscp = 63; };").mark->dscp, 63);
  EXPECT_THAT(refusal("mark = { dscp = 64; };"), HasSubstr("0 to 63"));
  EXPECT_THAT(refusal("mark = { dscp = \"cs9\"; };"), AllOf(HasSubstr("cs7"), HasSubstr("0 to 63")));
}

TEST(Treatments, DirectionMayStandInEveryTreatment) {
  for (const char* text : {"mark = { dscp = 1; direction = \"up\"; };", "allow = { packets = 1; direction = \"up\"; };",
                           "drop = { direction = \"up\"; };", "reset = { direction = \"up\"; };",
                           "lose = { share = 1; direction = \"up\"; };",
                           "police = { rate = \"1mbit\"; scope = \"flow\"; direction = \"shared\"; };",
                           "shape = { rate = \"1mbit\"; scope = \"flow\"; direction = \"each\"; };",
                           "delay = { time = \"1s\"; direction = \"down\"; };"})
    EXPECT_EQ(refusal(text), "") << text;
  EXPECT_THAT(refusal("drop = { direction = \"upp\"; };"), HasSubstr("did you mean \"up\"?"));
}

TEST(Treatments, AClassMayNameSeveral) {
  const ClassSpec spec = read("mark = { dscp = \"cs1\"; }; lose = { share = 0.1; }; delay = { time = \"1ms\"; };");
  EXPECT_TRUE(spec.mark && spec.lose && spec.delay);
  EXPECT_FALSE(spec.police || spec.shape || spec.drop || spec.reset || spec.allow);
  EXPECT_EQ(spec.name, "c");
}

TEST(Treatments, ClassesHaveANameOfTheirOwnAndATreatment) {
  EXPECT_THAT(refusal(""), HasSubstr("a treatment is missing"));
  EXPECT_THAT(refusal("polise = { rate = \"1mbit\"; };"), HasSubstr("did you mean \"police\"?"));
  EXPECT_THAT(refusal("polise = { rate = \"1mbit\"; };"), Not(HasSubstr("a treatment is missing")));
  EXPECT_THAT(refusal("drop = true;"), HasSubstr("drop: takes a group { ... }, not true"));
  for (const char* name : {"pass", "pending"}) {
    const auto spec = read_class(value_of("{ name = \"" + std::string(name) + "\"; drop = { }; }"));
    ASSERT_FALSE(spec);
    EXPECT_THAT(printed(spec.diagnostics()), HasSubstr("built in"));
  }
  EXPECT_THAT(printed(read_class(value_of("{ drop = { }; }")).diagnostics()), HasSubstr("name is missing"));
  EXPECT_THAT(printed(read_class(value_of("\"x\"")).diagnostics()), HasSubstr("takes a group"));
}

}  // namespace
}  // namespace slowlane

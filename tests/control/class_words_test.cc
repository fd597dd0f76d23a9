#include "control/class_words.h"

#include <gtest/gtest.h>

#include "tests/support/box.h"

namespace slowlane {
namespace {

std::string words_of(const std::string& treatments) {
  const auto rules = rules_of("book = \"b\"; classes = ( { name = \"c\"; " + treatments + " } );");
  return in_words(rules->classes()[2]);
}

TEST(ClassWords, SayWhomALimitIsFor) {
  EXPECT_EQ(words_of("police = { rate = \"140kbit\"; scope = \"flow\"; };"),
            "At most 140 kbit/s for each connection; what exceeds that is dropped.");
  EXPECT_EQ(
      words_of("shape = { rate = \"2mbit\"; queue = \"256kB\"; scope = \"class\"; };"),
      "At most 2 Mbit/s for all connections of this class together; what exceeds that waits in a queue of 256kB.");
  EXPECT_EQ(words_of("police = { rate = \"1mbit\"; scope = \"host\"; direction = \"up\"; };"),
            "At most 1 Mbit/s for each subscriber address, from subscribers to the network only; what exceeds that is "
            "dropped.");
}

TEST(ClassWords, SayEveryTreatmentInTheOrderInWhichTheyAct) {
  EXPECT_EQ(words_of("lose = { share = 0.05; }; mark = { dscp = 8; };"),
            "Packets are marked with DSCP 8. 5 % of packets are dropped at random.");
  EXPECT_EQ(words_of("delay = { time = \"80ms\"; jitter = \"10ms\"; };"),
            "Packets are held for 80 ms, more or less 10 ms.");
  EXPECT_EQ(words_of("drop = {};"), "Everything is dropped.");
  EXPECT_EQ(words_of("drop = { after_packets = [5, 8]; hold = \"60s\"; };"),
            "After 5 to 8 more packets everything is dropped. This lasts 60 s.");
  EXPECT_EQ(words_of("reset = {};"), "TCP connections are reset; other transports are dropped.");
  EXPECT_EQ(words_of("allow = { bytes = \"16kB\"; };"),
            "The first 16kB of a connection pass, both directions counted together; the rest is dropped.");
}

TEST(ClassWords, ClassesThatDoNothingSaySo) {
  const auto rules = rules_of("book = \"b\";");
  EXPECT_EQ(in_words(rules->classes()[kPass]), "Nothing is done to it.");
}

}  // namespace
}  // namespace slowlane

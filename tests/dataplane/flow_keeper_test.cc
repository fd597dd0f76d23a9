#include "dataplane/flow_keeper.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/box.h"
#include "tests/support/hello_builder.h"
#include "tests/support/talk.h"

namespace slowlane {
namespace {

std::string book(const std::string& split) {
  return R"(book = "split"; classes = ( { name = "hit"; mark = { dscp = "cs1"; }; } );
    rules = ( { name = "r"; when = { host = "hit.example"; initiator = "inside"; }; then = "hit"; } );
    flows = { split_handshake = ")" +
         split + "\"; };";
}

class SplitHandshake : public ::testing::Test {
 protected:
  // What `story` is given, with 10.0.0.1 as the inside.
  template <class Story>
  std::string class_of(const std::string& split, Story story) {
    Box box(book(split), small_config(), {*parse_prefix("10.0.0.0/24")});
    Talk talk(box);
    story(talk);
    box.run();
    EXPECT_EQ(box.flows().size(), 1u);
    initiator_ = box.flows()[0].flow.initiator();
    client_inside_ = box.flows()[0].flow.client_inside;
    return box.flows()[0].cls;
  }
  Side initiator_ = Side::inside;
  bool client_inside_ = true;
};

const Bytes& hit() {
  static const Bytes hello = chrome_hello("hit.example");
  return hello;
}

// Fact G2: a SYN, a SYN from the other end, then what would have been the trigger.
TEST_F(SplitHandshake, ASynFromTheOutsideEscapesWhereTheBookSaysOutside) {
  const auto story = [](Talk& talk) {
    talk.syn(0).down_flags(kSecond, kSyn).up_flags(2 * kSecond, kSyn | kAck).down_flags(3 * kSecond, kAck);
    talk.up(4 * kSecond, hit());
  };
  EXPECT_EQ(class_of("first", story), "hit");
  EXPECT_EQ(initiator_, Side::inside);
  EXPECT_EQ(class_of("outside", story), "pass");
  EXPECT_EQ(initiator_, Side::outside);
  EXPECT_TRUE(client_inside_) << "client and server stay who they are";
}

TEST_F(SplitHandshake, ASynBehindTheVerdictChangesNothing) {
  const auto story = [](Talk& talk) { talk.open(0).up(kSecond, hit()).down_flags(2 * kSecond, kSyn); };
  EXPECT_EQ(class_of("outside", story), "hit");
  EXPECT_EQ(initiator_, Side::inside);
}

TEST_F(SplitHandshake, AnUsualHandshakeIsTheInsides) {
  const auto story = [](Talk& talk) { talk.open(0).up(kSecond, hit()); };
  EXPECT_EQ(class_of("outside", story), "hit");
}

// Fact G1.
TEST_F(SplitHandshake, AFirstPacketFromTheOutsideEscapesWhateverItsFlags) {
  for (const int flags : {kSyn | kAck, static_cast<int>(kAck), static_cast<int>(kRst)}) {
    const auto story = [flags](Talk& talk) { talk.down_flags(0, static_cast<std::uint8_t>(flags)).up(kSecond, hit()); };
    EXPECT_EQ(class_of("first", story), "hit") << flags;
    EXPECT_EQ(class_of("outside", story), "pass") << flags;
  }
}

TEST_F(SplitHandshake, ARuleOnTheOutsideTakesHoldAtItsSyn) {
  const std::string text =
      R"(book = "o"; classes = ( { name = "hit"; mark = { dscp = "cs1"; }; } );
         rules = ( { name = "r"; when = { initiator = "outside"; }; then = "hit"; },
                   { name = "n"; when = { host = "a.example"; }; then = "pass"; } );
         flows = { split_handshake = "outside"; };)";
  Box box(text, small_config(), {*parse_prefix("10.0.0.0/24")});
  Talk(box).syn(0).down_flags(kSecond, kSyn);
  box.run();
  EXPECT_EQ(box.packets()[0].cls, "pending");
  EXPECT_EQ(box.packets()[1].cls, "hit");
}

}  // namespace
}  // namespace slowlane

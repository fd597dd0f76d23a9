#include "control/name_board.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slowlane {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

Address client(std::uint32_t number) { return Address::v4(0xc0000200u + number); }

class NameBoardTest : public testing::Test {
 protected:
  void ask(const std::string& host, std::uint32_t clients, std::uint64_t bytes = 1000, Nanos now = kSecond) {
    for (std::uint32_t i = 1; i <= clients; ++i) board_.note({"slow", host, client(i), 1, bytes}, now);
  }
  NameBoard board_{42, {.names = 64, .window = 100 * kSecond}};
};

TEST_F(NameBoardTest, ShowsANameFromFiveClientsOn) {
  ask("four.example", 4);
  ask("five.example", 5);
  for (int i = 0; i < 100; ++i) ask("one.example", 1);
  const auto names = board_.top("slow", 10);
  ASSERT_THAT(names, SizeIs(1));
  EXPECT_EQ(names[0].host, "five.example");
  EXPECT_EQ(names[0].flows, 5u);
  EXPECT_EQ(names[0].bytes, 5000u);
  EXPECT_THAT(board_.top("pass", 10), IsEmpty());
}

TEST_F(NameBoardTest, ASubscribersManyAddressesAreOneClient) {
  const auto ask_from = [this](const std::string& address) {
    board_.note({"slow", "six.example", *parse_address(address), 1, 1000}, kSecond);
  };
  for (const char* end : {"1", "2", "3", "4", "5", "6"}) ask_from(std::string("2001:db8:0:1::") + end);
  for (const char* subscriber : {"2", "3", "4"}) ask_from(std::string("2001:db8:0:") + subscriber + "::1");
  EXPECT_THAT(board_.top("slow", 10), IsEmpty()) << "there are four";
  ask_from("2001:db8:0:5::1");
  EXPECT_THAT(board_.top("slow", 10), SizeIs(1));
}

TEST_F(NameBoardTest, PutsTheBusiestFirst) {
  ask("small.example", 6, 10);
  ask("large.example", 5, 1000);
  ask("middle.example", 9, 100);
  const auto names = board_.top("slow", 2);
  ASSERT_THAT(names, SizeIs(2));
  EXPECT_EQ(names[0].host, "large.example");
  EXPECT_EQ(names[1].host, "middle.example");
}

TEST_F(NameBoardTest, CountsClientsOverTwoWindowsAndForgetsTheRest) {
  ask("a.example", 3, 10, 10 * kSecond);
  for (std::uint32_t i = 4; i <= 5; ++i) board_.note({"slow", "a.example", client(i), 1, 10}, 150 * kSecond);
  EXPECT_THAT(board_.top("slow", 10), SizeIs(1));
  board_.age(260 * kSecond);
  EXPECT_THAT(board_.top("slow", 10), IsEmpty()) << "three of them are too long ago";
  ask("b.example", 5, 10, 300 * kSecond);
  board_.age(1000 * kSecond);
  EXPECT_THAT(board_.top("slow", 10), IsEmpty()) << "after a pause nothing is left";
}

TEST_F(NameBoardTest, StaysSmallAndKeepsTheLargeOnes) {
  ask("large.example", 5, 1 << 20);
  for (int i = 0; i < 10'000; ++i) board_.note({"slow", std::to_string(i) + ".example", client(1), 1, 1}, kSecond);
  const auto names = board_.top("slow", 10);
  ASSERT_THAT(names, SizeIs(1));
  EXPECT_EQ(names[0].host, "large.example");
}

}  // namespace
}  // namespace slowlane

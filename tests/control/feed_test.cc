#include "control/feed.h"

#include <gtest/gtest.h>

namespace slowlane {
namespace {

TEST(Feed, HandsOutWholeLines) {
  Feed feed;
  feed.put("one");
  feed.put("two");
  feed.put("three");
  EXPECT_EQ(feed.take(4), "one\n");
  EXPECT_EQ(feed.take(100), "two\nthree\n");
  EXPECT_EQ(feed.take(100), "");
  EXPECT_FALSE(feed.over());
  feed.end();
  EXPECT_TRUE(feed.over());
}

TEST(Feed, SaysHowManyLinesFoundNoRoomWhereTheyWouldHaveStood) {
  Feed feed(8);
  feed.put("12345678");
  feed.put("lost");
  feed.put("lost");
  EXPECT_EQ(feed.lost(), 2u);
  EXPECT_EQ(feed.take(100), "12345678\n");
  feed.put("x");
  EXPECT_EQ(feed.take(100), "{\"lost\":2}\nx\n");
}

TEST(Feed, IsNotOverBeforeLossesAreTold) {
  Feed feed(2);
  feed.put("long line");
  feed.end();
  EXPECT_FALSE(feed.over());
  EXPECT_EQ(feed.take(100), "{\"lost\":1}\n");
  EXPECT_TRUE(feed.over());
}

}  // namespace
}  // namespace slowlane

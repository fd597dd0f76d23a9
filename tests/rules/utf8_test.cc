#include "rules/utf8.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace slowlane {
namespace {

using ::testing::StartsWith;

TEST(Utf8, TakesEveryLengthOfCharacterToItsEnds) {
  for (const char* text :
       {"", "a\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf",
        "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "\xef\xbb\xbf# caf\xc3\xa9 and more than eight"})
    EXPECT_TRUE(is_utf8(text)) << text;
}

TEST(Utf8, RefusesWhatRfc3629DoesNotAllow) {
  for (const char* text : {"\x80", "\xc0\x80", "\xc1\xbf", "\xc3", "\xc3 ", "\xe0\x9f\xbf", "\xe9t\xe9", "\xed\xa0\x80",
                           "\xe2\x82", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff\xfe"}) {
    EXPECT_FALSE(is_utf8(text)) << text;
    for (int before = 0; before < 17; ++before)
      EXPECT_FALSE(is_utf8(std::string(static_cast<std::size_t>(before), 'a') + text + "bcdefghij")) << before;
  }
}

TEST(Utf8, NamesTheFirstLineThatIsNone) {
  EXPECT_FALSE(not_utf8("a.txt", "one\ntwo\n"));
  const auto wrong = not_utf8("a.txt", "caf\xc3\xa9\ntwo\ncaf\xe9\n\xff\n");
  ASSERT_TRUE(wrong);
  EXPECT_THAT(wrong->print(), StartsWith("a.txt:3: is not UTF-8; "));
}

}  // namespace
}  // namespace slowlane

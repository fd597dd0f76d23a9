#include "rules/name_matcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace slowlane {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

using Kind = HostPattern::Kind;

HostPattern pattern(Kind kind, const char* text) { return {kind, text, text, {"t.cfg", 3}}; }

// The sets of one matcher that a name fits.
std::vector<HostSetId> sets_of(const NameMatcher& matcher, std::string_view name) {
  PatternSet::Scratch scratch;
  EXPECT_TRUE(matcher.fit(scratch));
  NameHits hits(matcher.sets());
  matcher.match({name, NameSource::tls}, scratch, hits);
  std::vector<HostSetId> sets;
  for (HostSetId set = 0; set < matcher.sets(); ++set)
    if (hits.of(set) != 0) sets.push_back(set);
  return sets;
}

TEST(NameMatcher, EveryKindOfPatternFindsItsSet) {
  NameMatcher matcher(Inspection::TrailingDot::ignore);
  matcher.add({pattern(Kind::exact, "a.com")});
  matcher.add({pattern(Kind::suffix, "a.com")});
  matcher.add({pattern(Kind::glob, "*.a.com")});
  matcher.add({pattern(Kind::glob, "w*.a.com")});
  matcher.add({pattern(Kind::regex, "^w+\\.")});
  matcher.add({pattern(Kind::any, "*")});
  matcher.add({pattern(Kind::glob, "**")});
  matcher.add({pattern(Kind::exact, "b.com"), pattern(Kind::exact, "c.com")});
  ASSERT_THAT(matcher.compile(), IsEmpty());
  EXPECT_EQ(sets_of(matcher, "a.com"), (std::vector<HostSetId>{0, 1, 5, 6}));
  EXPECT_EQ(sets_of(matcher, "www.a.com"), (std::vector<HostSetId>{1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(sets_of(matcher, "c.com"), (std::vector<HostSetId>{5, 6, 7}));
}

TEST(NameMatcher, StarDotNameIsATableEntryWhateverItsStars) {
  NameMatcher matcher(Inspection::TrailingDot::ignore);
  matcher.add({pattern(Kind::glob, "**.a.com")});
  ASSERT_THAT(matcher.compile(), IsEmpty());
  EXPECT_THAT(sets_of(matcher, "x.a.com"), SizeIs(1));
  EXPECT_THAT(sets_of(matcher, "a.com"), IsEmpty());
  EXPECT_THAT(sets_of(matcher, "xa.com"), IsEmpty());
}

TEST(NameMatcher, ARefusedExpressionIsSaidAtEachPlaceItStands) {
  NameMatcher matcher(Inspection::TrailingDot::ignore);
  HostPattern first = pattern(Kind::regex, "(a");
  HostPattern second = first;
  second.place.line = 9;
  matcher.add({first, pattern(Kind::regex, "fine")});
  matcher.add({second});
  const Diagnostics wrong = matcher.compile();
  ASSERT_THAT(wrong, SizeIs(2));
  EXPECT_EQ(wrong[0].line, 3);
  EXPECT_EQ(wrong[1].line, 9);
}

TEST(NameHits, RememberSourcesAndForgetOnlyWhatWasTouched) {
  NameHits hits(10);
  NameHits other(10);
  hits.add(3, bit_of(NameSource::tls));
  hits.add(3, bit_of(NameSource::dns));
  other.add(hits);
  hits.clear();
  EXPECT_EQ(hits.of(3), 0);
  EXPECT_EQ(other.of(3), bit_of(NameSource::tls) | bit_of(NameSource::dns));
}

TEST(NameHits, TheFirstInARangeIsFoundWhereverItLies) {
  std::mt19937_64 random(5);
  for (int round = 0; round < 2000; ++round) {
    const auto size = static_cast<HostSetId>(1 + random() % 40);
    NameHits hits(size);
    std::vector<bool> slow(size, false);
    for (std::size_t i = random() % 4; i > 0; --i) {
      const auto set = static_cast<HostSetId>(random() % size);
      hits.add(set, 1);
      slow[set] = true;
    }
    const auto from = static_cast<HostSetId>(random() % (size + 1));
    const auto to = static_cast<HostSetId>(from + random() % (size - from + 1));
    HostSetId expected = from;
    while (expected < to && !slow[expected]) ++expected;
    ASSERT_EQ(hits.first(from, to), expected);
  }
}

}  // namespace
}  // namespace slowlane

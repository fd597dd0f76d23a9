#include "rules/patterns.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

namespace slowlane {
namespace {

using Ids = std::set<PatternId>;

// A set compiled and fitted, ready to scan.
class Compiled {
 public:
  explicit Compiled(const std::function<void(PatternSet&)>& fill) {
    fill(set_);
    for (const PatternSet::Failure& failure : set_.compile()) ADD_FAILURE() << failure.text;
    EXPECT_TRUE(set_.fit(scratch_));
  }
  Ids scan(std::string_view text) {
    Ids ids;
    set_.scan(
        text, scratch_, [](PatternId id, void* to) { static_cast<Ids*>(to)->insert(id); }, &ids);
    return ids;
  }

 private:
  PatternSet set_;
  PatternSet::Scratch scratch_;
};

bool slow_glob(std::string_view glob, std::string_view text) {
  if (glob.empty()) return text.empty();
  if (glob[0] == '*') return slow_glob(glob.substr(1), text) || (!text.empty() && slow_glob(glob, text.substr(1)));
  return !text.empty() && glob[0] == text[0] && slow_glob(glob.substr(1), text.substr(1));
}

std::string random_text(std::mt19937_64& random, const char* alphabet, std::size_t most) {
  const std::string_view letters(alphabet);
  std::string text;
  for (std::size_t i = random() % (most + 1); i > 0; --i) text += letters[random() % letters.size()];
  return text;
}

TEST(Globs, AStarIsAnyRunDotsAndNothingIncluded) {
  EXPECT_TRUE(glob_fits("*.twimg.com", "abs.twimg.com"));
  EXPECT_TRUE(glob_fits("*.twimg.com", ".twimg.com"));
  EXPECT_FALSE(glob_fits("*.twimg.com", "twimg.com"));
  EXPECT_TRUE(glob_fits("*t.co*", "reddit.com"));
  EXPECT_TRUE(glob_fits("r*.googlevideo.com", "r4---sn.x.googlevideo.com"));
  EXPECT_FALSE(glob_fits("a*b", "ab c"));
  EXPECT_TRUE(glob_fits("*", ""));
  EXPECT_FALSE(glob_fits("", "a"));
}

TEST(Globs, AgreeWithARecursiveMatcher) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 40'000; ++i) {
    const std::string glob = random_text(random, "ab**", 8);
    const std::string text = random_text(random, "ab", 10);
    ASSERT_EQ(glob_fits(glob, text), slow_glob(glob, text)) << glob << " on " << text;
  }
}

TEST(Globs, TheLongestLiteralIsTheFirstOfTheLongest) {
  EXPECT_EQ(longest_literal("ab*cde*fgh"), "cde");
  EXPECT_EQ(longest_literal("*t.co*"), "t.co");
  EXPECT_EQ(longest_literal("abc"), "abc");
  EXPECT_EQ(longest_literal("**"), "");
}

TEST(Patterns, ASetFindsWhatEachGlobAloneFinds) {
  std::mt19937_64 random(11);
  for (int round = 0; round < 60; ++round) {
    std::vector<std::string> globs;
    for (std::size_t i = 1 + random() % 40; i > 0; --i) globs.push_back(random_text(random, "abc.**", 7) + "*");
    Compiled set([&](PatternSet& to) {
      for (std::size_t i = 0; i < globs.size(); ++i) to.add_glob(globs[i], static_cast<PatternId>(i));
    });
    for (int i = 0; i < 50; ++i) {
      const std::string text = random_text(random, "abc.", 12);
      Ids expected;
      for (std::size_t glob = 0; glob < globs.size(); ++glob)
        if (slow_glob(globs[glob], text)) expected.insert(static_cast<PatternId>(glob));
      ASSERT_EQ(set.scan(text), expected) << text;
    }
  }
}

TEST(Patterns, ALiteralThatStandsOftenIsConfirmedWhereverItStands) {
  Compiled set([](PatternSet& to) {
    to.add_glob("x*ab", 1);
    to.add_glob("ab*", 2);
  });
  EXPECT_EQ(set.scan("xabab"), Ids{1}) << "only the second ab ends the name";
  EXPECT_EQ(set.scan("abab"), Ids{2});
}

TEST(Patterns, RegexesAreSearchedWithoutCase) {
  Compiled set([](PatternSet& to) {
    to.add_regex("^R[0-9]+\\.", 1);
    to.add_regex("video", 2);
  });
  EXPECT_EQ(set.scan("r12.googlevideo.com"), (Ids{1, 2}));
  EXPECT_EQ(set.scan("xr12.video"), Ids{2});
}

TEST(Patterns, PayloadPatternsSeeBytesAndCase) {
  Compiled set([](PatternSet& to) {
    to.add_payload("^\\x16\\x03.", 1);
    to.add_payload("BitTorrent", 2);
    to.add_payload("a.b", 3);
  });
  EXPECT_EQ(set.scan(std::string_view("\x16\x03\x00", 3)), Ids{1});
  EXPECT_EQ(set.scan("xxBitTorrent"), Ids{2});
  EXPECT_EQ(set.scan("bittorrent"), Ids{});
  EXPECT_EQ(set.scan("a\nb"), Ids{3}) << "a dot is any byte";
}

TEST(Patterns, EqualPatternsKeepAllTheirIds) {
  Compiled set([](PatternSet& to) {
    to.add_glob("a*b*c", 1);
    to.add_glob("a*b*c", 2);
    to.add_regex("x+", 3);
    to.add_regex("x+", 4);
    to.add_payload("x+", 5);
  });
  EXPECT_EQ(set.scan("abc"), (Ids{1, 2}));
  EXPECT_EQ(set.scan("xx"), (Ids{3, 4, 5}));
  EXPECT_EQ(set.scan("XX"), (Ids{3, 4})) << "payload patterns mind case";
}

TEST(Patterns, OneThatFitsTheEmptyStringFitsEveryText) {
  Compiled set([](PatternSet& to) {
    to.add_regex("z*", 1);
    to.add_glob("**", 2);
  });
  EXPECT_EQ(set.scan("abc"), (Ids{1, 2}));
  EXPECT_EQ(set.scan(""), (Ids{1, 2}));
}

TEST(Patterns, EveryRefusedExpressionIsNamedWithItsReason) {
  PatternSet set;
  set.add_regex("fine", 1);
  set.add_regex("(unclosed", 2);
  set.add_payload("(?<=behind)x", 3);
  set.add_regex("(unclosed", 4);
  const std::vector<PatternSet::Failure> failures = set.compile();
  ASSERT_EQ(failures.size(), 3u);
  EXPECT_EQ(failures[0].failed, 2u);
  EXPECT_EQ(failures[0].expression, "(unclosed");
  EXPECT_NE(failures[0].text.find("/(unclosed/: "), std::string::npos) << failures[0].text;
  EXPECT_EQ(failures[1].failed, 4u);
  EXPECT_EQ(failures[2].failed, 3u);
}

TEST(Patterns, TooManyAreRefusedWithTheNumberAllowed) {
  PatternSet set;
  for (std::size_t i = 0; i <= PatternSet::kMaxExpressions; ++i) set.add_regex("x" + std::to_string(i), 9);
  const std::vector<PatternSet::Failure> failures = set.compile();
  ASSERT_EQ(failures.size(), 1u);
  EXPECT_EQ(failures[0].failed, 9u);
  EXPECT_NE(failures[0].text.find("10001"), std::string::npos);
  EXPECT_NE(failures[0].text.find("10000"), std::string::npos);
}

TEST(Patterns, AnEmptySetFindsNothing) {
  Compiled set([](PatternSet&) {});
  EXPECT_EQ(set.scan("abc"), Ids{});
}

TEST(Patterns, OneScratchServesSeveralSets) {
  PatternSet names;
  PatternSet payloads;
  names.add_glob("a*b*c", 1);
  payloads.add_payload("^x", 2);
  ASSERT_TRUE(names.compile().empty());
  ASSERT_TRUE(payloads.compile().empty());
  PatternSet::Scratch scratch;
  ASSERT_TRUE(names.fit(scratch));
  ASSERT_TRUE(payloads.fit(scratch));
  Ids ids;
  const auto found = [](PatternId id, void* to) { static_cast<Ids*>(to)->insert(id); };
  names.scan("abc", scratch, found, &ids);
  payloads.scan("xyz", scratch, found, &ids);
  EXPECT_EQ(ids, (Ids{1, 2}));
}

// A cache in memory that counts.
class CountingCache : public PatternCache {
 public:
  std::optional<std::string> find(std::string_view key) override {
    const auto at = kept.find(std::string(key));
    if (at == kept.end()) return std::nullopt;
    ++found;
    return at->second;
  }
  void keep(std::string_view key, std::string_view bytes) override { kept[std::string(key)] = bytes; }

  std::map<std::string, std::string> kept;
  int found = 0;
};

Ids scan_with(PatternCache& cache, const std::function<void(PatternSet&)>& fill, std::string_view text) {
  PatternSet set;
  fill(set);
  EXPECT_TRUE(set.compile(&cache).empty());
  PatternSet::Scratch scratch;
  EXPECT_TRUE(set.fit(scratch));
  Ids ids;
  set.scan(
      text, scratch, [](PatternId id, void* to) { static_cast<Ids*>(to)->insert(id); }, &ids);
  return ids;
}

void fill_both(PatternSet& set) {
  set.add_glob("a*b", 1);
  set.add_regex("x+y", 2);
}

TEST(PatternDatabases, AreTakenFromACacheThatHasThem) {
  CountingCache cache;
  EXPECT_EQ(scan_with(cache, fill_both, "axxyb"), (Ids{1, 2}));
  EXPECT_EQ(cache.kept.size(), 2u);
  EXPECT_EQ(scan_with(cache, fill_both, "axxyb"), (Ids{1, 2}));
  EXPECT_EQ(cache.found, 2);
}

TEST(PatternDatabases, OfOtherPatternsAreOthers) {
  CountingCache cache;
  const auto fill = [](const char* one, const char* two) {
    return [=](PatternSet& set) {
      set.add_regex(one, 1);
      set.add_regex(two, 2);
    };
  };
  scan_with(cache, fill("a", "b"), "ab");
  scan_with(cache, fill("b", "a"), "ab");
  scan_with(
      cache, [](PatternSet& set) { set.add_payload("a", 1), set.add_payload("b", 2); }, "ab");
  scan_with(
      cache, [](PatternSet& set) { set.add_regex("a 1 b", 1); }, "ab");
  EXPECT_EQ(cache.found, 0);
  EXPECT_EQ(cache.kept.size(), 4u);
}

TEST(PatternDatabases, ThatHyperscanDoesNotTakeAreCompiledAgain) {
  CountingCache cache;
  scan_with(cache, fill_both, "");
  for (auto& [key, bytes] : cache.kept) bytes = "damaged";
  EXPECT_EQ(scan_with(cache, fill_both, "axxyb"), (Ids{1, 2}));
  for (const auto& [key, bytes] : cache.kept) EXPECT_NE(bytes, "damaged");
}

}  // namespace
}  // namespace slowlane

#include "rules/hosts.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace slowlane {
namespace {

using Sets = std::set<HostSetId>;

Sets sets_of(const HostTable& table, std::string_view name) {
  Sets sets;
  table.look_up(name, [&](HostSetId set) { sets.insert(set); });
  return sets;
}

TEST(Hosts, AnExactNameTakesThatNameAlone) {
  HostTable table;
  table.add_exact("example.com", 1);
  table.build();
  EXPECT_EQ(sets_of(table, "example.com"), Sets{1});
  EXPECT_EQ(sets_of(table, "www.example.com"), Sets{});
  EXPECT_EQ(sets_of(table, "com"), Sets{});
  EXPECT_EQ(sets_of(table, "example.co"), Sets{});
}

TEST(Hosts, ASuffixTakesTheNameAndWhatIsUnderItLabelByLabel) {
  HostTable table;
  table.add_suffix("example.com", 7);
  table.build();
  EXPECT_EQ(sets_of(table, "example.com"), Sets{7});
  EXPECT_EQ(sets_of(table, "a.b.example.com"), Sets{7});
  EXPECT_EQ(sets_of(table, "notexample.com"), Sets{});
  EXPECT_EQ(sets_of(table, "example.com.org"), Sets{});
}

TEST(Hosts, UnderLeavesTheBareNameOut) {
  HostTable table;
  table.add_under("twimg.com", 3);
  table.build();
  EXPECT_EQ(sets_of(table, "abs.twimg.com"), Sets{3});
  EXPECT_EQ(sets_of(table, ".twimg.com"), Sets{3}) << "a star is any run of characters, empty too";
  EXPECT_EQ(sets_of(table, "twimg.com"), Sets{});
}

TEST(Hosts, ANameMayBelongToManySetsInEveryWay) {
  HostTable table;
  table.add_exact("a.b", 1);
  table.add_exact("a.b", 1);
  table.add_suffix("a.b", 2);
  table.add_under("a.b", 3);
  table.add_suffix("b", 4);
  table.build();
  EXPECT_EQ(table.size(), 2u);
  EXPECT_EQ(sets_of(table, "a.b"), (Sets{1, 2, 4}));
  EXPECT_EQ(sets_of(table, "c.a.b"), (Sets{2, 3, 4}));
  EXPECT_EQ(sets_of(table, "b"), (Sets{4}));
}

TEST(Hosts, AnEmptyTableAndAnEmptyNameFindNothing) {
  HostTable empty;
  empty.build();
  EXPECT_EQ(sets_of(empty, ""), Sets{});
  EXPECT_EQ(sets_of(empty, "a.b.c"), Sets{});
  HostTable table;
  table.add_suffix("com", 1);
  table.build();
  EXPECT_EQ(sets_of(table, ""), Sets{});
}

TEST(Hosts, NamesLongerThanDnsAllowsAreLookedUpWhole) {
  std::string name;
  for (int i = 0; i < 400; ++i) name += "x.";
  name += "com";
  HostTable table;
  table.add_exact(name, 1);
  table.add_suffix("com", 2);
  table.build();
  EXPECT_EQ(sets_of(table, name), (Sets{1, 2}));
  EXPECT_EQ(sets_of(table, "x." + name), Sets{2});
}

struct Added {
  std::string name;
  HostSetId set;
  int kind;  // 0 exact, 1 suffix, 2 under
};

bool slow_fits(const Added& added, const std::string& name) {
  const bool under = name.ends_with("." + added.name);
  return added.kind == 0 ? name == added.name : under || (added.kind == 1 && name == added.name);
}

// Labels from a tiny alphabet, some long, some empty: many shared suffixes and near misses.
std::string random_name(std::mt19937_64& random) {
  static const char* const kLabels[] = {
      "a", "b", "ab", "ba", "", "abcdefgh", "abcdefghi", "bbcdefgh", "a-very-long-label-of-text"};
  std::string name;
  const std::size_t labels = 1 + random() % 4;
  for (std::size_t i = 0; i < labels; ++i)
    name += (i > 0 ? "." : "") + std::string(kLabels[random() % std::size(kLabels)]);
  return name;
}

TEST(Hosts, AgreesWithASlowMatcherOnRandomNames) {
  std::mt19937_64 random(20240601);
  for (int round = 0; round < 200; ++round) {
    HostTable table;
    std::vector<Added> all;
    for (std::size_t i = random() % 60; i > 0; --i) {
      const Added one{random_name(random), static_cast<HostSetId>(random() % 9), static_cast<int>(random() % 3)};
      if (one.name.empty()) continue;
      if (one.kind == 0) table.add_exact(one.name, one.set);
      if (one.kind == 1) table.add_suffix(one.name, one.set);
      if (one.kind == 2) table.add_under(one.name, one.set);
      all.push_back(one);
    }
    table.build();
    for (int i = 0; i < 100; ++i) {
      const std::string name = random_name(random);
      Sets expected;
      for (const Added& one : all)
        if (slow_fits(one, name)) expected.insert(one.set);
      ASSERT_EQ(sets_of(table, name), expected) << '"' << name << '"';
    }
  }
}

TEST(Hosts, EveryNameOfALargeTableIsFound) {
  HostTable table;
  const auto name_of = [](int i) {
    return "host" + std::to_string(i * 7919) + ".example" + std::to_string(i % 97) + ".net";
  };
  for (int i = 0; i < 50'000; ++i) table.add_suffix(name_of(i), static_cast<HostSetId>(i % 5));
  table.build();
  EXPECT_EQ(table.size(), 50'000u);
  for (int i = 0; i < 50'000; ++i) {
    ASSERT_EQ(sets_of(table, "www." + name_of(i)), Sets{static_cast<HostSetId>(i % 5)});
    ASSERT_EQ(sets_of(table, "x" + name_of(i)), Sets{});
  }
}

}  // namespace
}  // namespace slowlane

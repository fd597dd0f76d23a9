#include "dataplane/names.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace slowlane {
namespace {

TEST(Names, KeepsANameOnceForAllItsHolders) {
  Names names(16, 4096);
  const NameId first = names.hold("abs.twimg.com");
  const NameId second = names.hold("abs.twimg.com");
  EXPECT_NE(first, kNoName);
  EXPECT_EQ(first, second);
  EXPECT_EQ(names.size(), 1u);
  EXPECT_EQ(names.text(first), "abs.twimg.com");
  names.release(first);
  EXPECT_EQ(names.text(second), "abs.twimg.com");
  names.release(second);
  EXPECT_EQ(names.size(), 0u);
}

TEST(Names, CountsAHolderOfAHandleToo) {
  Names names(16, 4096);
  const NameId id = names.hold("t.co");
  EXPECT_EQ(names.hold(id), id);
  names.release(id);
  EXPECT_EQ(names.text(id), "t.co");
  EXPECT_EQ(names.hold(kNoName), kNoName);
}

TEST(Names, HasNoHandleForWhatIsNoName) {
  Names names(16, 4096);
  EXPECT_EQ(names.hold(""), kNoName);
  EXPECT_EQ(names.hold(std::string(256, 'a')), kNoName);
  EXPECT_NE(names.hold(std::string(255, 'a')), kNoName);
  EXPECT_EQ(names.text(kNoName), "");
  names.release(kNoName);
}

TEST(Names, TakesAnyBytes) {
  Names names(16, 4096);
  const std::string odd("a\0b\xff", 4);
  EXPECT_EQ(names.text(names.hold(odd)), odd);
  EXPECT_NE(names.hold(std::string_view(odd).substr(0, 1)), names.hold(odd));
}

TEST(Names, IsCappedInNumberAndTakesNewOnesWhenOldOnesGo) {
  Names names(3, 1 << 16);
  const NameId one = names.hold("1");
  EXPECT_NE(names.hold("2"), kNoName);
  EXPECT_NE(names.hold("3"), kNoName);
  EXPECT_EQ(names.hold("4"), kNoName);
  EXPECT_EQ(names.hold("1"), one) << "a name that is there needs no room";
  names.release(one);
  EXPECT_EQ(names.hold("4"), kNoName);
  names.release(one);
  EXPECT_NE(names.hold("4"), kNoName);
}

TEST(Names, IsCappedInBytes) {
  Names names(1000, 8192);
  std::uint32_t held = 0;
  for (int i = 0; i < 1000; ++i)
    if (names.hold(std::string(200, 'x') + std::to_string(i)) != kNoName) ++held;
  EXPECT_EQ(held, 2 * (4096u / 208));  // slots are multiples of 16 bytes, pages have 4 KiB
  EXPECT_EQ(names.hold("short"), kNoName);
}

TEST(Names, GivesThePagesOfLongNamesToShortOnes) {
  Names names(1000, 4096);
  std::vector<NameId> ids;
  for (int i = 0; i < 16; ++i) ids.push_back(names.hold(std::string(250, static_cast<char>('a' + i))));
  EXPECT_EQ(names.hold("short"), kNoName);
  for (const NameId id : ids) names.release(id);
  for (int i = 0; i < 256; ++i) ASSERT_NE(names.hold("short" + std::to_string(i)), kNoName);
  EXPECT_EQ(names.hold("one more"), kNoName);
}

TEST(Names, WorksWithRoomForNone) {
  Names names(0, 0);
  EXPECT_EQ(names.hold("a"), kNoName);
}

// Random holds and releases against std::map.
TEST(Names, AgreesWithAMap) {
  std::mt19937_64 random(5);
  Names names(300, 64 << 10, random());
  std::map<std::string, std::pair<NameId, int>> model;
  std::vector<std::string> pool;
  for (int i = 0; i < 600; ++i) pool.push_back(std::string(1 + random() % 255, 'n') + std::to_string(i));
  for (std::string& name : pool) name.resize(std::min<std::size_t>(name.size(), 255));
  int refused = 0;
  for (int step = 0; step < 200000; ++step) {
    const std::string& name = pool[random() % pool.size()];
    const auto known = model.find(name);
    // Phases of growth and of decay, so that both the cap and emptiness are met.
    const bool grow = random() % 10 < (step / 20000 % 2 == 0 ? 6u : 4u);
    if (grow) {
      const NameId id = names.hold(name);
      if (known != model.end()) {
        ASSERT_EQ(id, known->second.first);
        ++known->second.second;
      } else if (id != kNoName) {
        model[name] = {id, 1};
      } else {
        ++refused;
      }
    } else if (known != model.end()) {
      names.release(known->second.first);
      if (--known->second.second == 0) model.erase(known);
    }
    ASSERT_EQ(names.size(), model.size());
    if (step % 1000 == 0) {
      for (const auto& [text, entry] : model) ASSERT_EQ(names.text(entry.first), text);
    }
  }
  EXPECT_GT(refused, 0);
}

}  // namespace
}  // namespace slowlane

#include "dataplane/flow_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "dataplane/tag_buckets.h"

namespace slowlane {
namespace {

constexpr FlowTable::IdleTimes kIdle = {60 * kSecond, 60 * kSecond, 600 * kSecond};

FlowKey key_of(std::uint32_t number) {
  FlowKey key;
  key.low = Address::v4(0x0a000000 + number);
  key.high = Address::v4(0xc6336407);
  key.low_port = static_cast<std::uint16_t>(40000 + number % 1000);
  key.high_port = 443;
  key.transport = 6;
  return key;
}

Flow* add(FlowTable& table, std::uint32_t number, Nanos now, IdleClass idle = IdleClass::established) {
  return table.add(key_of(number), table.hash(key_of(number)), idle, now);
}
Flow* find(FlowTable& table, std::uint32_t number) { return table.find(key_of(number), table.hash(key_of(number))); }

std::string text_of(const FlowKey& key) { return {reinterpret_cast<const char*>(&key), sizeof(key)}; }

TEST(FlowTable, FindsWhatWasAddedAndNothingElse) {
  FlowTable table(8, 1);
  EXPECT_EQ(find(table, 1), nullptr);
  Flow* flow = add(table, 1, 5 * kSecond, IdleClass::udp);
  ASSERT_NE(flow, nullptr);
  EXPECT_EQ(flow->key, key_of(1));
  EXPECT_EQ(flow->last, 5 * kSecond);
  EXPECT_EQ(flow->idle, IdleClass::udp);
  EXPECT_EQ(find(table, 1), flow);
  EXPECT_EQ(find(table, 2), nullptr);
  table.remove(*flow);
  EXPECT_EQ(find(table, 1), nullptr);
  EXPECT_EQ(table.size(), 0u);
}

TEST(FlowTable, TellsKeysApartByEveryField) {
  FlowTable table(64, 1);
  FlowKey base = key_of(1);
  std::vector<FlowKey> keys(7, base);
  keys[1].low.bytes[15] ^= 1;
  keys[2].high.bytes[0] ^= 1;
  keys[3].low_port ^= 1;
  keys[4].high_port ^= 1;
  keys[5].transport = 17;
  keys[6].vlan = 5;
  std::set<Flow*> flows;
  for (const FlowKey& key : keys) flows.insert(table.add(key, table.hash(key), IdleClass::syn, 0));
  EXPECT_EQ(flows.size(), keys.size());
  for (const FlowKey& key : keys) EXPECT_EQ(table.find(key, table.hash(key))->key, key);
}

TEST(FlowTable, GivesARecordBackAsNew) {
  FlowTable table(1, 1);
  Flow* flow = add(table, 1, 0);
  flow->packets[0] = 9;
  flow->had_payload = true;
  flow->name_count = 3;
  table.remove(*flow);
  flow = add(table, 2, 0);
  ASSERT_NE(flow, nullptr);
  EXPECT_EQ(flow->packets[0], 0u);
  EXPECT_FALSE(flow->had_payload);
  EXPECT_EQ(flow->name_count, 0);
}

TEST(FlowTable, HoldsItsCapacityAndNotOneMore) {
  for (const std::uint32_t capacity : {1u, 2u, 7u, 100u, 30000u}) {
    FlowTable table(capacity, capacity);
    for (std::uint32_t i = 0; i < capacity; ++i) ASSERT_NE(add(table, i, 0), nullptr) << i << " of " << capacity;
    EXPECT_EQ(add(table, capacity, 0), nullptr);
    EXPECT_EQ(table.size(), capacity);
    for (std::uint32_t i = 0; i < capacity; ++i) ASSERT_NE(find(table, i), nullptr);
  }
}

TEST(FlowTable, ExpiresAFlowPastTheIdleTimeOfItsClass) {
  FlowTable table(8, 1);
  Flow* syn = add(table, 1, 0, IdleClass::syn);
  Flow* established = add(table, 2, 0, IdleClass::established);
  EXPECT_EQ(table.expired(kIdle, 60 * kSecond), nullptr);
  EXPECT_EQ(table.expired(kIdle, 60 * kSecond + 1), syn);
  table.remove(*syn);
  EXPECT_EQ(table.expired(kIdle, 600 * kSecond), nullptr);
  EXPECT_EQ(table.expired(kIdle, 600 * kSecond + 1), established);
}

TEST(FlowTable, APacketGivesAFlowItsIdleTimeAgain) {
  FlowTable table(8, 1);
  Flow* flow = add(table, 1, 0, IdleClass::syn);
  table.touch(*flow, IdleClass::established, 59 * kSecond);
  EXPECT_EQ(table.expired(kIdle, 659 * kSecond), nullptr);
  EXPECT_EQ(table.expired(kIdle, 659 * kSecond + 1), flow);
}

TEST(FlowTable, ExpiresTheOldestFirst) {
  FlowTable table(8, 1);
  for (std::uint32_t i = 0; i < 4; ++i) add(table, i, i * kSecond, IdleClass::udp);
  table.touch(*find(table, 0), IdleClass::udp, 10 * kSecond);
  for (const std::uint32_t expected : {1u, 2u, 3u, 0u}) {
    Flow* flow = table.expired(kIdle, 100 * kSecond);
    ASSERT_NE(flow, nullptr);
    EXPECT_EQ(flow->key, key_of(expected));
    table.remove(*flow);
  }
  EXPECT_EQ(table.expired(kIdle, 100 * kSecond), nullptr);
}

TEST(FlowTable, PassesOverFlowsThatHoldSomethingAndComesBackToThem) {
  FlowTable table(64, 1);
  for (std::uint32_t i = 0; i < 40; ++i) add(table, i, 0, IdleClass::udp)->holding = i != 39;
  Flow* free = nullptr;
  for (int call = 0; call < 5 && free == nullptr; ++call) free = table.expired(kIdle, 61 * kSecond);
  ASSERT_NE(free, nullptr);
  EXPECT_EQ(free->key, key_of(39));
  table.remove(*free);
  for (int call = 0; call < 10; ++call) EXPECT_EQ(table.expired(kIdle, 61 * kSecond), nullptr);
  find(table, 20)->holding = false;
  free = nullptr;
  for (int call = 0; call < 5 && free == nullptr; ++call) free = table.expired(kIdle, 62 * kSecond);
  ASSERT_NE(free, nullptr);
  EXPECT_EQ(free->key, key_of(20));
}

TEST(FlowTable, EvictsTheOldestPastItsShortIdleTimeThenTheOldestWithoutPayload) {
  constexpr FlowTable::IdleTimes kShort = {10 * kSecond, 10 * kSecond, 120 * kSecond};
  FlowTable table(4, 1);
  Flow* talker = add(table, 0, 0);
  talker->had_payload = true;
  table.touch(*talker, IdleClass::established, 1 * kSecond);
  Flow* bare = add(table, 1, 2 * kSecond);
  Flow* syn = add(table, 2, 5 * kSecond, IdleClass::syn);
  Flow* holder = add(table, 3, 0, IdleClass::syn);
  holder->holding = true;
  const std::uint64_t newcomer = table.hash(key_of(9));
  EXPECT_EQ(table.evictable(kShort, newcomer, 16 * kSecond), syn) << "past ten seconds";
  EXPECT_EQ(table.evictable(kShort, newcomer, 14 * kSecond), bare) << "nobody is past it";
  EXPECT_EQ(table.evictable(kShort, newcomer, 200 * kSecond), talker) << "the oldest of three past it";
}

TEST(FlowTable, EvictsNobodyWhereAllCarryPayloadOrHoldSomething) {
  FlowTable table(3, 1);
  for (std::uint32_t i = 0; i < 3; ++i) {
    Flow* flow = add(table, i, 0, IdleClass::udp);
    (i == 2 ? flow->holding : flow->had_payload) = true;  // set after the flow was listed
  }
  EXPECT_EQ(table.evictable(kIdle, table.hash(key_of(9)), kSecond), nullptr);
}

TEST(FlowTable, WalksOverAllItsFlowsOnce) {
  FlowTable table(100, 1);
  for (std::uint32_t i = 0; i < 50; ++i) add(table, i, 0);
  for (std::uint32_t i = 0; i < 50; i += 2) table.remove(*find(table, i));
  std::set<std::string> seen;
  table.for_each([&](Flow& flow) { EXPECT_TRUE(seen.insert(text_of(flow.key)).second); });
  EXPECT_EQ(seen.size(), 25u);
  table.for_each([&](Flow& flow) { table.remove(flow); });
  EXPECT_EQ(table.size(), 0u);
}

TEST(FlowTable, TheSeedDecidesWhichKeysCollide) {
  FlowTable one(4, 1);
  FlowTable two(4, 2);
  // Pairs of keys that share the 16 high bits of their hash under one seed do not under another.
  std::map<std::uint64_t, std::uint32_t> by_hash;
  int pairs = 0;
  int still = 0;
  for (std::uint32_t i = 0; i < 20000; ++i) {
    const auto [place, fresh] = by_hash.emplace(one.hash(key_of(i)) >> 48, i);
    if (fresh) continue;
    ++pairs;
    if (two.hash(key_of(i)) >> 48 == two.hash(key_of(place->second)) >> 48) ++still;
  }
  EXPECT_GT(pairs, 1000);
  EXPECT_LT(still, 3);
}

TEST(FlowTable, SpreadsKeysThatDifferInOneBit) {
  FlowTable table(4, 77);
  std::vector<int> low(256);
  std::vector<int> high(256);
  for (std::uint32_t i = 0; i < 256 * 64; ++i) {
    const std::uint64_t hash = table.hash(key_of(i));
    ++low[hash & 255];
    ++high[hash >> 56];
  }
  for (const auto& counts : {low, high}) {
    double chi = 0;
    for (const int count : counts) chi += (count - 64.0) * (count - 64.0) / 64.0;
    EXPECT_LT(chi, 360) << "255 degrees of freedom: 1 in 10,000";
  }
}

// Buckets of our own choosing: every hash leads to the same two.
TEST(TagBuckets, MovesAnEntryAsideAndSaysWhenThereIsNoPlaceLeft) {
  TagBuckets buckets(9);  // four buckets
  std::vector<std::uint64_t> hashes;
  std::mt19937_64 random(2);
  const auto hash_of = [&](std::uint32_t index) { return hashes[index]; };
  std::uint32_t refused = 0;
  for (std::uint32_t i = 0; i < 40; ++i) {
    hashes.push_back(random());
    if (buckets.make_room(hashes[i], hash_of))
      buckets.put(hashes[i], i);
    else
      hashes[i] = 0;
    refused += hashes[i] == 0 ? 1 : 0;
  }
  EXPECT_GE(refused, 40u - 32u);
  EXPECT_LE(refused, 40u - 28u) << "32 places, and moving makes nearly all of them of use";
  for (std::uint32_t i = 0; i < 40; ++i) {
    if (hashes[i] == 0) continue;
    EXPECT_EQ(buckets.find(hashes[i], [&](std::uint32_t index) { return index == i; }), i);
    buckets.remove(hashes[i], i);
    EXPECT_EQ(buckets.find(hashes[i], [&](std::uint32_t index) { return index == i; }), TagBuckets::kNothing);
  }
}

struct Expected {
  Nanos last = 0;
  IdleClass idle = IdleClass::syn;
  bool payload = false;
  bool holding = false;
};

// The table beside a std::map, under random packets, expiry and eviction.
class Comparison {
 public:
  // One packet in `holders` leaves its flow holding something; 0: none.
  Comparison(std::uint32_t capacity, unsigned holders)
      : table_(capacity, capacity), random_(capacity), holders_(holders) {}

  void packet() {
    now_ += static_cast<Nanos>(random_() % (static_cast<std::uint64_t>(40 * kSecond) / table_.capacity()));
    const FlowKey key = key_of(static_cast<std::uint32_t>(random_() % (3 * table_.capacity())));
    const std::uint64_t hash = table_.hash(key);
    const auto idle = static_cast<IdleClass>(random_() % kIdleClasses);
    Flow* flow = table_.find(key, hash);
    const auto known = model_.find(text_of(key));
    ASSERT_EQ(flow != nullptr, known != model_.end());
    if (flow == nullptr) {
      flow = table_.add(key, hash, idle, now_);
      if (flow == nullptr) {
        make_room(hash);
        return;
      }
      model_[text_of(key)] = {now_, idle, false, false};
      return;
    }
    if (random_() % 4 == 0) flow->had_payload = true;
    flow->holding = holders_ > 0 && random_() % holders_ == 0;
    table_.touch(*flow, idle, now_);
    known->second = {now_, idle, flow->had_payload, flow->holding};
  }

  void expire() {
    while (Flow* flow = table_.expired(kIdle, now_)) {
      ASSERT_GT(now_ - flow->last, kIdle[static_cast<std::size_t>(flow->idle)]);
      ASSERT_FALSE(flow->holding);
      drop(*flow);
    }
    // Nobody is left who is overdue by more than a second; holders, who are put behind others, stand in the way.
    if (holders_ > 0) return;
    for (const auto& [key, flow] : model_)
      ASSERT_LE(now_ - flow.last, kIdle[static_cast<std::size_t>(flow.idle)] + kSecond);
  }

  void check() {
    ASSERT_EQ(table_.size(), model_.size());
    std::size_t seen = 0;
    table_.for_each([&](Flow& flow) {
      const auto known = model_.find(text_of(flow.key));
      ASSERT_NE(known, model_.end());
      EXPECT_EQ(flow.last, known->second.last);
      EXPECT_EQ(table_.find(flow.key, table_.hash(flow.key)), &flow);
      ++seen;
    });
    ASSERT_EQ(seen, model_.size());
  }

  int evicted_ = 0;
  int refused_ = 0;

 private:
  void make_room(std::uint64_t hash) {
    constexpr FlowTable::IdleTimes kShort = {5 * kSecond, 5 * kSecond, 20 * kSecond};
    ASSERT_EQ(table_.size(), table_.capacity());
    Flow* victim = table_.evictable(kShort, hash, now_);
    if (victim == nullptr) {
      ++refused_;
      return;
    }
    ++evicted_;
    ASSERT_FALSE(victim->holding);
    const bool idle = now_ - victim->last > kShort[static_cast<std::size_t>(victim->idle)];
    ASSERT_TRUE(idle || !victim->had_payload);
    drop_after_check(*victim, idle, kShort);
  }
  void drop_after_check(Flow& victim, bool idle, const FlowTable::IdleTimes& short_idle) {
    for (const auto& [key, flow] : model_) {
      if (holders_ > 0) break;
      const bool overdue = now_ - flow.last > short_idle[static_cast<std::size_t>(flow.idle)] + kSecond;
      ASSERT_TRUE(!overdue || idle) << "somebody was past the short idle time";
      ASSERT_TRUE(!overdue || flow.last + kSecond > victim.last) << "somebody was older";
      ASSERT_TRUE(idle || flow.payload || flow.last + kSecond > victim.last) << "somebody was older";
    }
    drop(victim);
  }
  void drop(Flow& flow) {
    ASSERT_EQ(model_.erase(text_of(flow.key)), 1u);
    table_.remove(flow);
  }

  FlowTable table_;
  std::mt19937_64 random_;
  unsigned holders_;
  std::map<std::string, Expected> model_;
  Nanos now_ = Nanos{1'616'000'000} * kSecond;
};

TEST(FlowTable, AgreesWithAMap) {
  for (const std::uint32_t capacity : {5u, 60u, 400u})
    for (const unsigned holders : {0u, 16u}) {
      Comparison both(capacity, holders);
      for (int step = 0; step < 20000; ++step) {
        both.packet();
        if (step % 64 == 0) both.expire();
        if (step % 512 == 0) both.check();
        if (HasFatalFailure()) FAIL() << "capacity " << capacity << " step " << step;
      }
      EXPECT_GT(both.evicted_, 0);
    }
}

TEST(FlowTable, TouchesMemoryOnlyAsFlowsCome) {
  FlowTable table(1 << 22, 1);
  EXPECT_GE(table.memory(), (sizeof(Flow) + 21) << 22);
  EXPECT_LE(table.memory(), (sizeof(Flow) + 23) << 22);
  EXPECT_NE(add(table, 1, 0), nullptr);
}

}  // namespace
}  // namespace slowlane

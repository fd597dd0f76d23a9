#include "dataplane/host_table.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "dataplane/keyed_hash.h"
#include "dataplane/region.h"
#include "dataplane/tag_buckets.h"

namespace slowlane {

struct HostStates::Table {
  struct Record {
    HostState state;
    bool taken;
    std::uint32_t next_free;
  };

  Table(std::uint32_t capacity_, std::uint64_t seed)
      : capacity(capacity_), hash(seed), buckets(capacity_), records(capacity_) {}

  std::uint64_t hash_of(const Address& host, std::uint32_t owner) const noexcept {
    std::array<std::uint64_t, 3> words{};
    std::memcpy(words.data(), host.bytes.data(), host.bytes.size());
    words[2] = owner;
    return hash(words);
  }
  std::uint64_t hash_of(std::uint32_t index) const noexcept {
    return hash_of(records[index].state.host, records[index].state.owner);
  }

  std::uint32_t capacity;
  KeyedHash hash;
  TagBuckets buckets;
  Slab<Record> records;
  std::uint32_t used = 0;  // records ever given out
  std::uint32_t free = kNoIndex;
  std::uint32_t count = 0;
  std::uint32_t hand = 0;  // where sweeping stands
};

HostStates::HostStates(std::uint32_t capacity, std::uint64_t seed)
    : table_(std::make_unique<Table>(std::max<std::uint32_t>(1, capacity), seed)) {}
HostStates::~HostStates() = default;

HostState* HostStates::find_or_add(const Address& host, std::uint32_t owner, Nanos now) noexcept {
  Table& table = *table_;
  const std::uint64_t hash = table.hash_of(host, owner);
  std::uint32_t index = table.buckets.find(hash, [&](std::uint32_t candidate) {
    const HostState& state = table.records[candidate].state;
    return state.owner == owner && state.host == host;
  });
  if (index == TagBuckets::kNothing) {
    if (table.free == kNoIndex && table.used == table.capacity) return nullptr;
    if (!table.buckets.make_room(hash, [&](std::uint32_t other) { return table.hash_of(other); })) return nullptr;
    index = table.free != kNoIndex ? table.free : table.used++;
    if (index == table.free) table.free = table.records[index].next_free;
    Table::Record& record = *new (&table.records[index]) Table::Record{{}, true, kNoIndex};
    record.state.host = host;
    record.state.owner = owner;
    table.buckets.put(hash, index);
    ++table.count;
  }
  HostState& state = table.records[index].state;
  state.last = now;
  return &state;
}

std::uint32_t HostStates::size() const noexcept { return table_->count; }

HostState* HostStates::sweep_next(Nanos now) noexcept {
  Table& table = *table_;
  if (table.used == 0) return nullptr;
  if (table.hand >= table.used) table.hand = 0;
  Table::Record& record = table.records[table.hand++];
  if (!record.taken || record.state.last >= now) return nullptr;
  return &record.state;
}

void HostStates::remove(HostState& state) noexcept {
  Table& table = *table_;
  // A record begins with its state.
  Table::Record& record = reinterpret_cast<Table::Record&>(state);
  const auto index = static_cast<std::uint32_t>(&record - table.records.data());
  table.buckets.remove(table.hash_of(index), index);
  record.taken = false;
  record.next_free = table.free;
  table.free = index;
  --table.count;
}

}  // namespace slowlane

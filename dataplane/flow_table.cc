#include "dataplane/flow_table.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "dataplane/keyed_hash.h"
#include "dataplane/region.h"
#include "dataplane/tag_buckets.h"

namespace slowlane {
namespace {

constexpr std::uint32_t kLists = 2 * kIdleClasses;
// Flows that hold something are passed over, but not all at once: a call must end.
constexpr int kPassedOverAtMost = 16;

// A list, and the second at which a flow was moved in it, in one word: one comparison says whether to move it again.
std::uint32_t stamp(IdleClass idle, bool had_payload, Nanos now) noexcept {
  const auto list = 2 * static_cast<std::uint32_t>(idle) + (had_payload ? 1 : 0);
  return static_cast<std::uint32_t>(static_cast<std::uint64_t>(now) / kSecond) << 3 | list;
}
std::uint32_t stamp(const Flow& flow, Nanos now) noexcept { return stamp(flow.idle, flow.had_payload, now); }
// How many cache lines of a record a packet of a settled flow touches, and the end of a flow.
constexpr std::size_t kPacketLines = 3;
constexpr std::size_t kEndingLines = sizeof(Flow) / 64;
constexpr std::uint32_t kFree = 0xffffffff;  // no list has the number 7

}  // namespace

struct FlowTable::Table {
  struct List {
    std::uint32_t oldest = kNoIndex;
    std::uint32_t newest = kNoIndex;
  };

  Table(std::uint32_t capacity_, std::uint64_t seed)
      : capacity(std::max<std::uint32_t>(1, capacity_)), hash(seed), buckets(capacity), flows(capacity) {}

  std::uint64_t hash_of(const FlowKey& key) const noexcept {
    std::array<std::uint64_t, 5> words;
    static_assert(sizeof(words) == sizeof(FlowKey));
    std::memcpy(words.data(), &key, sizeof(words));
    return hash(words);
  }
  auto hash_of_index() const noexcept {
    return [this](std::uint32_t index) { return hash_of(flows[index].key); };
  }
  std::uint32_t index_of(const Flow& flow) const noexcept { return static_cast<std::uint32_t>(&flow - &flows[0]); }

  void append(std::uint32_t index, std::uint32_t new_stamp) noexcept {
    List& list = lists[new_stamp & 7];
    Flow& flow = flows[index];
    flow.listed_at = new_stamp;
    flow.newer = kNoIndex;
    flow.older = list.newest;
    (list.newest != kNoIndex ? flows[list.newest].newer : list.oldest) = index;
    list.newest = index;
  }
  void unlink(const Flow& flow) noexcept {
    List& list = lists[flow.listed_at & 7];
    (flow.older != kNoIndex ? flows[flow.older].newer : list.oldest) = flow.newer;
    (flow.newer != kNoIndex ? flows[flow.newer].older : list.newest) = flow.older;
  }
  void move(Flow& flow, std::uint32_t new_stamp) noexcept {
    unlink(flow);
    append(index_of(flow), new_stamp);
  }

  // The oldest flow of a list that does not hold anything; those passed over go to the list's newer end, once a second
  // at most, so that they are not in the way again.
  Flow* oldest_free(std::uint32_t list, Nanos now) noexcept {
    for (int passed_over = 0; passed_over < kPassedOverAtMost; ++passed_over) {
      if (lists[list].oldest == kNoIndex) return nullptr;
      Flow& flow = flows[lists[list].oldest];
      if (!flow.holding) return &flow;
      const std::uint32_t again = (stamp(flow, now) & ~std::uint32_t{7}) | list;
      if (flow.listed_at == again) return nullptr;
      move(flow, again);
    }
    return nullptr;
  }

  // The oldest flow of a list of those without payload that still has none: the caller may have set `had_payload` since
  // the flow was listed, and then it belongs to the other list.
  Flow* oldest_bare(std::uint32_t list, Nanos now) noexcept {
    for (int moved = 0; moved < kPassedOverAtMost; ++moved) {
      Flow* flow = oldest_free(list, now);
      if (flow == nullptr || !flow->had_payload) return flow;
      move(*flow, stamp(*flow, now));
    }
    return nullptr;
  }

  // Flows expire in rows: starts fetching what ending the next one takes, and the one behind it.
  void fetch_behind(const Flow& flow) noexcept {
    if (flow.newer == kNoIndex) return;
    const Flow& next = flows[flow.newer];
    buckets.prefetch_bucket(hash_of(next.key));
    if (next.newer != kNoIndex) fetch(flows[next.newer], kEndingLines);
  }
  static void fetch(const Flow& flow, std::size_t lines) noexcept {
    const char* record = reinterpret_cast<const char*>(&flow);
    for (std::size_t line = 0; line < lines; ++line) prefetch(record + 64 * line);
  }

  std::uint32_t capacity;
  KeyedHash hash;
  TagBuckets buckets;
  Slab<Flow> flows;
  std::array<List, kLists> lists;
  std::uint32_t used = 0;  // records ever given out
  std::uint32_t free = kNoIndex;
  std::uint32_t count = 0;
};

namespace {

// The flow whose last packet is the oldest.
class Oldest {
 public:
  void consider(Flow* flow) noexcept {
    if (flow != nullptr && (found_ == nullptr || flow->last < found_->last)) found_ = flow;
  }
  Flow* found() const noexcept { return found_; }

 private:
  Flow* found_ = nullptr;
};

bool past(const FlowTable::IdleTimes& idle, const Flow& flow, Nanos now) noexcept {
  return now - flow.last > idle[static_cast<std::size_t>(flow.idle)];
}

}  // namespace

FlowTable::FlowTable(std::uint32_t capacity, std::uint64_t seed) : table_(std::make_unique<Table>(capacity, seed)) {}
FlowTable::~FlowTable() = default;

std::uint64_t FlowTable::hash(const FlowKey& key) const noexcept { return table_->hash_of(key); }

void FlowTable::prefetch_bucket(std::uint64_t hash) const noexcept { table_->buckets.prefetch_bucket(hash); }

void FlowTable::prefetch_record(std::uint64_t hash) const noexcept {
  table_->buckets.find(hash, [this](std::uint32_t index) {
    Table::fetch(table_->flows[index], kPacketLines);
    return true;  // a second flow under the same tag is too rare to wait for
  });
}

Flow* FlowTable::find(const FlowKey& key, std::uint64_t hash) noexcept {
  Table& table = *table_;
  const std::uint32_t index =
      table.buckets.find(hash, [&](std::uint32_t candidate) { return table.flows[candidate].key == key; });
  return index == kNoIndex ? nullptr : &table.flows[index];
}

Flow* FlowTable::add(const FlowKey& key, std::uint64_t hash, IdleClass idle, Nanos now) noexcept {
  Table& table = *table_;
  if (table.free == kNoIndex && table.used == table.capacity) return nullptr;
  if (!table.buckets.make_room(hash, table.hash_of_index())) return nullptr;
  const std::uint32_t index = table.free != kNoIndex ? table.free : table.used++;
  if (index == table.free) table.free = table.flows[index].newer;
  Flow& flow = *new (&table.flows[index]) Flow;
  flow.key = key;
  flow.last = now;
  flow.idle = idle;
  table.buckets.put(hash, index);
  table.append(index, stamp(flow, now));
  ++table.count;
  return &flow;
}

void FlowTable::remove(Flow& flow) noexcept {
  Table& table = *table_;
  const std::uint32_t index = table.index_of(flow);
  table.buckets.remove(table.hash_of(flow.key), index);
  table.unlink(flow);
  flow.listed_at = kFree;
  flow.newer = table.free;
  table.free = index;
  --table.count;
}

void FlowTable::touch(Flow& flow, IdleClass idle, Nanos now) noexcept {
  flow.last = now;
  flow.idle = idle;
  const std::uint32_t fresh = stamp(flow, now);
  if (fresh != flow.listed_at) table_->move(flow, fresh);
}

Flow* FlowTable::expired(const IdleTimes& idle, Nanos now) noexcept {
  for (std::uint32_t list = 0; list < kLists; ++list) {
    // The list says when a flow was listed, the flow itself when it is due.
    const std::uint32_t oldest = table_->lists[list].oldest;
    if (oldest == kNoIndex || !past(idle, table_->flows[oldest], now)) continue;
    Flow* flow = table_->oldest_free(list, now);
    if (flow == nullptr || !past(idle, *flow, now)) continue;
    table_->fetch_behind(*flow);
    return flow;
  }
  return nullptr;
}

Flow* FlowTable::evictable(const IdleTimes& short_idle, std::uint64_t hash, Nanos now) noexcept {
  Table& table = *table_;
  Oldest idle;
  Oldest bare;
  if (!table.buckets.make_room(hash, table.hash_of_index())) {
    table.buckets.for_neighbours(hash, [&](std::uint32_t index) {
      Flow& flow = table.flows[index];
      if (flow.holding) return;
      if (past(short_idle, flow, now)) idle.consider(&flow);
      if (!flow.had_payload) bare.consider(&flow);
    });
    return idle.found() != nullptr ? idle.found() : bare.found();
  }
  for (std::uint32_t list = 0; list < kLists; ++list) {
    Flow* flow = table.oldest_free(list, now);
    if (flow != nullptr && past(short_idle, *flow, now)) idle.consider(flow);
  }
  if (idle.found() != nullptr) return idle.found();
  for (std::uint32_t list = 0; list < kLists; list += 2) bare.consider(table.oldest_bare(list, now));
  return bare.found();
}

std::uint32_t FlowTable::size() const noexcept { return table_->count; }
std::uint32_t FlowTable::capacity() const noexcept { return table_->capacity; }
std::size_t FlowTable::memory() const noexcept { return table_->buckets.memory() + table_->flows.bytes(); }
std::uint32_t FlowTable::high_water() const noexcept { return table_->used; }

Flow* FlowTable::at_index(std::uint32_t index) noexcept {
  Flow& flow = table_->flows[index];
  return flow.listed_at == kFree ? nullptr : &flow;
}

}  // namespace slowlane

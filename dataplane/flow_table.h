#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "dataplane/flow.h"

namespace slowlane {

// All flows of one core: fixed size, allocates only when made. 8-way buckets of 16-bit tags (two per key, the second
// used when the first is full) beside a slab of records, a seeded hash, and lists, oldest first: per idle class one of
// flows that carried payload and one of those that did not. A list is exact to a second: a flow is moved at most once a
// second. Flow::newer, older and listed_at belong to the table; the caller keeps `last`, `idle` by touch(), `holding`
// and `had_payload`.
class FlowTable {
 public:
  // `capacity` records, at least 1. Memory is reserved at once and touched as flows come.
  FlowTable(std::uint32_t capacity, std::uint64_t seed);
  ~FlowTable();
  FlowTable(const FlowTable&) = delete;
  FlowTable& operator=(const FlowTable&) = delete;

  std::uint64_t hash(const FlowKey& key) const noexcept;
  // Two passes over a burst fetch what find() will touch: first the buckets, then the records behind matching tags.
  void prefetch_bucket(std::uint64_t hash) const noexcept;
  void prefetch_record(std::uint64_t hash) const noexcept;

  Flow* find(const FlowKey& key, std::uint64_t hash) noexcept;
  // A new record for a key that is not there, all fields at their defaults but `key`, `last` = now and `idle`, first
  // in its list. Null: no record or no place is free (see evictable()).
  Flow* add(const FlowKey& key, std::uint64_t hash, IdleClass idle, Nanos now) noexcept;
  void remove(Flow& flow) noexcept;

  // Says that `flow` saw a packet at `now` and is under `idle` from here on: sets last and idle, keeps the list.
  void touch(Flow& flow, IdleClass idle, Nanos now) noexcept;

  using IdleTimes = std::array<Nanos, kIdleClasses>;
  // A flow whose last packet is older than its class's idle time and that holds nothing; null: none. Flows that are
  // `holding` are passed over (and looked at again later).
  Flow* expired(const IdleTimes& idle, Nanos now) noexcept;
  // Who makes room when the table is full: the oldest flow past its short idle time, then the oldest that never
  // carried payload; never one that is `holding`. Null: nobody. `hash` is the newcomer's: where both its buckets are
  // full, the victim comes from them.
  Flow* evictable(const IdleTimes& short_idle, std::uint64_t hash, Nanos now) noexcept;

  // Oldest first by id is not kept: this walks the slab. For the end of a run and for listings.
  template <class F>
  void for_each(F&& f) {
    for (std::uint32_t i = 0; i < high_water(); ++i)
      if (Flow* flow = at_index(i)) f(*flow);
  }

  // Records by number, for those who walk them in steps: below high_water(); null where the record is free.
  std::uint32_t high_water() const noexcept;
  Flow* at_index(std::uint32_t index) noexcept;

  std::uint32_t size() const noexcept;
  std::uint32_t capacity() const noexcept;
  std::size_t memory() const noexcept;  // bytes reserved

 private:
  struct Table;
  std::unique_ptr<Table> table_;
};

}  // namespace slowlane

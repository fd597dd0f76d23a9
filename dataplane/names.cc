#include "dataplane/names.h"

#include <bit>
#include <cstring>

#include "dataplane/keyed_hash.h"
#include "dataplane/region.h"
#include "dataplane/text_arena.h"

namespace slowlane {

// An open-addressed table of ids, at most half full, beside the names themselves; id 0 is a free place.
struct Names::Store {
  struct Name {
    std::uint32_t hash;
    std::uint32_t holders;  // 0: free
    TextArena::Slot slot;   // of a free one: the next free id
    std::uint32_t length;
  };

  Store(std::uint32_t max_names, std::size_t max_bytes, std::uint64_t seed)
      : max(max_names),
        mask(std::bit_ceil(std::uint64_t{max_names} * 2 + 2) - 1),
        hash(seed),
        places(mask + 1),
        names(std::size_t{max_names} + 1),
        arena(max_bytes) {}

  std::string_view text(const Name& name) const noexcept { return {arena.at(name.slot), name.length}; }

  // Where the name is, or the free place where it would go.
  std::size_t find(std::string_view text_sought, std::uint32_t hash_sought) const noexcept {
    std::size_t place = hash_sought & mask;
    for (; places[place] != kNoName; place = (place + 1) & mask) {
      const Name& name = names[places[place]];
      if (name.hash == hash_sought && text(name) == text_sought) break;
    }
    return place;
  }

  NameId fresh_id() noexcept {
    if (free != kNoName) {
      const NameId id = free;
      free = names[id].slot;
      return id;
    }
    return used < max ? ++used : kNoName;
  }

  void give_back_id(NameId id) noexcept {
    names[id].holders = 0;
    names[id].slot = free;
    free = id;
  }

  void remove(NameId id) noexcept {
    std::size_t hole = names[id].hash & mask;
    while (places[hole] != id) hole = (hole + 1) & mask;
    // Later names of the run move up into the hole, unless that would put them before their own first place.
    for (std::size_t next = (hole + 1) & mask; places[next] != kNoName; next = (next + 1) & mask) {
      const std::size_t home = names[places[next]].hash & mask;
      if (((next - home) & mask) < ((next - hole) & mask)) continue;
      places[hole] = places[next];
      hole = next;
    }
    places[hole] = kNoName;
    arena.give_back(names[id].slot);
    give_back_id(id);
    --count;
  }

  std::uint32_t max;
  std::uint64_t mask;
  KeyedHash hash;
  Slab<NameId> places;
  Slab<Name> names;  // from 1
  TextArena arena;
  std::uint32_t used = 0;
  std::uint32_t count = 0;
  NameId free = kNoName;
};

Names::Names(std::uint32_t max_names, std::size_t max_bytes, std::uint64_t seed)
    : store_(std::make_unique<Store>(max_names, max_bytes, seed)) {}
Names::~Names() = default;

NameId Names::hold(std::string_view name) noexcept {
  if (name.empty() || name.size() > 255) return kNoName;
  Store& store = *store_;
  const auto hash = static_cast<std::uint32_t>(store.hash(name));
  const std::size_t place = store.find(name, hash);
  if (store.places[place] != kNoName) return hold(store.places[place]);
  const NameId id = store.fresh_id();
  if (id == kNoName) return kNoName;
  const TextArena::Slot slot = store.arena.take(name.size());
  if (slot == TextArena::kNone) {
    store.give_back_id(id);
    return kNoName;
  }
  std::memcpy(store.arena.at(slot), name.data(), name.size());
  store.names[id] = {hash, 1, slot, static_cast<std::uint32_t>(name.size())};
  store.places[place] = id;
  ++store.count;
  return id;
}

NameId Names::hold(NameId id) noexcept {
  if (id != kNoName) ++store_->names[id].holders;
  return id;
}

void Names::release(NameId id) noexcept {
  if (id != kNoName && --store_->names[id].holders == 0) store_->remove(id);
}

std::string_view Names::text(NameId id) const noexcept {
  return id == kNoName ? std::string_view{} : store_->text(store_->names[id]);
}

std::uint32_t Names::size() const noexcept { return store_->count; }

std::size_t Names::memory() const noexcept {
  return store_->places.bytes() + store_->names.bytes() + store_->arena.memory();
}

}  // namespace slowlane

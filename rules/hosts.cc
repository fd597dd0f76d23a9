#include "rules/hosts.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <vector>

namespace slowlane {
namespace {

// What an entry asks of the name that reached it. In the order that a list of sets keeps them: a suffix of the name
// answers with `under` and `suffix`, the whole name with `suffix` and `exact`; both are one contiguous run.
enum class Reach : std::uint8_t { under, suffix, exact };

constexpr std::uint64_t kMix = 0x9e3779b97f4a7c15ull;
constexpr std::uint64_t kSpread = 0xd6e8feb86659fd93ull;

// The two halves of a 128-bit product folded together: every input bit reaches every output bit.
std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
  const auto product = static_cast<unsigned __int128>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

std::uint64_t load(const char* at, std::size_t size) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, size);
  return word;
}

// The last one to eight bytes of a label in one word; overlapping loads keep it free of loops.
std::uint64_t load_tail(const char* at, std::size_t size) {
  if (size == 8) return load(at, 8);
  if (size >= 4) return load(at, 4) | load(at + size - 4, 4) << 32;
  if (size >= 2) return load(at, 2) | load(at + size - 2, 2) << 16;
  return size == 1 ? load(at, 1) : 0;
}

// The hash of a suffix from the hash of what stands right of its first label, eight bytes a step.
std::uint64_t add_label(std::uint64_t hash, const char* label, std::size_t size) {
  hash ^= kSpread * (size + 1);
  while (size > 8) {
    hash = fold(hash ^ load(label, 8), kMix);
    label += 8;
    size -= 8;
  }
  return fold(hash ^ load_tail(label, size), kMix ^ hash);
}

// Where the label that ends before `end` begins.
std::size_t label_start(std::string_view name, std::size_t end) {
  while (end > 0 && name[end - 1] != '.') --end;
  return end;
}

std::uint64_t hash_of(std::string_view name) {
  std::uint64_t hash = 0;
  std::size_t end = name.size();
  for (;;) {
    const std::size_t start = label_start(name, end);
    hash = add_label(hash, name.data() + start, end - start);
    if (start == 0) return hash;
    end = start - 1;
  }
}

// One name. Its sets stand in `sets` from `list` on: two counts (of `under`, of `suffix`), the total, then the ids.
struct Entry {
  std::uint32_t text = 0;
  std::uint32_t size = 0;
  std::uint32_t list = 0;
};

struct Slot {
  std::uint32_t tag = 0;  // upper half of the hash
  std::uint32_t entry = kFree;
  static constexpr std::uint32_t kFree = 0xffffffff;
};

// A name as it was added. Gone after build().
struct Added {
  std::uint64_t hash = 0;
  std::uint32_t text = 0;
  std::uint32_t size = 0;
  HostSetId set = 0;
  Reach reach = Reach::exact;
};

constexpr std::size_t kListHead = 3;

}  // namespace

struct HostTable::Table {
  std::vector<char> text;
  std::vector<Added> added;
  std::vector<std::uint32_t> next;  // during build: the following Added of the same name
  std::vector<Entry> entries;
  std::vector<HostSetId> sets;
  std::vector<Slot> slots;
  std::size_t mask = 0;

  void add(std::string_view name, HostSetId set, Reach reach) {
    added.push_back(
        {hash_of(name), static_cast<std::uint32_t>(text.size()), static_cast<std::uint32_t>(name.size()), set, reach});
    text.insert(text.end(), name.begin(), name.end());
  }

  std::string_view text_of(std::uint32_t at, std::uint32_t size) const { return {text.data() + at, size}; }

  // The slot that holds `name`, or the free one where it belongs.
  std::size_t find(std::uint64_t hash, std::string_view name) const {
    const auto tag = static_cast<std::uint32_t>(hash >> 32);
    for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
      const Slot& slot = slots[at];
      if (slot.entry == Slot::kFree) return at;
      if (slot.tag != tag) continue;
      const Entry& entry = entries[slot.entry];
      if (entry.size == name.size() && std::memcmp(text.data() + entry.text, name.data(), name.size()) == 0) return at;
    }
  }

  void place(std::uint32_t index);
  void list_sets(Entry& entry, std::vector<Added>& group);
};

// Gives `added[index]` its entry, or chains it to the one its name has. Entry::list is the head of that chain.
void HostTable::Table::place(std::uint32_t index) {
  const Added& one = added[index];
  Slot& slot = slots[find(one.hash, text_of(one.text, one.size))];
  if (slot.entry == Slot::kFree) {
    slot = {static_cast<std::uint32_t>(one.hash >> 32), static_cast<std::uint32_t>(entries.size())};
    entries.push_back({one.text, one.size, index});
    next[index] = Slot::kFree;
    return;
  }
  next[index] = entries[slot.entry].list;
  entries[slot.entry].list = index;
}

// Turns the chain of an entry into its list of sets. Equal neighbours share one list: a million names of one list file
// need one.
void HostTable::Table::list_sets(Entry& entry, std::vector<Added>& group) {
  group.clear();
  for (std::uint32_t at = entry.list; at != Slot::kFree; at = next[at]) group.push_back(added[at]);
  const auto key = [](const Added& a) { return std::pair(a.reach, a.set); };
  std::sort(group.begin(), group.end(), [&](const Added& a, const Added& b) { return key(a) < key(b); });
  group.erase(std::unique(group.begin(), group.end(), [&](const Added& a, const Added& b) { return key(a) == key(b); }),
              group.end());

  const std::size_t before = sets.size();
  std::uint32_t counts[3] = {};
  for (const Added& one : group) ++counts[static_cast<std::size_t>(one.reach)];
  sets.insert(sets.end(), {counts[0], counts[1], static_cast<std::uint32_t>(group.size())});
  for (const Added& one : group) sets.push_back(one.set);

  const std::size_t size = sets.size() - before;
  if (before >= size && std::equal(sets.begin() + static_cast<std::ptrdiff_t>(before), sets.end(),
                                   sets.begin() + static_cast<std::ptrdiff_t>(before - size))) {
    sets.resize(before);
    entry.list = static_cast<std::uint32_t>(before - size);
  } else {
    entry.list = static_cast<std::uint32_t>(before);
  }
}

HostTable::HostTable() : table_(std::make_unique<Table>()) {}
HostTable::~HostTable() = default;
HostTable::HostTable(HostTable&&) noexcept = default;
HostTable& HostTable::operator=(HostTable&&) noexcept = default;

void HostTable::add_exact(std::string_view name, HostSetId set) { table_->add(name, set, Reach::exact); }
void HostTable::add_suffix(std::string_view name, HostSetId set) { table_->add(name, set, Reach::suffix); }
void HostTable::add_under(std::string_view name, HostSetId set) { table_->add(name, set, Reach::under); }

void HostTable::build() {
  Table& table = *table_;
  const std::size_t count = table.added.size();
  table.slots.assign(std::bit_ceil(std::max<std::size_t>(count * 2, 16)), Slot{});
  table.mask = table.slots.size() - 1;
  table.next.assign(count, Slot::kFree);
  table.entries.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) table.place(i);
  std::vector<Added> group;
  for (Entry& entry : table.entries) table.list_sets(entry, group);
  table.added = {};
  table.next = {};
  table.text.shrink_to_fit();
  table.entries.shrink_to_fit();
  table.sets.shrink_to_fit();
}

std::size_t HostTable::step(Walk& walk, std::span<const HostSetId> (&hits)[kMaxHits]) const noexcept {
  const Table& table = *table_;
  std::uint64_t hashes[kMaxHits];
  std::size_t starts[kMaxHits];
  std::size_t count = 0;
  // All hashes first, so that the slots are on their way from memory together.
  while (count < kMaxHits && !walk.done) {
    const std::size_t start = label_start(walk.name, walk.at);
    walk.hash = add_label(walk.hash, walk.name.data() + start, walk.at - start);
    __builtin_prefetch(&table.slots[walk.hash & table.mask]);
    hashes[count] = walk.hash;
    starts[count++] = start;
    walk.done = start == 0;
    walk.at = start == 0 ? 0 : start - 1;
  }
  std::size_t found = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const Slot& slot = table.slots[table.find(hashes[i], walk.name.substr(starts[i]))];
    if (slot.entry == Slot::kFree) continue;
    const HostSetId* list = &table.sets[table.entries[slot.entry].list];
    const HostSetId* ids = list + kListHead;
    // Under and suffix for what stands right of a label of the name; suffix and exact for the whole of it.
    hits[found++] = starts[i] > 0 ? std::span(ids, list[0] + list[1]) : std::span(ids + list[0], list[2] - list[0]);
  }
  return found;
}

std::size_t HostTable::size() const { return table_->entries.size(); }

std::size_t HostTable::memory() const {
  return table_->text.capacity() + table_->entries.capacity() * sizeof(Entry) +
         table_->sets.capacity() * sizeof(HostSetId) + table_->slots.capacity() * sizeof(Slot);
}

}  // namespace slowlane

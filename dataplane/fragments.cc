#include "dataplane/fragments.h"

#include <limits>
#include <optional>

#include "dataplane/datagrams.h"

namespace slowlane {
namespace {

using List = Datagrams::List;
using Record = Datagrams::Record;
using Released = Fragments::Released;

constexpr Nanos kFollowed = 30 * kSecond;
constexpr std::uint64_t kBytesPerPacket = 1024;
constexpr int kForgottenAtOnce = 64;

// While a packet is held, `order` says where its bytes end.
std::uint32_t end_of(const Packet& packet) noexcept { return static_cast<std::uint32_t>(packet.order); }

Released drop(Packet* chain, DropReason reason) noexcept { return {Released::Fate::drop, reason, chain}; }

// Puts a fragment into its place in the chain; false: it overlaps a neighbour, or lies beyond the last one.
bool insert(Record& record, Packet& fragment, FragmentRange range) noexcept {
  Packet** link = &record.chain;
  std::uint32_t before = 0;
  while (*link != nullptr && (*link)->parsed.headers.fragment_offset < range.begin) {
    before = end_of(**link);
    link = &(*link)->next;
  }
  if (before > range.begin || (*link != nullptr && (*link)->parsed.headers.fragment_offset < range.end)) return false;
  const bool last = !fragment.parsed.headers.more_fragments;
  if (last && (record.length != 0 || *link != nullptr)) return false;
  if (!last && record.length != 0 && range.end >= record.length) return false;
  if (last) record.length = range.end;
  fragment.order = range.end;
  fragment.next = *link;
  *link = &fragment;
  record.got += range.end - range.begin;
  ++record.count;
  return true;
}

}  // namespace

struct Fragments::Table {
  Table(std::uint32_t datagrams, std::uint64_t max_held_bytes, std::uint64_t seed)
      : max_bytes(max_held_bytes), followed(datagrams, seed), held(datagrams, seed + 1) {}

  // A record for a datagram that has none: one that is only remembered to be dropped may have to go.
  Record* make_held(const DatagramId& id, Nanos due) noexcept {
    Record* record = held.add(id, due);
    if (record != nullptr) return record;
    Record* remembered = held.soonest(List::dropping);
    if (remembered == nullptr) return nullptr;
    held.remove(*remembered);
    return held.add(id, due);
  }

  // Takes the chain out of a record, and `more` with it.
  Packet* take(Record& record, Packet* more) noexcept {
    Packet* chain = record.chain;
    record.chain = nullptr;
    Packet** link = &chain;
    for (; *link != nullptr; link = &(*link)->next) {
      --packets;
      bytes -= (*link)->counted_bytes();
    }
    *link = more;
    return chain;
  }

  Released refuse(Record& record, Packet* fragment) noexcept {
    Packet* chain = take(record, fragment);
    held.move(record, List::dropping);
    return drop(chain, DropReason::fragment_limit);
  }

  Released complete(Record& record, const Inspection& inspection) noexcept {
    Packet* chain = take(record, nullptr);
    held.remove(record);
    if (inspection.fragment_ttl_first)
      for (Packet* packet = chain->next; packet != nullptr; packet = packet->next)
        set_ttl(*packet, chain->parsed.headers.ttl);
    return {Released::Fate::send, DropReason::fragment_limit, chain};
  }

  std::uint64_t max_bytes;
  Datagrams followed;
  Datagrams held;
  std::uint32_t packets = 0;
  std::uint64_t bytes = 0;
};

Fragments::Fragments(std::uint32_t datagrams, std::uint64_t max_held_bytes, std::uint64_t seed)
    : table_(std::make_unique<Table>(datagrams, max_held_bytes, seed)) {}

Fragments::~Fragments() {
  while (Record* record = table_->held.soonest(List::live)) {
    Packet* packet = table_->take(*record, nullptr);
    while (packet != nullptr) {
      Packet* next = packet->next;
      free_packet(packet);
      packet = next;
    }
    table_->held.remove(*record);
  }
}

bool Fragments::learn(const Packet& first) noexcept {
  Datagrams& followed = table_->followed;
  const DatagramId id = datagram_of(first);
  bool room = true;
  if (Record* old = followed.find(id)) followed.remove(*old);
  Record* record = followed.add(id, first.arrival + kFollowed);
  while (record == nullptr) {
    Record* oldest = followed.soonest(List::live);
    if (oldest == nullptr) return false;
    room = room && oldest->due <= first.arrival;
    followed.remove(*oldest);
    record = followed.add(id, first.arrival + kFollowed);
  }
  record->key = first.parsed.key;
  record->from_low = first.parsed.from_low;
  return room;
}

bool Fragments::follow(Packet& later) noexcept {
  const Record* record = table_->followed.find(datagram_of(later));
  if (record == nullptr || record->due <= later.arrival) return false;
  later.parsed.key = record->key;
  later.parsed.from_low = record->from_low;
  return true;
}

bool Fragments::follow(Packet& later, Nanos learned_before) noexcept {
  const Record* record = table_->followed.find(datagram_of(later));
  return record != nullptr && record->due - kFollowed < learned_before && follow(later);
}

bool Fragments::knows(const Packet& fragment) const noexcept {
  return table_->held.find(datagram_of(fragment)) != nullptr;
}

Released Fragments::hold(Packet* fragment, const Inspection& inspection) noexcept {
  Table& table = *table_;
  fragment->next = nullptr;
  const DatagramId id = datagram_of(*fragment);
  Record* record = table.held.find(id);
  if (record != nullptr && record->list == List::dropping) {
    if (record->due > fragment->arrival) return drop(fragment, DropReason::fragment_limit);
    table.held.remove(*record);
    record = nullptr;
  }
  if (table.bytes + fragment->counted_bytes() > table.max_bytes || table.packets >= table.max_bytes / kBytesPerPacket)
    return drop(fragment, DropReason::held_full);
  if (record == nullptr) record = table.make_held(id, fragment->arrival + inspection.fragment_timeout);
  if (record == nullptr) return drop(fragment, DropReason::held_full);
  const std::optional<FragmentRange> range = range_of(*fragment);
  if (!range || record->count >= inspection.fragment_limit || !insert(*record, *fragment, *range))
    return table.refuse(*record, fragment);
  ++table.packets;
  table.bytes += fragment->counted_bytes();
  // No two overlap, so as many bytes as the datagram has are all of them.
  if (record->length != 0 && record->got == record->length) return table.complete(*record, inspection);
  return {};
}

Released Fragments::expired(Nanos now, const Inspection&) noexcept {
  Datagrams& held = table_->held;
  for (int i = 0; i < kForgottenAtOnce; ++i) {
    Record* remembered = held.soonest(List::dropping);
    if (remembered == nullptr || remembered->due > now) break;
    held.remove(*remembered);
  }
  Record* record = held.soonest(List::live);
  if (record == nullptr || record->due > now) return {};
  Packet* chain = table_->take(*record, nullptr);
  held.remove(*record);
  return drop(chain, DropReason::fragment_timeout);
}

Nanos Fragments::next_due() const noexcept {
  const Record* record = table_->held.soonest(List::live);
  return record == nullptr ? std::numeric_limits<Nanos>::max() : record->due;
}

std::uint32_t Fragments::held_packets() const noexcept { return table_->packets; }
std::uint64_t Fragments::held_bytes() const noexcept { return table_->bytes; }

}  // namespace slowlane

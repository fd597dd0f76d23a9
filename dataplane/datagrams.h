#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "dataplane/flow.h"
#include "dataplane/keyed_hash.h"
#include "dataplane/packet.h"
#include "dataplane/region.h"
#include "dataplane/tag_buckets.h"

namespace slowlane {

// What all fragments of one datagram share: RFC 791 §2.3 (addresses, protocol, identification) and RFC 8200 §4.5
// (addresses, identification).
struct DatagramId {
  Address source;
  Address destination;
  std::uint32_t id = 0;
  std::uint16_t vlan = 0;
  std::uint8_t transport = 0;  // 0 in IPv6
  std::uint8_t version = 0;

  bool operator==(const DatagramId&) const = default;
};
static_assert(sizeof(DatagramId) == 40);
DatagramId datagram_of(const Packet& fragment) noexcept;

// Which bytes of its datagram a fragment carries.
struct FragmentRange {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
};
// nullopt: impossible bytes, or headers that cannot be followed.
std::optional<FragmentRange> range_of(const Packet& fragment) noexcept;

// Writes a TTL or hop limit into the innermost IP header, and puts the IPv4 header's checksum right (RFC 1624).
void set_ttl(Packet& packet, std::uint8_t ttl) noexcept;

// A fixed number of datagrams: found by id, and kept in one of two lists by when they are due.
class Datagrams {
 public:
  enum class List : std::uint8_t { live, dropping };
  struct Record {
    DatagramId id;
    Nanos due;
    std::uint32_t sooner;
    std::uint32_t later;
    List list;
    // Followed: what the first fragment said.
    bool from_low;
    FlowKey key;
    // Held.
    std::uint32_t count;   // fragments
    std::uint32_t length;  // of the datagram, once its last fragment is there; else 0
    std::uint32_t got;     // bytes of it
    Packet* chain;         // in order of offset
  };

  Datagrams(std::uint32_t capacity, std::uint64_t seed);

  Record* find(const DatagramId& id) noexcept;
  // A new live one; null where there is no room.
  Record* add(const DatagramId& id, Nanos due) noexcept;
  void remove(Record& record) noexcept;
  void move(Record& record, List list) noexcept;
  Record* soonest(List list) noexcept;

 private:
  struct Ends {
    std::uint32_t soonest = kNoIndex;
    std::uint32_t latest = kNoIndex;
  };
  std::uint64_t hash_of(const DatagramId& id) const noexcept;
  std::uint32_t index_of(const Record& record) noexcept {
    return static_cast<std::uint32_t>(&record - records_.data());
  }
  void link(std::uint32_t index, List list) noexcept;
  void unlink(std::uint32_t index) noexcept;

  std::uint32_t capacity_;
  KeyedHash hash_;
  TagBuckets buckets_;
  Slab<Record> records_;
  std::uint32_t used_ = 0;
  std::uint32_t free_ = kNoIndex;
  std::array<Ends, 2> lists_;
};

}  // namespace slowlane

#pragma once

#include <cstdint>
#include <memory>

#include "dataplane/packet.h"
#include "rules/book.h"

namespace slowlane {

// Datagrams in fragments: remembers which flow a first fragment named, so that the later ones follow it, and, where
// the book says `fragments = "hold"`, keeps the fragments until the datagram is complete. Fixed size, one per worker.
class Fragments {
 public:
  // `datagrams` at once, of which held ones keep at most `max_held_bytes` of packets.
  Fragments(std::uint32_t datagrams, std::uint64_t max_held_bytes, std::uint64_t seed);
  ~Fragments();
  Fragments(const Fragments&) = delete;
  Fragments& operator=(const Fragments&) = delete;

  // Follow. A first fragment teaches its datagram's ports; false: no room, the later ones will pass unjudged.
  bool learn(const Packet& first) noexcept;
  // A later fragment gets the key (ports, and direction) of its datagram; false: its first was not seen.
  bool follow(Packet& later) noexcept;

  // Hold. Takes any fragment. What leaves comes back as a chain linked by Packet::next, in order of offset; the
  // caller owns it. `fate` says what to do with the chain: send it on, or drop it for `reason`.
  struct Released {
    enum class Fate : std::uint8_t { none, send, drop } fate = Fate::none;
    DropReason reason = DropReason::fragment_limit;
    Packet* chain = nullptr;
  };
  // A datagram that becomes complete is released to be sent; one past `limit` fragments, or with overlapping pieces,
  // to be dropped, and what still comes of it is dropped too. With `ttl_first` the first fragment's TTL is written
  // into the others (IPv4 header checksum updated; fact H2).
  Released hold(Packet* fragment, const Inspection& inspection) noexcept;
  // Chains that are still incomplete after the timeout, to be dropped; call until `none`.
  Released expired(Nanos now, const Inspection& inspection) noexcept;
  Nanos next_due() const noexcept;  // when expired() has something next; the maximum where nothing is held
  std::uint32_t held_packets() const noexcept;
  std::uint64_t held_bytes() const noexcept;

 private:
  struct Table;
  std::unique_ptr<Table> table_;
};

}  // namespace slowlane

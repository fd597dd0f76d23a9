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
  // `datagrams` at once are followed, and as many held. Held ones keep at most `max_held_bytes` of IP bytes, and at
  // most one packet for each KiB of that.
  Fragments(std::uint32_t datagrams, std::uint64_t max_held_bytes, std::uint64_t seed);
  ~Fragments();
  Fragments(const Fragments&) = delete;
  Fragments& operator=(const Fragments&) = delete;

  // Follow. A first fragment teaches its datagram's ports for 30 s. False: the oldest datagram of a full table had to
  // make room while it was still followed; its later fragments will pass unjudged.
  bool learn(const Packet& first) noexcept;
  // A later fragment gets the key (ports, and direction) of its datagram; false: its first was not seen.
  bool follow(Packet& later) noexcept;
  // The same, of firsts that came before `learned_before` alone.
  bool follow(Packet& later, Nanos learned_before) noexcept;

  // Hold. Takes any fragment. What leaves comes back as a chain linked by Packet::next, in order of offset; the caller
  // owns it. `fate` says what to do with the chain: send it on, or drop it for `reason`; `none`: the fragment is held.
  struct Released {
    enum class Fate : std::uint8_t { none, send, drop } fate = Fate::none;
    DropReason reason = DropReason::fragment_limit;
    Packet* chain = nullptr;
  };
  // A datagram that becomes complete is released to be sent; one past `limit` fragments, or with overlapping, repeated
  // or impossible pieces, to be dropped (facts H3, H4), and what still comes of it until its timeout is dropped too.
  // With `ttl_first` the first fragment's TTL is written into the others (IPv4 header checksum updated; fact H2).
  // A fragment there is no room for is dropped alone, as `held_full`.
  Released hold(Packet* fragment, const Inspection& inspection) noexcept;
  // Chains that are still incomplete after the timeout, to be dropped; call until `none`.
  Released expired(Nanos now, const Inspection& inspection) noexcept;
  Nanos next_due() const noexcept;  // when expired() has something next; the maximum where nothing is held
  // Whether hold() has met other fragments of the datagram, and still keeps or refuses them.
  bool knows(const Packet& fragment) const noexcept;
  std::uint32_t held_packets() const noexcept;
  std::uint64_t held_bytes() const noexcept;

 private:
  struct Table;
  std::unique_ptr<Table> table_;
};

}  // namespace slowlane

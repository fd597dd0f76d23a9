#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "dataplane/packet.h"
#include "tests/support/packet_builder.h"

namespace slowlane {

struct LooseFree {
  void operator()(Packet* packet) const noexcept { free_packet(packet); }
};
// Owns a packet that lives on the heap by itself: no EAL, no pool. free_packet() works on it too, so it may be
// released to code under test that owns and frees packets. Nothing lies behind its last byte: the address sanitizer
// sees every read beyond it.
using LoosePacket = std::unique_ptr<Packet, LooseFree>;

// A packet with these bytes, already parsed. `wire_length` 0: as long as captured.
LoosePacket make_loose(std::span<const std::uint8_t> frame, LinkType link = LinkType::ethernet,
                       std::uint32_t wire_length = 0, Nanos arrival = 0);
inline LoosePacket make_loose(const Frame& frame, LinkType link = LinkType::ethernet) {
  return make_loose(frame.build(), link);
}

// Loose packets that were made and not freed yet.
std::size_t loose_packets();

}  // namespace slowlane

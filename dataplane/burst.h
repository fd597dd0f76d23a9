#pragma once

#include <array>
#include <cstdint>
#include <type_traits>

#include "dataplane/packet.h"

namespace slowlane {

// Up to 32 packets that travel together. Plain data; owns nothing by itself.
struct Burst {
  static constexpr std::uint16_t kCapacity = 32;

  std::array<Packet*, kCapacity> packets;
  std::uint16_t count = 0;
  std::uint16_t limit = kCapacity;  // how many it may hold, at most kCapacity

  bool full() const noexcept { return count >= limit; }
  void add(Packet* packet) noexcept { packets[count++] = packet; }
  void clear() noexcept { count = 0; }
  Packet** begin() noexcept { return packets.data(); }
  Packet** end() noexcept { return packets.data() + count; }
};
static_assert(std::is_trivially_copyable_v<Burst>);

}  // namespace slowlane

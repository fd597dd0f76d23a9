#pragma once

#include <cstdint>

#include "dataplane/parse.h"

namespace slowlane {

// What a random draw is for; draws of different purposes are independent.
enum class Purpose : std::uint8_t { lose, jitter, after_packets, window };

// A random number that is a hash of seed, flow, packet and purpose (contract §2): the same after a restart, in any
// order and on any core. Never a shared stream.
std::uint64_t draw(std::uint64_t seed, const FlowKey& key, std::uint64_t packet, Purpose purpose) noexcept;

// The same as a fraction in [0, 1).
inline double draw_fraction(std::uint64_t seed, const FlowKey& key, std::uint64_t packet, Purpose purpose) noexcept {
  return static_cast<double>(draw(seed, key, packet, purpose) >> 11) * 0x1p-53;
}

}  // namespace slowlane

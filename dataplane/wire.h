#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "dataplane/port.h"
#include "rules/facts.h"
#include "rules/ip.h"

namespace slowlane {

constexpr std::size_t at(Side side) { return static_cast<std::size_t>(side); }

// Two ports joined, as one worker sees them. Where both are the same port (a replay, a mirror port), packets come from
// both sides through it, and a packet's side comes from its flow.
struct Wire {
  static constexpr std::uint16_t kNoQueue = 0xffff;
  enum class Mode : std::uint8_t { forward, tap };      // a tap looks and never sends
  enum class Elsewhere : std::uint8_t { treat, pass };  // inside addresses that no prefix holds

  Port* inside = nullptr;
  Port* outside = nullptr;
  std::vector<Prefix> inside_prefixes;  // on one port: who is inside; none: the initiator's side is
  Mode mode = Mode::forward;
  Elsewhere elsewhere = Elsewhere::treat;

  // This worker's queues of the two ports. kNoQueue: another worker receives, or `sender` sends for it.
  std::array<std::uint16_t, 2> receive_queue{0, 0};
  std::array<std::uint16_t, 2> send_queue{0, 0};
  std::array<std::uint32_t, 2> sender{0, 0};

  bool one_armed() const noexcept { return inside == outside; }
  Port* port(Side side) const noexcept { return side == Side::inside ? inside : outside; }
};

inline bool contains(const std::vector<Prefix>& prefixes, const Address& address) noexcept {
  for (const Prefix& prefix : prefixes)
    if (prefix.contains(address)) return true;
  return false;
}

}  // namespace slowlane

#pragma once

#include <cstdint>

#include "dataplane/burst.h"

namespace slowlane {

// Where frames come from and go to: two verbs. Used by one worker per queue; never blocks.
class Port {
 public:
  virtual ~Port() = default;

  // Appends up to the burst's free places of new packets, with arrival, lengths and link set. The caller owns them.
  virtual void receive(std::uint16_t queue, Burst& burst) noexcept = 0;

  // Takes packets from the front of the burst and owns them; what it could not take stays in the burst, moved to its
  // front, and remains the caller's.
  virtual void send(std::uint16_t queue, Burst& burst) noexcept = 0;
};

}  // namespace slowlane

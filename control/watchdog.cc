#include "control/watchdog.h"

#include <algorithm>

namespace slowlane {

Watchdog::Watchdog(std::size_t workers, Nanos now, Nanos patience)
    : patience_(patience), looked_(now), workers_(workers) {}

std::optional<std::size_t> Watchdog::look(std::span<const std::uint64_t> turns, Nanos now) {
  const Nanos passed = std::clamp<Nanos>(now - looked_, 0, 2 * kLook);
  looked_ = now;
  std::optional<std::size_t> worst;
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    Seen& worker = workers_[i];
    worker.still = turns[i] == worker.turns ? worker.still + passed : 0;
    worker.turns = turns[i];
    if (worker.still >= patience_ && (!worst || worker.still > workers_[*worst].still)) worst = i;
  }
  return worst;
}

}  // namespace slowlane

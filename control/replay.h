#pragma once

#include <cstdint>
#include <string>

#include "control/command.h"
#include "control/replay_options.h"
#include "hw/pool.h"

namespace slowlane {

struct ReplayOutcome {
  Exit exit = Exit::done;
  std::string text;  // the table, or the report
};

// Packets that may be in the box at once; the pool a replay is given has as many.
inline constexpr std::uint32_t kReplayPackets = 96 * 1024;

// The virtual-time run (house §4 "Time"): sends captures through the packet path and writes what was asked for. The
// outputs appear together at the end, or not at all where it throws Failure. The same options and inputs give the same
// bytes, wall-clock figures of the report aside.
ReplayOutcome replay(const ReplayOptions& options, PacketPool& pool);

}  // namespace slowlane

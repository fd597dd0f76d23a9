#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "control/command.h"
#include "control/replay_options.h"
#include "hw/pool.h"
#include "rules/ruleset.h"

namespace slowlane {

struct ReplayOutcome {
  Exit exit = Exit::done;
  std::string text;  // the table, or the report
};

// The book of a replay. Throws Failure with all that is wrong with it.
std::unique_ptr<const RuleSet> load_replay_rules(const ReplayOptions& options);
// Packets that may be in the box at once under it: what a replay's pool must have.
std::uint32_t replay_packets(const Book& book);

// The virtual-time run (house §4 "Time"): sends captures through the packet path and writes what was asked for. The
// outputs appear together at the end, or not at all where it throws Failure. The same options and inputs give the same
// bytes, wall-clock figures of the report aside.
ReplayOutcome replay(const ReplayOptions& options, std::unique_ptr<const RuleSet> rules, PacketPool& pool);

}  // namespace slowlane

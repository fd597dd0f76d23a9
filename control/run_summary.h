#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "control/class_stats.h"
#include "control/top_names.h"
#include "dataplane/counters.h"
#include "dataplane/worker.h"
#include "rules/ruleset.h"

namespace slowlane {

// One capture of a run.
struct InputSummary {
  std::string file;
  std::string sha256;  // empty: nobody asked
  std::uint64_t packets = 0;
};

// All that a finished run has to say: what the report and the printed table are made of.
struct RunSummary {
  const RuleSet& rules;
  const Counters& counters;
  std::span<const ClassCounts> classes;  // index = ClassId
  std::span<const RuleCounts> rule_counts;
  std::span<const ClassTimes> times;  // index = ClassId
  const TopNames& names;
  std::uint32_t held_packets = 0;
  std::uint64_t held_bytes = 0;
  std::vector<InputSummary> inputs;
  std::string book_file;
  std::string book_digest;
  std::uint64_t seed = 1;
  Nanos capture_time = 0;  // from the first arrival to the last
  double wall_seconds = 0;
  std::vector<std::string> warnings;
};

// The bits per second that a class is held to by its policer or shaper; 0: by none.
std::uint64_t configured_rate(const ClassSpec& spec);
// What a class does in a few words: "police 140kbit per flow", "drop"; "pass" where nothing.
std::string describe(const ClassSpec& spec);
// The program's version, as `--version` and the report give it.
const char* program_version();
// "slowlane 0.1.0", as captures name who wrote them.
std::string program_name();

inline constexpr const char* kOpenLoop =
    "Replay is open loop: it shows which packets of this recording would have been dropped or delayed, "
    "not how the senders would have reacted.";

}  // namespace slowlane

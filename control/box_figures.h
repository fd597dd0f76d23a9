#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "control/appliance.h"
#include "control/box_status.h"
#include "control/name_board.h"
#include "dataplane/counters.h"

namespace slowlane {

// Everything that a running box counted, read once, as plain numbers that nobody changes any more: what meters, views,
// metrics and the page are made of.

struct DirectionFigures {
  std::uint64_t offered_packets = 0, offered_bytes = 0;
  std::uint64_t sent_packets = 0, sent_bytes = 0;
  std::uint64_t dropped_packets = 0, dropped_bytes = 0;
};
struct ClassFigures {
  std::string name;
  std::uint64_t flows = 0;                    // judged into it so far
  std::array<DirectionFigures, 2> direction;  // index = Direction
  std::vector<BusyName> names{};              // the busiest, where many clients asked for them
};
struct RuleFigures {
  std::uint64_t hits = 0, bytes = 0, would_drop_bytes = 0;
};
struct WorkerFigures {
  unsigned core = 0;
  std::uint64_t turns = 0, busy_turns = 0;
  Nanos cpu_time = 0;  // that its thread used
  std::uint64_t received_packets = 0, sent_packets = 0, spread_packets = 0;
  std::uint64_t take_ups = 0;  // of another book
  Nanos longest_take_up = 0;
  Nanos longest_turn = 0;  // since the last look of the meters; theirs alone, else 0
};
struct PortFigures {
  std::string name, kind, device;
  bool link_up = false;
  PortStatistics statistics;
};

struct BoxFigures {
  template <class Enum>
  using Row = std::array<std::uint64_t, static_cast<std::size_t>(Enum::count)>;

  Nanos time = 0;     // when it was read
  Nanos started = 0;  // when the box began
  std::string appliance;
  bool bench = false;
  bool polls = false;  // workers never sleep
  std::string state;   // running, bypass, draining
  std::vector<std::string> degraded;
  std::shared_ptr<const RuleSet> rules;  // those in force
  std::vector<ClassFigures> classes;     // as in rules->classes()
  std::vector<RuleFigures> rule_hits;    // index = RuleId
  std::vector<WorkerFigures> workers;
  std::vector<PortFigures> ports;
  Row<Counter> counters{};
  Row<DropReason> dropped_packets{}, dropped_bytes{};
  Row<Malformed> malformed{};
  Row<NotFound> not_found{};
  std::uint64_t records_written = 0, records_lost = 0;

  std::uint64_t operator[](Counter counter) const { return counters[static_cast<std::size_t>(counter)]; }
  std::uint64_t flows_now() const;
  // What is neither sent nor dropped. Read while it changes, so never less than 0, and 0 only about.
  std::uint64_t held_packets() const;
  std::uint64_t held_bytes() const;
};

// Control's thread; the workers go on meanwhile.
BoxFigures read_figures(const Appliance& box, const RunState& run);

}  // namespace slowlane

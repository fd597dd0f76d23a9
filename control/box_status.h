#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "control/appliance.h"
#include "control/book_jobs.h"
#include "control/event_writer.h"

namespace slowlane {

// What a running box says of itself. Control's thread; the workers go on meanwhile.

// What else is known of a run.
struct RunState {
  const char* state = "running";  // running, bypass, draining
  std::string bypass_reason;      // while it is on
  std::string notice_trouble;     // why people may not learn what the box does
  const EventWriter* events = nullptr;
  BookReport books;
};

nlohmann::ordered_json box_status(const Appliance& box, const RunState& run);
// By dotted names: "worker.0.sent_packets", "port.in.missed", "total.dropped.police".
nlohmann::ordered_json box_counters(const Appliance& box, const RunState& run);
// What is not as it should be, one sentence each, with what to do about it.
std::vector<std::string> degraded_states(const Appliance& box, const RunState& run);
// What the death of the process would do to the wires.
std::string dead_process_note(const Config& config);

}  // namespace slowlane

#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "control/live_book.h"
#include "control/live_record.h"
#include "dataplane/mailbox.h"

namespace slowlane {

// What a trace's numbers mean. All must outlive it.
struct TraceContext {
  LiveContext live;
  const LiveBook& book;
  const std::vector<std::string>& wires;  // their names
  Nanos began = 0;                        // the trace; times are told since then
};

// One traced packet: what came, the flow it belongs to, which rules were asked and what they said, what became of it.
// `fate` is null while it is still held. Where addresses are not full it tells headers and decisions alone: addresses
// cut, no names, no ports of clients; payload never.
nlohmann::ordered_json trace_record(const Answer& step, const Answer* fate, const TraceContext& context);

}  // namespace slowlane

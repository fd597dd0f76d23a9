#pragma once

#include <cstdint>
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
  const FlowFilter& asked;                // what the trace was asked for by
  Nanos began = 0;                        // the trace; times are told since then
};

// Why a packet's fate is not known when its trace ends: it waits in the box, or answers of its worker found no room,
// and its fate may have been one of them.
enum class NoFate : std::uint8_t { held, not_told };

// One traced packet: what came, the flow it belongs to, which rules were asked and what they said, what became of it.
// Where addresses are not full it tells headers and decisions alone: addresses cut, no names, no ports of clients;
// payload never. Of whom was asked for by more of his address than is shown, it then tells no application,
// class, rule or flow's id either, for those lead to what he visits.
nlohmann::ordered_json trace_record(const Answer& step, const Answer& fate, const TraceContext& context);
nlohmann::ordered_json trace_record(const Answer& step, NoFate why, const TraceContext& context);

}  // namespace slowlane

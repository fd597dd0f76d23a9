#pragma once

#include <nlohmann/json_fwd.hpp>

#include "control/flow_record.h"
#include "dataplane/classifier.h"
#include "dataplane/events.h"
#include "rules/ruleset.h"

namespace slowlane {

// What an event's numbers mean. All must outlive it; `classifier` may be null.
struct LiveContext {
  Labels labels;  // of the rules that judged the flow
  const Classifier* classifier = nullptr;
  Addresses addresses = Addresses::truncated;
};

// One line of a live run's records: that of contract §4 behind "event", "time" and "worker" (control/schemas/
// event.schema.json). `end` is null until the flow ends, frames are 0. A DNS name stands in it only where the flow's
// rule, or an observe rule that fits it, asks for DNS names. Unless addresses are full, times are cut to the second.
nlohmann::ordered_json live_record(const FlowEvent& event, const LiveContext& context);

// The "host" of that record; empty where it has none.
std::string live_host(const FlowEvent& event, const Labels& labels);

}  // namespace slowlane

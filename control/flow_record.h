#pragma once

#include <array>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "control/community_id.h"
#include "control/labels.h"
#include "dataplane/classifier.h"
#include "dataplane/flow.h"
#include "dataplane/names.h"
#include "dataplane/witness.h"
#include "rules/ruleset.h"

namespace slowlane {

// How much of an address a record shows. `truncated`: the first 24 bits of IPv4 and 32 of IPv6, client port 0, no
// community id. `none`: no address at all, likewise.
enum class Addresses : std::uint8_t { full, truncated, none };

// The names that a flow shows, in the order of flow.names; the rest are empty.
using FlowNames = std::array<std::string_view, Flow::kMaxNames>;

// One flow as a record tells it. All must outlive it; `classifier` may be null.
struct FlowView {
  const Flow& flow;
  const FlowNames& names;
  Labels labels;
  const Classifier* classifier = nullptr;
  Addresses addresses = Addresses::full;
  FlowEnd why = FlowEnd::idle;
  IcmpHead icmp{};
};

// The record of contract §4, keys in its order.
nlohmann::ordered_json flow_record(const FlowView& view);

// What a flow's numbers mean while its worker has it. All must outlive it; `classifier` may be null.
struct FlowContext {
  Labels labels;
  const Names& names;
  const Classifier* classifier = nullptr;
  Addresses addresses = Addresses::full;
};

// The same of a flow that still holds its names.
nlohmann::ordered_json flow_record(const Flow& flow, FlowEnd why, IcmpHead icmp, const FlowContext& context);

// The name that decided, else the last from TLS, QUIC, HTTP or SOCKS, else one from DNS; -1: none. An index into
// Flow::names.
int shown_name(const Flow& flow);
// "pass" where nothing was done.
std::string_view shown_class(const RuleSet& rules, ClassId cls);
const char* name_of(NameSource source);
const char* name_of(FlowEnd why);

// The same as one CSV line: nested keys are joined by a dot, lists by a blank.
const std::vector<std::string>& flow_columns();
std::vector<std::string> flow_cells(const nlohmann::ordered_json& record);

}  // namespace slowlane

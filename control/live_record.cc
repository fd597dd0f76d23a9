#include "control/live_record.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>

#include "control/text.h"

namespace slowlane {
namespace {

using Json = nlohmann::ordered_json;

const char* name_of(FlowEvent::Kind kind) {
  switch (kind) {
    case FlowEvent::Kind::begun: return "new";
    case FlowEvent::Kind::classified: return "classified";
    case FlowEvent::Kind::ended: break;
  }
  return "ended";
}

bool asks_dns(const Flow& flow, const Labels& labels) {
  const auto asks = [&](RuleId rule) {
    const auto label = labels.rule(rule, flow.generation);
    return label && label->asks_dns;
  };
  return asks(flow.rule) || std::any_of(flow.observed.begin(), flow.observed.begin() + flow.observed_count, asks);
}

// A flow and its names as they may be shown.
struct Shown {
  Flow flow;
  FlowNames names;
};

void keep_dns_to_itself(Shown& shown) {
  Flow& flow = shown.flow;
  std::uint8_t kept = 0;
  std::uint8_t deciding = 0xff;
  for (std::uint8_t i = 0; i < flow.name_count; ++i) {
    if (flow.name_sources[i] == NameSource::dns) continue;
    if (i == flow.deciding_name) deciding = kept;
    shown.names[kept] = shown.names[i];
    flow.name_sources[kept++] = flow.name_sources[i];
  }
  flow.name_count = kept;
  flow.deciding_name = deciding;
}

Nanos to_second(Nanos time) { return time < 0 ? time : time / kSecond * kSecond; }

void cut_times(Flow& flow) {
  flow.first = to_second(flow.first);
  flow.last = to_second(flow.last);
  flow.trigger_time = to_second(flow.trigger_time);
  for (Nanos& drop : flow.first_drop) drop = to_second(drop);
}

bool is_icmp(const Flow& flow) { return flow.key.transport == 1 || flow.key.transport == 58; }

Shown shown_of(const FlowEvent& event, const Labels& labels) {
  Shown shown{event.flow, {}};
  for (std::size_t i = 0; i < event.flow.name_count; ++i) shown.names[i] = event.name(i);
  if (!asks_dns(event.flow, labels)) keep_dns_to_itself(shown);
  return shown;
}

}  // namespace

std::string live_host(const FlowEvent& event, const Labels& labels) {
  const Shown shown = shown_of(event, labels);
  const int index = shown_name(shown.flow);
  return index < 0 ? std::string() : std::string(shown.names[static_cast<std::size_t>(index)]);
}

Json live_record(const FlowEvent& event, const LiveContext& context) {
  Shown shown = shown_of(event, context.labels);
  Nanos time = event.time;
  if (context.addresses != Addresses::full) {
    cut_times(shown.flow);
    time = to_second(time);
  }
  Json record = {{"event", name_of(event.kind)}, {"time", print_seconds(time)}, {"worker", event.worker}};
  record.update(
      flow_record({shown.flow, shown.names, context.labels, context.classifier, context.addresses, event.why}));
  // The message that began an ICMP flow, which its id is made of, is not kept live.
  if (is_icmp(event.flow)) record["community_id"] = nullptr;
  if (event.kind != FlowEvent::Kind::ended) record["end"] = nullptr;
  return record;
}

}  // namespace slowlane

#include "dataplane/events.h"

#include <algorithm>
#include <cstring>
#include <type_traits>

namespace slowlane {

static_assert(std::is_trivially_copyable_v<FlowEvent>, "an event is handed over as bytes");

void copy_flow(FlowEvent& event, const Flow& flow, const Names& names) noexcept {
  event.flow = flow;
  for (std::size_t i = 0; i < Flow::kMaxNames; ++i) {
    const std::string_view name = i < flow.name_count ? names.text(flow.names[i]) : std::string_view();
    const std::size_t size = std::min(name.size(), FlowEvent::kLongestName);
    event.name_sizes[i] = static_cast<std::uint8_t>(size);
    if (size > 0) std::memcpy(event.names.data() + i * FlowEvent::kLongestName, name.data(), size);
  }
}

bool is_treated(const Flow& flow) noexcept {
  const bool acts = flow.cls != kPass && flow.cls != kPending;
  const bool acted =
      flow.dropped_packets[0] + flow.dropped_packets[1] + flow.delayed_packets[0] + flow.delayed_packets[1] > 0;
  // A book that was taken back may have left it nothing to show but that it once was in a class.
  const auto another = [](std::uint32_t serial) { return serial != kNoIndex && serial != Flow::kPassSerial; };
  return acts || acted || flow.observed_count > 0 || std::ranges::any_of(flow.counted_in, another);
}

FlowEvents::FlowEvents(std::uint32_t capacity, std::uint16_t worker, Which which)
    : ring_(capacity), worker_(worker), which_(which) {}

void FlowEvents::begun(const Flow& flow, const Names& names, Nanos now) noexcept {
  if (which_ == Which::all) note(FlowEvent::Kind::begun, flow, names, FlowEnd::idle, now);
}

void FlowEvents::classified(const Flow& flow, const Names& names, Nanos now) noexcept {
  if (which_ == Which::all || is_treated(flow)) note(FlowEvent::Kind::classified, flow, names, FlowEnd::idle, now);
}

void FlowEvents::ended(const Flow& flow, const Names& names, FlowEnd why, Nanos now) noexcept {
  if (which_ == Which::all || is_treated(flow)) note(FlowEvent::Kind::ended, flow, names, why, now);
}

void FlowEvents::note(FlowEvent::Kind kind, const Flow& flow, const Names& names, FlowEnd why, Nanos now) noexcept {
  FlowEvent* const event = ring_.claim();
  if (event == nullptr) return lost_.add();
  event->kind = kind;
  event->why = why;
  event->worker = worker_;
  event->time = now;
  copy_flow(*event, flow, names);
  ring_.publish();
}

}  // namespace slowlane

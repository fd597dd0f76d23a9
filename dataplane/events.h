#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "dataplane/counters.h"
#include "dataplane/flow.h"
#include "dataplane/names.h"
#include "dataplane/spsc_ring.h"
#include "dataplane/witness.h"

namespace slowlane {

// Something that happened to a flow, with all that a record tells of it. Plain bytes: the flow as it was and copies of
// its names, so that nothing in it belongs to the worker any more.
struct FlowEvent {
  enum class Kind : std::uint8_t {
    begun,
    classified,  // its class changed
    ended,
  };
  static constexpr std::size_t kLongestName = 255;

  Kind kind = Kind::begun;
  FlowEnd why = FlowEnd::idle;  // of ended
  std::uint16_t worker = 0;
  Nanos time = 0;
  Flow flow;  // its handles and indices mean nothing any more
  std::array<std::uint8_t, Flow::kMaxNames> name_sizes{};
  std::array<char, Flow::kMaxNames * kLongestName> names{};

  // The name that stands at `index` of flow.names; empty beyond name_count.
  std::string_view name(std::size_t index) const noexcept {
    return {names.data() + index * kLongestName, name_sizes[index]};
  }
};

// The flow and its names as they are now; the rest of the event is the caller's.
void copy_flow(FlowEvent& event, const Flow& flow, const Names& names) noexcept;

// Whether a flow is treated: its class does something, an observe rule fits it, packets of it were held or dropped, or
// an earlier book treated it.
bool is_treated(const Flow& flow) noexcept;

// The events of one worker on their way to control: bounded and lossy, losses counted. Control reads the rest.
class FlowEvents {
 public:
  enum class Which : std::uint8_t { treated, all };

  // Memory for `capacity` events (about 2 KB each) is taken here.
  FlowEvents(std::uint32_t capacity, std::uint16_t worker, Which which);

  // The worker's side. Of flows that are not treated, unless all are asked for, nothing is noted; and that a flow
  // began only where all are asked for, because it cannot be known yet.
  void begun(const Flow& flow, const Names& names, Nanos now) noexcept;
  void classified(const Flow& flow, const Names& names, Nanos now) noexcept;
  void ended(const Flow& flow, const Names& names, FlowEnd why, Nanos now) noexcept;

  // Control's side: the oldest event; null where there is none. It stays valid until pop().
  const FlowEvent* front() noexcept { return ring_.front(); }
  void pop() noexcept { ring_.pop(); }

  // Any thread: events that found no room.
  std::uint64_t lost() const noexcept { return lost_.read(); }

 private:
  void note(FlowEvent::Kind kind, const Flow& flow, const Names& names, FlowEnd why, Nanos now) noexcept;

  SpscRing<FlowEvent> ring_;
  const std::uint16_t worker_;
  const Which which_;
  Count lost_;
};

}  // namespace slowlane

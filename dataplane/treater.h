#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "dataplane/bucket.h"
#include "dataplane/counters.h"
#include "dataplane/flow.h"
#include "dataplane/host_table.h"
#include "dataplane/packet.h"
#include "dataplane/pool.h"
#include "dataplane/shaper.h"
#include "dataplane/snapshot.h"

namespace slowlane {

// Does to packets what their class says (contract §2 "Treatments"), in the order mark, allow, drop/reset, lose,
// police, shape, delay. One per worker; owns all state that treatments keep. Times are the worker's (absolute).
class Treater {
 public:
  struct Pools {
    std::uint32_t states = 65536;  // flows that count, hold or queue, and flows under an observe rule
    std::uint32_t hosts = 65536;
    std::uint64_t hash_seed = 1;
    Shaper::Limits held;
  };
  // `start`: no packet is older. The snapshot must live until another is adopted, `rates`, which has room for all
  // classes that ever will be, longer than the treater.
  Treater(const Pools& pools, const Snapshot& snapshot, SharedRates& rates, Nanos start, Counters& counters);

  // Another book is in force. What is kept for a class that is in both stays, and goes on under its new rates; what is
  // held leaves as it was held. Costs time by classes, and by the queues in use where a shape changed; allocates
  // nothing.
  void adopt(const Snapshot& next, Nanos now) noexcept;
  // The flow, judged by an earlier book, has the class it had: its buckets go on under the class's present rate.
  void stay(Flow& flow) const noexcept;
  // A shadow of the flow goes on with the observed rule at `index`; false: that is another class's.
  bool keep_shadow(Flow& flow, std::size_t index, std::uint32_t shadow) noexcept;
  void drop_shadow(std::uint32_t shadow) noexcept { drop_state(shadow); }

  // A class comes into force for a flow, from a pending or another class; its state is made.
  void enter(Flow& flow, ClassId cls) noexcept;
  // An observe rule is true for a flow from now on; `index` is its place in flow.observed.
  void observe(Flow& flow, std::size_t index) noexcept;
  // The flow is going away: its state and shadows are given back. Held packets must have left.
  void forget(Flow& flow) noexcept;

  struct Outcome {
    enum class What : std::uint8_t { send, held, drop } what = What::send;
    DropReason reason = DropReason::police;
  };
  // Treats one packet under flow.cls. `trigger`: it brought the verdict. Of `held` the treater owns the packet.
  Outcome treat(Packet& packet, Flow& flow, Direction direction, bool trigger) noexcept;
  // Whether the class of an observed rule would have dropped this packet; spends its shadow buckets.
  bool would_drop(const Packet& packet, Flow& flow, std::size_t index, Direction direction, bool trigger) noexcept;

  // Whether a hold runs for the flow's 5-tuple, or did and is over.
  enum class Hold : std::uint8_t { none, running, over };
  Hold hold_of(const Flow& flow, Nanos now) noexcept;
  bool restarts_on_trigger(const Flow& flow) const noexcept;
  void restart_hold(Flow& flow, Nanos now) noexcept;
  // A running hold goes on with the flow that follows on the same 5-tuple, in the same record: detach() before the
  // old flow is forgotten, attach() once the new one has the class.
  void detach(Flow& flow) noexcept;
  void attach(Flow& flow) noexcept;
  // Sets flow.holding by what is held and by its hold.
  void keep_holding(Flow& flow) noexcept;

  // Held packets that are due; `departure` is set and flow.holding kept. As Shaper::release.
  void release(Nanos until, Burst& out) noexcept;
  Nanos next_due() const noexcept;
  // Forgets what has no effect any more: idle hosts, and holds that are over (their flows may expire then).
  void sweep(Nanos now) noexcept;

  // How full the policer's bucket is under which a flow is, and what waits; for traces. A burst of 0: there is none.
  struct Level {
    std::uint64_t bucket_bytes = 0;
    std::uint64_t bucket_burst = 0;
    std::uint32_t flow_waits = 0;   // packets of the flow in that direction
    std::uint32_t class_waits = 0;  // packets in the queue that all flows of the class share
  };
  Level level(Flow& flow, Direction direction, Nanos now) noexcept;

  std::uint32_t held_packets() const noexcept { return shaper_.held_packets(); }
  std::uint64_t held_bytes() const noexcept { return shaper_.held_bytes(); }

 private:
  using Reason = std::optional<DropReason>;
  // What a host's entry is for.
  enum class HostUse : std::uint8_t { treat, shadow_police, shadow_shape };

  // What one class keeps of one flow.
  struct FlowState {
    Flow* flow = nullptr;  // null: a free slot, or a shadow
    ClassId cls = kPass;
    std::uint32_t serial = 0;      // of that class
    std::array<Bucket, 2> police;  // of a shadow
    std::array<Bucket, 2> shape;   // of a shadow
    std::array<std::uint64_t, 2> spent_bytes{};
    std::array<std::uint64_t, 2> spent_packets{};
    std::array<std::uint32_t, 2> passed{};
    std::uint32_t after = 0;
    std::array<bool, 2> exhausted{};
    std::array<std::uint32_t, 2> queue{kNoIndex, kNoIndex};
    Nanos hold_until = -1;
  };
  // What one class keeps for all flows of this worker.
  struct ClassState {
    std::uint32_t serial = 0;  // which class it is that has the slot
    // When its rates last became others: what is visited later is carried over as of then.
    Nanos police_changed = 0;
    Nanos shape_changed = 0;
    std::array<std::uint32_t, 2> queue{kNoIndex, kNoIndex};
    std::array<Shaper::DelayLoad, 2> delay_load;
  };
  // One packet's way through its class.
  struct Pass {
    const ClassPlan& plan;
    Flow& flow;
    FlowState* state;  // may be null
    bool shadow;
    Direction direction;
    bool trigger;
    std::uint32_t bytes;
    Nanos now;  // since start
  };

  Reason refuse(Pass& pass, Packet& packet) noexcept;
  Reason refuse_mark(const Pass& pass, Packet& packet) noexcept;
  Reason refuse_allow(Pass& pass) noexcept;
  Reason refuse_drop(Pass& pass) noexcept;
  Reason refuse_reset(Pass& pass, Packet& packet) noexcept;
  Reason refuse_lose(const Pass& pass) noexcept;
  Reason refuse_police(Pass& pass) noexcept;
  Reason refuse_shape_shadow(Pass& pass) noexcept;
  Outcome hold_back(Pass& pass, Packet& packet) noexcept;
  Spend spend(Pass& pass, const Police& police, std::size_t slot) noexcept;
  std::uint32_t shape_queue(Pass& pass, std::size_t slot) noexcept;
  std::uint32_t host_queue(Pass& pass, const Shape& shape, std::size_t slot) noexcept;
  HostState* host_of(const Pass& pass, std::uint8_t prefix6, HostUse use) noexcept;
  void follow_change(HostState& host) const noexcept;
  void begin_class(ClassState& own, std::uint32_t serial) noexcept;
  void carry_over(ClassRates& rates, const ClassPlan& plan, Nanos now) const noexcept;
  void begin_hold(Pass& pass, const std::optional<Nanos>& hold, Restart restart) noexcept;
  std::uint32_t make_state(Flow& flow, ClassId cls) noexcept;
  void drop_state(std::uint32_t slot) noexcept;
  void leave(Flow& flow) noexcept;

  const Snapshot* snapshot_;
  SharedRates& rates_;
  const Nanos start_;
  Counters& counters_;
  Pool<FlowState> states_;
  HostStates hosts_;
  Shaper shaper_;
  std::vector<ClassState> classes_;
  std::uint32_t swept_ = 0;
  std::uint32_t detached_ = kNoIndex;
};

}  // namespace slowlane

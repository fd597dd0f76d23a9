#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "dataplane/bucket.h"
#include "dataplane/burst.h"
#include "dataplane/flow.h"
#include "dataplane/packet.h"
#include "dataplane/shared_rates.h"

namespace slowlane {

// The bounds and the rate of one class's shape queues. Copied into each queue.
struct QueuePlan {
  RatePlan rate;
  std::uint64_t max_bytes = 0;
  std::uint32_t max_packets = 0;
  ClassId slot = 0;           // whose it is: the class's slot,
  std::uint32_t serial = 0;   // and which class that was
  std::uint32_t version = 0;  // another one: the class's plan is another
};

// Everything held back by one worker. Two stages, in this order: shape queues, each FIFO and released no earlier than
// its bucket allows; and one delay line, released at each packet's due time. A flow is never reordered per direction:
// while it has packets in a stage, its later ones go behind them in that stage, whatever their own verdict says (and
// spend that queue's tokens). Deterministic: packets due at the same time leave in the order they came in.
class Shaper {
 public:
  struct Limits {
    std::uint64_t held_bytes = 64ull << 20;  // IP bytes held over the box
    std::uint32_t held_packets = 65536;
    std::uint32_t queues = 65536;
  };
  explicit Shaper(const Limits& limits);
  ~Shaper();  // frees what is still held
  Shaper(const Shaper&) = delete;
  Shaper& operator=(const Shaper&) = delete;

  // A queue of its own bucket; kNoIndex where the pool is empty. With `shared`, this worker's part of a queue whose
  // rate and bounds are those; it must outlive the shaper. Each part is FIFO.
  std::uint32_t open_queue(const QueuePlan& plan, SharedQueue* shared = nullptr) noexcept;
  // Gives an empty queue back, or lets one that still holds packets go when its last leaves. False: still holding.
  bool close_queue(std::uint32_t queue) noexcept;
  bool queue_empty(std::uint32_t queue) const noexcept;
  // Empty, and its bucket is full: a new queue would be the same.
  bool queue_idle(std::uint32_t queue, Nanos now) const noexcept;

  // What a packet's verdict asks for. kNoIndex and -1: nothing.
  struct Wish {
    std::uint32_t queue = kNoIndex;
    const QueuePlan* plan = nullptr;      // of that queue as it is now; null: as it was opened
    Nanos plan_changed = 0;               // when it became so
    Nanos delay = -1;                     // jitter drawn already; at least 0
    std::uint64_t delay_max_bytes = 0;    // bounds of what this flow's class may have in the delay line,
    std::uint32_t delay_max_packets = 0;  // counted by the caller's `delayed`
  };
  // Bytes and packets of one class and direction that are in the delay line or on the way to it through a shape queue;
  // kept by the shaper, owned by the treater.
  struct DelayLoad {
    std::uint64_t bytes = 0;
    std::uint32_t packets = 0;
  };
  enum class Admission : std::uint8_t { pass, held, queue_full, held_full, over_burst };
  // `pass`: nothing holds it, the caller sends it now. `held`: the shaper owns it until release(). Else the caller
  // drops it; a dropped packet spends no tokens. `state` is the flow's held state in the packet's direction and must
  // outlive the packet, `load` likewise; it may be null where there is no delay. `now` never goes back.
  Admission admit(Packet* packet, HeldState& state, const Wish& wish, DelayLoad* load, Nanos now) noexcept;

  // Whether admit() could do anything but pass: true if the state holds packets or the wish asks for something.
  static bool concerns(const HeldState& state, const Wish& wish) {
    return state.shaped + state.delayed > 0 || wish.queue != kNoIndex || wish.delay >= 0;
  }

  // Moves packets due at or before `until` into `out`, in order of release, with `departure` set to their due time,
  // until the burst is full; the caller owns them and calls again while next_due() <= until.
  void release(Nanos until, Burst& out) noexcept;
  // Queues in which packets wait go on under other plans; `plan_of` says which, null: as before. A bucket keeps what is
  // missing in it. Queues of one slot that hold nothing learn it with their next packet (Wish::plan).
  void replan(const std::function<const QueuePlan*(const QueuePlan&)>& plan_of, Nanos now) noexcept;
  // The time of the next release; the maximum where nothing is held.
  Nanos next_due() const noexcept;

  std::uint32_t held_packets() const noexcept;
  std::uint64_t held_bytes() const noexcept;  // IP bytes

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace slowlane

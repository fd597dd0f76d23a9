#include "dataplane/shaper.h"

#include <algorithm>

#include "dataplane/due_heap.h"
#include "dataplane/region.h"

namespace slowlane {
namespace {

struct Held {
  Packet* packet;
  HeldState* state;
  Shaper::DelayLoad* load;  // null: not counted
  Nanos delay;              // -1: none asked for
  std::uint64_t order;
  std::uint32_t bytes;
  std::uint32_t next;  // in its queue, or of the free slots
};

struct Queue {
  Bucket bucket;
  QueuePlan plan;
  std::uint64_t bytes = 0;
  std::uint32_t packets = 0;
  std::uint32_t first = kNoIndex;
  std::uint32_t last = kNoIndex;
  std::uint32_t next_free = kNoIndex;
  SharedQueue* shared = nullptr;  // the rate and the bounds of a queue of which this is a part
  bool closing = false;

  std::optional<Nanos> ready_at(std::uint32_t size, Nanos now) const noexcept {
    return shared != nullptr ? shared->bucket.ready_at(plan.rate, size, now) : bucket.ready_at(plan.rate, size, now);
  }
  bool spend(std::uint32_t size, Nanos now) noexcept {
    const Spend spent =
        shared != nullptr ? shared->bucket.spend(plan.rate, size, now) : bucket.spend(plan.rate, size, now);
    return spent == Spend::passed;
  }
  // The words of a shared bucket are carried over once for all workers (Treater::adopt).
  void change(const QueuePlan& other, Nanos now) noexcept {
    if (shared == nullptr) bucket.change(plan.rate.rate(), other.rate, now);
    plan = other;
  }
  // Whether nothing waits before a packet that comes now.
  bool nothing_waits() const noexcept { return packets == 0 && (shared == nullptr || shared->empty()); }
  bool enter(std::uint32_t size) noexcept {
    if (shared != nullptr) return shared->enter(size, plan.max_bytes, plan.max_packets);
    return packets < plan.max_packets && bytes + size <= plan.max_bytes;
  }
};

}  // namespace

struct Shaper::State {
  explicit State(const Limits& limits_)
      : limits(limits_),
        slots(limits_.held_packets),
        queues(limits_.queues),
        shaped(limits_.queues),
        delayed(limits_.held_packets) {}

  std::uint32_t take_slot() noexcept {
    if (free_slot == kNoIndex) return slots_used++;
    const std::uint32_t slot = free_slot;
    free_slot = slots[slot].next;
    return slot;
  }
  bool room_for(std::uint32_t size) const noexcept {
    return packets < limits.held_packets && bytes + size <= limits.held_bytes;
  }

  Admission refuse(const Wish& wish, const DelayLoad* load, std::uint32_t size) const noexcept;
  void hold(const Held& held, std::uint32_t queue, Nanos now) noexcept;
  void enqueue(std::uint32_t number, std::uint32_t slot, Nanos now) noexcept;
  void enter_delay(std::uint32_t slot, Nanos now) noexcept;
  // The slot of the head that is due in the queue on top of the heap; kNoIndex where another core was quicker to take
  // the tokens that it waited for.
  std::uint32_t dequeue(Nanos now) noexcept;
  void let_go(std::uint32_t slot, Nanos now, Burst& out) noexcept;
  void give_back(std::uint32_t number) noexcept {
    queues[number].next_free = free_queue;
    free_queue = number;
  }
  void schedule_head(std::uint32_t number, Nanos now, Due& due) noexcept {
    Queue& queue = queues[number];
    const Held& head = slots[queue.first];
    // What is longer than the bucket was never let in.
    due = {queue.ready_at(head.bytes, now).value_or(now), head.order, number};
  }

  Limits limits;
  Slab<Held> slots;
  Slab<Queue> queues;
  DueHeap shaped;   // queues, by when their heads may leave
  DueHeap delayed;  // slots
  std::uint32_t slots_used = 0;
  std::uint32_t free_slot = kNoIndex;
  std::uint32_t queues_used = 0;
  std::uint32_t free_queue = kNoIndex;
  std::uint64_t admitted = 0;
  std::uint32_t packets = 0;
  std::uint64_t bytes = 0;
};

// Why a packet that would stay may not come in; `held` where it may.
Shaper::Admission Shaper::State::refuse(const Wish& wish, const DelayLoad* load, std::uint32_t size) const noexcept {
  // A packet that will be delayed after it was shaped takes its place in the delay line now: later it could only be
  // lost.
  if (wish.delay >= 0 && load != nullptr &&
      (load->packets >= wish.delay_max_packets || load->bytes + size > wish.delay_max_bytes))
    return Admission::queue_full;
  return room_for(size) ? Admission::held : Admission::held_full;
}

void Shaper::State::hold(const Held& held, std::uint32_t queue, Nanos now) noexcept {
  const std::uint32_t slot = take_slot();
  slots[slot] = held;
  ++packets;
  bytes += held.bytes;
  if (held.load != nullptr) {
    ++held.load->packets;
    held.load->bytes += held.bytes;
  }
  if (queue != kNoIndex)
    enqueue(queue, slot, now);
  else
    enter_delay(slot, now);
}

void Shaper::State::enqueue(std::uint32_t number, std::uint32_t slot, Nanos now) noexcept {
  Queue& queue = queues[number];
  Held& held = slots[slot];
  held.next = kNoIndex;
  ++held.state->shaped;
  held.state->queue = number;
  queue.bytes += held.bytes;
  if (queue.packets++ > 0) {
    slots[queue.last].next = slot;
    queue.last = slot;
    return;
  }
  queue.first = queue.last = slot;
  Due due;
  schedule_head(number, now, due);
  shaped.push(due);
}

void Shaper::State::enter_delay(std::uint32_t slot, Nanos now) noexcept {
  const Held& held = slots[slot];
  HeldState& state = *held.state;
  const Nanos earliest = state.delayed > 0 ? state.last_due : now;
  state.last_due = std::max(now + std::max<Nanos>(held.delay, 0), earliest);
  ++state.delayed;
  delayed.push({state.last_due, held.order, slot});
}

std::uint32_t Shaper::State::dequeue(Nanos now) noexcept {
  const std::uint32_t number = shaped.top().index;
  Queue& queue = queues[number];
  const std::uint32_t slot = queue.first;
  const Held& held = slots[slot];
  if (!queue.spend(held.bytes, now)) {
    Due later;
    schedule_head(number, now, later);
    shaped.replace_top(later);
    return kNoIndex;
  }
  if (queue.shared != nullptr) queue.shared->leave(held.bytes);
  queue.first = held.next;
  queue.bytes -= held.bytes;
  --held.state->shaped;
  if (--queue.packets > 0) {
    Due due;
    schedule_head(number, now, due);
    shaped.replace_top(due);
  } else {
    shaped.pop();
    if (queue.closing) give_back(number);
  }
  return slot;
}

void Shaper::State::let_go(std::uint32_t slot, Nanos now, Burst& out) noexcept {
  Held& held = slots[slot];
  if (held.load != nullptr) {
    --held.load->packets;
    held.load->bytes -= held.bytes;
  }
  --packets;
  bytes -= held.bytes;
  held.packet->departure = now;
  out.add(held.packet);
  held.next = free_slot;
  free_slot = slot;
}

Shaper::Shaper(const Limits& limits) : state_(std::make_unique<State>(limits)) {}
// What is still held goes back to its pool. The flows and classes that count it may be gone already.
Shaper::~Shaper() {
  State& own = *state_;
  for (; !own.delayed.empty(); own.delayed.pop()) free_packet(own.slots[own.delayed.top().index].packet);
  for (std::uint32_t number = 0; number < own.queues_used; ++number) {
    std::uint32_t slot = own.queues[number].first;
    for (std::uint32_t left = own.queues[number].packets; left > 0; --left) {
      free_packet(own.slots[slot].packet);
      slot = own.slots[slot].next;
    }
  }
}

std::uint32_t Shaper::open_queue(const QueuePlan& plan, SharedQueue* shared) noexcept {
  State& state = *state_;
  std::uint32_t number = state.free_queue;
  if (number != kNoIndex)
    state.free_queue = state.queues[number].next_free;
  else if (state.queues_used < state.limits.queues)
    number = state.queues_used++;
  else
    return kNoIndex;
  state.queues[number] = Queue{};
  state.queues[number].plan = plan;
  state.queues[number].shared = shared;
  return number;
}

bool Shaper::close_queue(std::uint32_t queue) noexcept {
  if (queue_empty(queue)) {
    state_->give_back(queue);
    return true;
  }
  state_->queues[queue].closing = true;
  return false;
}

bool Shaper::queue_empty(std::uint32_t queue) const noexcept { return state_->queues[queue].packets == 0; }

bool Shaper::queue_idle(std::uint32_t queue, Nanos now) const noexcept {
  return queue_empty(queue) && state_->queues[queue].bucket.full(now);
}

Shaper::Admission Shaper::admit(Packet* packet, HeldState& state, const Wish& wish, DelayLoad* load,
                                Nanos now) noexcept {
  State& own = *state_;
  const std::uint32_t size = packet->counted_bytes();
  const std::uint32_t number = state.shaped > 0 ? state.queue : wish.queue;
  Queue* queue = number != kNoIndex ? &own.queues[number] : nullptr;
  if (wish.plan != nullptr && number == wish.queue && queue->plan.version != wish.plan->version)
    queue->change(*wish.plan, wish.plan_changed);
  bool through = true;
  if (queue != nullptr) {
    const auto ready = queue->ready_at(size, now);
    if (!ready) return Admission::over_burst;
    through = queue->nothing_waits() && *ready <= now;
  }
  const bool lingers = wish.delay > 0 || state.delayed > 0;
  if (through && !lingers && (queue == nullptr || queue->spend(size, now))) return Admission::pass;
  if (!through && !queue->enter(size)) return Admission::queue_full;
  const Admission answer = own.refuse(wish, load, size);
  if (answer != Admission::held) {
    if (!through && queue->shared != nullptr) queue->shared->leave(size);
    return answer;
  }
  if (through && queue != nullptr && !queue->spend(size, now)) {
    if (!queue->enter(size)) return Admission::queue_full;
    through = false;
  }
  DelayLoad* counted = wish.delay >= 0 ? load : nullptr;
  own.hold({packet, &state, counted, wish.delay, own.admitted++, size, kNoIndex}, through ? kNoIndex : number, now);
  return Admission::held;
}

void Shaper::release(Nanos until, Burst& out) noexcept {
  State& own = *state_;
  while (!out.full() && next_due() <= until) {
    const Due due = own.delayed.top();
    if (own.shaped.top().before(due)) {
      const Nanos now = own.shaped.top().time;
      const std::uint32_t slot = own.dequeue(now);
      if (slot == kNoIndex) continue;
      const Held& held = own.slots[slot];
      if (held.delay > 0 || held.state->delayed > 0)
        own.enter_delay(slot, now);
      else
        own.let_go(slot, now, out);
    } else {
      own.delayed.pop();
      --own.slots[due.index].state->delayed;
      own.let_go(due.index, due.time, out);
    }
  }
}

void Shaper::replan(const std::function<const QueuePlan*(const QueuePlan&)>& plan_of, Nanos now) noexcept {
  State& own = *state_;
  own.shaped.renew_all([&](Due& due) {
    Queue& queue = own.queues[due.index];
    const QueuePlan* const plan = plan_of(queue.plan);
    if (plan == nullptr || plan->version == queue.plan.version) return;
    queue.change(*plan, now);
    own.schedule_head(due.index, now, due);
  });
}

Nanos Shaper::next_due() const noexcept { return std::min(state_->shaped.top().time, state_->delayed.top().time); }
std::uint32_t Shaper::held_packets() const noexcept { return state_->packets; }
std::uint64_t Shaper::held_bytes() const noexcept { return state_->bytes; }

}  // namespace slowlane

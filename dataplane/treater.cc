#include "dataplane/treater.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "dataplane/draw.h"
#include "dataplane/rewrite.h"
#include "dataplane/treater_places.h"

namespace slowlane {
namespace {

constexpr std::uint8_t kTcp = 6;

bool from_client(const Flow& flow, Direction direction) { return (direction == Direction::up) == flow.client_inside; }

}  // namespace

Treater::Treater(const Pools& pools, const Snapshot& snapshot, SharedRates& rates, Nanos start, Counters& counters)
    : snapshot_(&snapshot),
      rates_(rates),
      start_(start),
      counters_(counters),
      states_(pools.states),
      hosts_(pools.hosts, pools.hash_seed),
      shaper_(pools.held),
      classes_(std::max(snapshot.classes.size(), rates.size())) {
  for (std::size_t slot = 0; slot < snapshot.classes.size(); ++slot)
    classes_[slot].serial = snapshot.classes[slot].serial;
}

Treater::Outcome Treater::treat(Packet& packet, Flow& flow, Direction direction, bool trigger) noexcept {
  const ClassPlan& plan = snapshot_->classes[flow.cls];
  FlowState* state = flow.state == kNoIndex ? nullptr : &states_[flow.state];
  Pass pass{plan, flow, state, false, direction, trigger, packet.parsed.headers.ip_bytes, packet.arrival - start_};
  if (plan.treats)
    if (const Reason reason = refuse(pass, packet)) return {Outcome::What::drop, *reason};
  if (plan.simple && !flow.holding) return {};
  return hold_back(pass, packet);
}

Treater::Reason Treater::refuse(Pass& pass, Packet& packet) noexcept {
  const ClassSpec& spec = *pass.plan.spec;
  if (pass.plan.simple) return refuse_police(pass);
  Reason reason;
  if (spec.mark) reason = refuse_mark(pass, packet);
  if (!reason && spec.allow) reason = refuse_allow(pass);
  if (!reason && spec.drop) reason = refuse_drop(pass);
  if (!reason && spec.reset) reason = refuse_reset(pass, packet);
  if (!reason && spec.lose) reason = refuse_lose(pass);
  if (!reason && spec.police) reason = refuse_police(pass);
  return reason;
}

bool Treater::would_drop(const Packet& packet, Flow& flow, std::size_t index, Direction direction,
                         bool trigger) noexcept {
  if (flow.shadow[index] == kNoIndex) return false;
  FlowState& state = states_[flow.shadow[index]];
  const ClassPlan& plan = snapshot_->classes[state.cls];
  Pass pass{plan, flow, &state, true, direction, trigger, packet.parsed.headers.ip_bytes, packet.arrival - start_};
  const ClassSpec& spec = *plan.spec;
  Reason reason;
  if (spec.allow) reason = refuse_allow(pass);
  if (!reason && spec.drop) reason = refuse_drop(pass);
  if (!reason && spec.reset && flow.key.transport != kTcp) reason = DropReason::reset;
  if (!reason && spec.lose) reason = refuse_lose(pass);
  if (!reason && spec.police) reason = refuse_police(pass);
  if (!reason && spec.shape) reason = refuse_shape_shadow(pass);
  return reason.has_value();
}

Treater::Reason Treater::refuse_mark(const Pass& pass, Packet& packet) noexcept {
  const Mark& mark = *pass.plan.spec->mark;
  if (slot_of(mark.direction, pass.direction) == kUntouched) return {};
  if (!set_dscp(packet, mark.dscp)) return DropReason::cannot_rewrite;
  packet.marked = true;
  return {};
}

Treater::Reason Treater::refuse_allow(Pass& pass) noexcept {
  const Allow& allow = *pass.plan.spec->allow;
  const std::size_t slot = slot_of(allow.direction, pass.direction);
  if (slot == kUntouched || pass.state == nullptr) return {};
  FlowState& state = *pass.state;
  const bool bytes_left = !allow.bytes || state.spent_bytes[slot] + pass.bytes <= *allow.bytes;
  const bool packets_left = !allow.packets || state.spent_packets[slot] < *allow.packets;
  if (!state.exhausted[slot] && bytes_left && packets_left) {
    state.spent_bytes[slot] += pass.bytes;
    ++state.spent_packets[slot];
    return {};
  }
  state.exhausted[slot] = true;
  begin_hold(pass, allow.hold, allow.restart);
  return DropReason::allow;
}

Treater::Reason Treater::refuse_drop(Pass& pass) noexcept {
  const Drop& drop = *pass.plan.spec->drop;
  const std::size_t slot = slot_of(drop.direction, pass.direction);
  if (slot == kUntouched || pass.state == nullptr) return {};
  if (pass.trigger && !drop.counts_trigger) return {};
  if (pass.state->passed[slot] < pass.state->after) {
    ++pass.state->passed[slot];
    return {};
  }
  begin_hold(pass, drop.hold, drop.restart);
  return DropReason::drop;
}

Treater::Reason Treater::refuse_reset(Pass& pass, Packet& packet) noexcept {
  const Reset& reset = *pass.plan.spec->reset;
  if (slot_of(reset.direction, pass.direction) == kUntouched) return {};
  if (pass.flow.key.transport != kTcp) {
    begin_hold(pass, reset.hold, reset.restart);
    return DropReason::reset;
  }
  // Only what goes to the initiator is rewritten (fact F1).
  if (from_client(pass.flow, pass.direction)) return {};
  begin_hold(pass, reset.hold, reset.restart);
  if (!make_reset(packet)) return DropReason::cannot_rewrite;
  pass.bytes -= packet.cut_bytes;
  return {};
}

Treater::Reason Treater::refuse_lose(const Pass& pass) noexcept {
  const Lose& lose = *pass.plan.spec->lose;
  if (slot_of(lose.direction, pass.direction) == kUntouched) return {};
  const double drawn = draw_fraction(snapshot_->seed, pass.flow.key, pass.flow.packet_count(), Purpose::lose);
  return drawn < lose.share ? Reason(DropReason::lose) : Reason();
}

Treater::Reason Treater::refuse_police(Pass& pass) noexcept {
  const auto& police = pass.plan.spec->police;
  if (!police) return {};
  const std::size_t slot = slot_of(police->direction, pass.direction);
  if (slot == kUntouched) return {};
  switch (spend(pass, *police, slot)) {
    case Spend::passed: return {};
    case Spend::empty: return DropReason::police;
    case Spend::too_long: return DropReason::over_burst;
  }
  return {};
}

Spend Treater::spend(Pass& pass, const Police& police, std::size_t slot) noexcept {
  const RatePlan& rate = pass.plan.police;
  const auto cls = static_cast<ClassId>(&pass.plan - snapshot_->classes.data());
  switch (police.scope) {
    case Scope::flow:
      return (pass.shadow ? pass.state->police : pass.flow.police)[slot].spend(rate, pass.bytes, pass.now);
    case Scope::host: {
      const HostUse use = pass.shadow ? HostUse::shadow_police : HostUse::treat;
      HostState* host = host_of(pass, police.scope_prefix6, use);
      return host == nullptr ? Spend::passed : host->police[slot].spend(rate, pass.bytes, pass.now);
    }
    case Scope::cls:
      return (pass.shadow ? rates_[cls].shadow_police : rates_[cls].police)[slot].spend(rate, pass.bytes, pass.now);
  }
  return Spend::passed;
}

// A queue of Q bytes behind a rate overflows exactly where a policer whose bucket is Q deeper runs empty.
Treater::Reason Treater::refuse_shape_shadow(Pass& pass) noexcept {
  const Shape& shape = *pass.plan.spec->shape;
  const std::size_t slot = slot_of(shape.direction, pass.direction);
  if (slot == kUntouched) return {};
  const RatePlan& rate = pass.plan.shape_shadow;
  const auto cls = static_cast<ClassId>(&pass.plan - snapshot_->classes.data());
  Spend spent = Spend::passed;
  switch (shape.scope) {
    case Scope::flow: spent = pass.state->shape[slot].spend(rate, pass.bytes, pass.now); break;
    case Scope::cls: spent = rates_[cls].shadow_shape[slot].spend(rate, pass.bytes, pass.now); break;
    case Scope::host: {
      HostState* host = host_of(pass, shape.scope_prefix6, HostUse::shadow_shape);
      if (host != nullptr) spent = host->police[slot].spend(rate, pass.bytes, pass.now);
      break;
    }
  }
  return spent == Spend::passed ? Reason() : Reason(DropReason::queue_full);
}

HostState* Treater::host_of(const Pass& pass, std::uint8_t prefix6, HostUse use) noexcept {
  const std::uint32_t owner = pass.plan.serial << 2 | static_cast<std::uint32_t>(use);
  HostState* host = hosts_.find_or_add(truncate(pass.flow.inside_address(), 32, prefix6), owner, pass.now);
  if (host == nullptr) {
    counters_[Counter::hosts_no_memory].add();
    return nullptr;
  }
  host->slot = static_cast<ClassId>(&pass.plan - snapshot_->classes.data());
  follow_change(*host);
  return host;
}

Treater::Outcome Treater::hold_back(Pass& pass, Packet& packet) noexcept {
  const ClassSpec& spec = *pass.plan.spec;
  Shaper::Wish wish;
  Shaper::DelayLoad* load = nullptr;
  if (spec.shape) {
    const std::size_t slot = slot_of(spec.shape->direction, pass.direction);
    if (slot != kUntouched) wish.queue = shape_queue(pass, slot);
    wish.plan = &pass.plan.shape;
    wish.plan_changed = classes_[pass.flow.cls].shape_changed;
  }
  if (spec.delay && slot_of(spec.delay->direction, pass.direction) != kUntouched) {
    const double swing =
        2 * draw_fraction(snapshot_->seed, pass.flow.key, pass.flow.packet_count(), Purpose::jitter) - 1;
    const double delay = static_cast<double>(spec.delay->time) + swing * static_cast<double>(spec.delay->jitter);
    wish.delay = std::max<Nanos>(0, std::llround(delay));
    wish.delay_max_bytes = spec.delay->queue_bytes;
    wish.delay_max_packets = spec.delay->queue_packets;
    load = &classes_[pass.flow.cls].delay_load[at(pass.direction)];
  }
  HeldState& held = pass.flow.held[at(pass.direction)];
  if (!Shaper::concerns(held, wish)) return {};
  switch (shaper_.admit(&packet, held, wish, load, pass.now)) {
    case Shaper::Admission::pass: return {};
    case Shaper::Admission::held: pass.flow.holding = true; return {Outcome::What::held, {}};
    case Shaper::Admission::queue_full: return {Outcome::What::drop, DropReason::queue_full};
    case Shaper::Admission::held_full: return {Outcome::What::drop, DropReason::held_full};
    case Shaper::Admission::over_burst: return {Outcome::What::drop, DropReason::over_burst};
  }
  return {};
}

std::uint32_t Treater::shape_queue(Pass& pass, std::size_t slot) noexcept {
  const Shape& shape = *pass.plan.spec->shape;
  if (shape.scope == Scope::host) return host_queue(pass, shape, slot);
  const bool of_flow = shape.scope == Scope::flow;
  if (of_flow && pass.state == nullptr) return kNoIndex;
  std::uint32_t& queue = of_flow ? pass.state->queue[slot] : classes_[pass.flow.cls].queue[slot];
  SharedQueue* const shared = of_flow ? nullptr : &rates_[pass.flow.cls].shape[slot];
  if (queue == kNoIndex) queue = shaper_.open_queue(pass.plan.shape, shared);
  if (queue == kNoIndex) counters_[Counter::queues_no_memory].add();
  return queue;
}

std::uint32_t Treater::host_queue(Pass& pass, const Shape& shape, std::size_t slot) noexcept {
  HostState* host = host_of(pass, shape.scope_prefix6, HostUse::treat);
  if (host == nullptr) return kNoIndex;
  std::uint32_t& queue = host->queue[slot];
  if (queue == kNoIndex) queue = shaper_.open_queue(pass.plan.shape);
  if (queue == kNoIndex) counters_[Counter::queues_no_memory].add();
  return queue;
}

// The hold starts with the first packet dropped or rewritten; `restart = "packet"`: with each one anew.
void Treater::begin_hold(Pass& pass, const std::optional<Nanos>& hold, Restart restart) noexcept {
  if (!hold || pass.shadow || pass.state == nullptr) return;
  if (pass.state->hold_until >= 0 && restart != Restart::packet) return;
  pass.state->hold_until = pass.now + *hold;
  pass.flow.holding = true;
}

void Treater::release(Nanos until, Burst& out) noexcept {
  const std::uint16_t before = out.count;
  shaper_.release(until - start_, out);
  for (std::uint16_t i = before; i < out.count; ++i) {
    out.packets[i]->departure += start_;
    keep_holding(*out.packets[i]->flow);
  }
}

Nanos Treater::next_due() const noexcept {
  const Nanos due = shaper_.next_due();
  return due == std::numeric_limits<Nanos>::max() ? due : due + start_;
}

}  // namespace slowlane

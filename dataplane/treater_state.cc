#include <algorithm>

#include "dataplane/draw.h"
#include "dataplane/treater.h"

// What treatments keep of flows and classes: how it begins, outlives a book, and ends.

namespace slowlane {
namespace {

constexpr std::uint32_t kSweepBudget = 1024;

const std::optional<Nanos>* hold_time(const ClassSpec& spec) {
  if (spec.drop) return &spec.drop->hold;
  if (spec.reset) return &spec.reset->hold;
  if (spec.allow) return &spec.allow->hold;
  return nullptr;
}

Restart restart_of(const ClassSpec& spec) {
  if (spec.drop) return spec.drop->restart;
  if (spec.reset) return spec.reset->restart;
  return spec.allow ? spec.allow->restart : Restart::never;
}

}  // namespace

std::uint32_t Treater::make_state(Flow& flow, ClassId cls) noexcept {
  const std::uint32_t slot = states_.take();
  if (slot == kNoSlot) {
    counters_[Counter::states_no_memory].add();
    return kNoIndex;
  }
  FlowState& state = states_[slot];
  state.flow = &flow;
  state.cls = cls;
  state.serial = snapshot_->classes[cls].serial;
  const ClassSpec& spec = *snapshot_->classes[cls].spec;
  if (spec.drop) {
    const std::uint64_t choices = std::uint64_t{spec.drop->after_max} - spec.drop->after_min + 1;
    const std::uint64_t drawn = draw(snapshot_->seed, flow.key, flow.packet_count(), Purpose::after_packets);
    state.after = spec.drop->after_min + static_cast<std::uint32_t>(drawn % choices);
  }
  return slot;
}

void Treater::enter(Flow& flow, ClassId cls) noexcept {
  leave(flow);
  flow.cls = cls;
  flow.police = {};
  flow.drawn_after = kNoIndex;
  if (!snapshot_->classes[cls].needs_state) return;
  flow.state = make_state(flow, cls);
  const ClassSpec& spec = *snapshot_->classes[cls].spec;
  if (flow.state != kNoIndex && spec.drop && !spec.drop->counts_trigger) flow.drawn_after = states_[flow.state].after;
}

void Treater::observe(Flow& flow, std::size_t index) noexcept {
  const ClassId cls = snapshot_->rule_slots[flow.observed[index]].cls;
  if (!snapshot_->classes[cls].treats) return;
  flow.shadow[index] = make_state(flow, cls);
  if (flow.shadow[index] != kNoIndex) states_[flow.shadow[index]].flow = nullptr;
}

void Treater::drop_state(std::uint32_t slot) noexcept {
  for (const std::uint32_t queue : states_[slot].queue)
    if (queue != kNoIndex) shaper_.close_queue(queue);
  states_[slot].flow = nullptr;
  states_.give_back(slot);
}

void Treater::leave(Flow& flow) noexcept {
  if (flow.state != kNoIndex) drop_state(flow.state);
  flow.state = kNoIndex;
  keep_holding(flow);
}

void Treater::forget(Flow& flow) noexcept {
  leave(flow);
  for (std::uint32_t& shadow : flow.shadow) {
    if (shadow != kNoIndex) drop_state(shadow);
    shadow = kNoIndex;
  }
}

void Treater::keep_holding(Flow& flow) noexcept {
  const bool held = std::any_of(flow.held.begin(), flow.held.end(),
                                [](const HeldState& state) { return state.shaped + state.delayed > 0; });
  flow.holding = held || (flow.state != kNoIndex && states_[flow.state].hold_until >= 0);
}

// --- Another book.

void Treater::adopt(const Snapshot& next, Nanos now) noexcept {
  snapshot_ = &next;
  bool reshaped = false;
  for (std::size_t slot = 0; slot < next.classes.size(); ++slot) {
    const ClassPlan& plan = next.classes[slot];
    if (plan.spec == nullptr) continue;
    ClassState& own = classes_[slot];
    if (own.serial != plan.serial) begin_class(own, plan.serial);
    const bool repoliced = plan.police_change.generation == next.generation;
    const bool other_shape = plan.shape_change.generation == next.generation;
    if (repoliced) own.police_changed = now - start_;
    if (other_shape) own.shape_changed = now - start_;
    if ((repoliced || other_shape) && rates_[static_cast<ClassId>(slot)].claim_change(next.generation))
      carry_over(rates_[static_cast<ClassId>(slot)], plan, now - start_);
    reshaped = reshaped || other_shape;
  }
  if (!reshaped) return;
  shaper_.replan(
      [this](const QueuePlan& old) {
        const bool known = old.slot < snapshot_->classes.size();
        const ClassPlan* plan = known ? &snapshot_->classes[old.slot] : nullptr;
        return plan != nullptr && plan->spec != nullptr && plan->serial == old.serial ? &plan->shape : nullptr;
      },
      now - start_);
}

// The slot was another class's, of which nothing is held any more.
void Treater::begin_class(ClassState& own, std::uint32_t serial) noexcept {
  for (const std::uint32_t queue : own.queue)
    if (queue != kNoIndex) shaper_.close_queue(queue);
  own = {};
  own.serial = serial;
}

// For all workers; only what changed in this generation does.
void Treater::carry_over(ClassRates& rates, const ClassPlan& plan, Nanos now) const noexcept {
  const bool repoliced = plan.police_change.generation == snapshot_->generation;
  const bool reshaped = plan.shape_change.generation == snapshot_->generation;
  for (std::size_t slot = 0; slot < 2; ++slot) {
    if (repoliced) rates.police[slot].change(plan.police_change.before, plan.police, now);
    if (repoliced) rates.shadow_police[slot].change(plan.police_change.before, plan.police, now);
    if (reshaped) rates.shadow_shape[slot].change(plan.shape_change.before, plan.shape_shadow, now);
    if (reshaped) rates.shape[slot].bucket.change(plan.shape_change.before, plan.shape.rate, now);
  }
}

// Hosts' buckets, which nobody visits when a book changes, follow when they are next used or swept.
void Treater::follow_change(HostState& host) const noexcept {
  if (host.generation == snapshot_->generation || host.slot >= snapshot_->classes.size()) return;
  const ClassPlan& plan = snapshot_->classes[host.slot];
  if (plan.spec == nullptr || plan.serial != host.owner >> 2) return;
  const bool by_shape = static_cast<HostUse>(host.owner & 3) == HostUse::shadow_shape;
  const RateChange& change = by_shape ? plan.shape_change : plan.police_change;
  const ClassState& own = classes_[host.slot];
  if (host.generation != 0 && host.generation < change.generation)
    for (Bucket& bucket : host.police)
      bucket.change(change.before, by_shape ? plan.shape_shadow : plan.police,
                    by_shape ? own.shape_changed : own.police_changed);
  host.generation = snapshot_->generation;
}

void Treater::stay(Flow& flow) const noexcept {
  const ClassPlan& plan = snapshot_->classes[flow.cls];
  if (plan.police_change.generation <= flow.generation) return;
  const Nanos changed = classes_[flow.cls].police_changed;
  for (Bucket& bucket : flow.police) bucket.change(plan.police_change.before, plan.police, changed);
}

bool Treater::keep_shadow(Flow& flow, std::size_t index, std::uint32_t shadow) noexcept {
  FlowState& state = states_[shadow];
  const ClassId cls = snapshot_->rule_slots[flow.observed[index]].cls;
  const ClassPlan& plan = snapshot_->classes[cls];
  if (state.cls != cls || state.serial != plan.serial) return false;
  flow.shadow[index] = shadow;
  for (std::size_t slot = 0; slot < 2; ++slot) {
    if (plan.police_change.generation > flow.generation)
      state.police[slot].change(plan.police_change.before, plan.police, classes_[cls].police_changed);
    if (plan.shape_change.generation > flow.generation)
      state.shape[slot].change(plan.shape_change.before, plan.shape_shadow, classes_[cls].shape_changed);
  }
  return true;
}

// --- Holds.

Treater::Hold Treater::hold_of(const Flow& flow, Nanos now) noexcept {
  if (flow.state == kNoIndex) return Hold::none;
  const Nanos until = states_[flow.state].hold_until;
  if (until < 0) return Hold::none;
  return now - start_ < until ? Hold::running : Hold::over;
}

bool Treater::restarts_on_trigger(const Flow& flow) const noexcept {
  return restart_of(*snapshot_->classes[flow.cls].spec) == Restart::trigger;
}

void Treater::restart_hold(Flow& flow, Nanos now) noexcept {
  const std::optional<Nanos>* hold = hold_time(*snapshot_->classes[flow.cls].spec);
  if (flow.state != kNoIndex && hold != nullptr && *hold) states_[flow.state].hold_until = now - start_ + **hold;
}

void Treater::detach(Flow& flow) noexcept {
  detached_ = flow.state;
  flow.state = kNoIndex;
}

void Treater::attach(Flow& flow) noexcept {
  flow.state = detached_;
  detached_ = kNoIndex;
}

void Treater::sweep(Nanos now) noexcept {
  const auto give_up = [this, now](std::uint32_t queue) {
    return shaper_.queue_idle(queue, now - start_) && shaper_.close_queue(queue);
  };
  hosts_.sweep(now - start_, kSweepBudget, give_up, [this](HostState& host) { follow_change(host); });
  for (std::uint32_t i = 0; i < std::min(kSweepBudget, states_.high_water()); ++i) {
    swept_ = swept_ + 1 < states_.high_water() ? swept_ + 1 : 0;
    FlowState& state = states_[swept_];
    if (state.flow == nullptr || state.hold_until < 0 || now - start_ < state.hold_until) continue;
    const bool held = state.flow->held[0].shaped + state.flow->held[0].delayed + state.flow->held[1].shaped +
                          state.flow->held[1].delayed >
                      0;
    state.flow->holding = held;
  }
}

}  // namespace slowlane

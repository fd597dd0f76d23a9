#include <algorithm>

#include "dataplane/worker.h"

// Another book: how a worker takes it up, and how flows that already run are judged again, on their next packet, on
// the facts that they have.

namespace slowlane {

// At the top of a turn, where nothing of the old snapshot is in use: what flows keep of it are slots.
void Worker::adopt(const Snapshot& next) noexcept {
  const bool held_fragments = inspection_->fragments == Inspection::Fragments::hold;
  snapshot_ = &next;
  scratch_ = next.scratch[config_.index].get();
  inspection_ = &next.rules->book().inspection;
  flow_rules_ = &next.rules->book().flows;
  idle_ = idle_times(*flow_rules_);
  short_idle_ = short_idle_times(*flow_rules_);
  const bool holds_fragments = inspection_->fragments == Inspection::Fragments::hold;
  if (!holds_fragments) holds_fragments_since_ = 0;
  if (holds_fragments && !held_fragments) holds_fragments_since_ = now_ + 1;
  treater_.adopt(next, now_);
  commons_.publisher.adopt(config_.index, next.generation);
}

// A flow that another book judged: its verdict is open again, and whatever still can be learned for this book is.
void Worker::reopen(Flow& flow) noexcept {
  if (flow.midstream && !flow_rules_->midstream && flow.looking) inspector_.end(flow, NotFound::midstream);
  inspector_.renew(flow, snapshot_->rules->needs());
  flow.settled = inherits(flow);
  if (!flow.settled) flow.deciding_name = 0xff;
}

// A hold that an earlier connection began goes on while the rule that brought it still says the same; the facts that
// it was found by went with that connection.
bool Worker::inherits(const Flow& flow) const noexcept {
  if (!flow.inherited_hold || !flow.holding) return false;
  if (flow.rule == kNoRule) return snapshot_->otherwise == flow.cls;
  return snapshot_->has_rule(flow.rule, flow.generation) && snapshot_->enforces(flow.rule) &&
         snapshot_->rule_slots[flow.rule].cls == flow.cls;
}

// Whether the book in force leaves a flow the class that it has.
bool Worker::keeps_class(Flow& flow) noexcept {
  const bool judged_before = flow.generation != 0 && flow.generation != snapshot_->generation;
  return !judged_before || inherits(flow) || verdict_of(flow).cls == flow.cls;
}

Verdict Worker::verdict_of(Flow& flow) noexcept {
  if (flow.midstream && !flow_rules_->midstream) {
    Verdict pass;
    pass.cls = kPass;
    pass.settled = true;
    return pass;
  }
  Verdict verdict = snapshot_->judge(inspector_.facts(flow), *scratch_);
  const bool judged_before = flow.generation != 0 && flow.generation != snapshot_->generation;
  if (judged_before && flow.payload == Known::yes && flow.kept_payload == kNoIndex) recall_payload(flow, verdict);
  return verdict;
}

// The first payload is not kept once a verdict stands. What rules found in it is known by the rules that fit the flow:
// one that the new book has unchanged still does.
void Worker::recall_payload(const Flow& flow, Verdict& verdict) const noexcept {
  const auto still_fits = [&](RuleId slot) {
    if (slot == kNoRule || !snapshot_->has_rule(slot, flow.generation)) return false;
    const std::uint32_t since = snapshot_->rule_slots[slot].same_payload_since;
    return since != 0 && since <= flow.generation;
  };
  const auto place = [&](RuleId slot) { return slot == kNoRule ? kNoRule : snapshot_->rule_slots[slot].rule; };
  if (still_fits(flow.rule) && snapshot_->enforces(flow.rule) && place(flow.rule) < place(verdict.rule)) {
    verdict.cls = snapshot_->rule_slots[flow.rule].cls;
    verdict.rule = flow.rule;
    verdict.settled = true;
  }
  for (std::size_t i = 0; i < flow.observed_count; ++i) {
    const RuleId slot = flow.observed[i];
    const auto end = verdict.observed.begin() + verdict.observed_count;
    if (!still_fits(slot) || snapshot_->enforces(slot) || std::find(verdict.observed.begin(), end, slot) != end)
      continue;
    if (verdict.observed_count < verdict.observed.size()) verdict.observed[verdict.observed_count++] = slot;
  }
}

// What was observed of the flow, by the new book: a rule that is in both goes on with its shadow, if its class is the
// same, and its hit is not counted again.
void Worker::change_observed(Flow& flow, const Verdict& verdict, Nanos now) noexcept {
  const auto rules = flow.observed;
  auto shadows = flow.shadow;
  const std::size_t count = flow.observed_count;
  flow.observed_count = 0;
  flow.shadow.fill(kNoIndex);
  for (const RuleId rule : verdict.observed_rules()) {
    const auto old = static_cast<std::size_t>(std::find(rules.begin(), rules.begin() + count, rule) - rules.begin());
    const std::size_t index = flow.observed_count++;
    flow.observed[index] = rule;
    const bool known = old < count && snapshot_->has_rule(rule, flow.generation);
    if (!known) hit(rule, now);
    if (known && shadows[old] != kNoIndex && treater_.keep_shadow(flow, index, shadows[old]))
      shadows[old] = kNoIndex;
    else
      treater_.observe(flow, index);
  }
  for (const std::uint32_t shadow : shadows)
    if (shadow != kNoIndex) treater_.drop_shadow(shadow);
}

void Worker::enter(Flow& flow, ClassId cls) noexcept {
  move(flow, cls);
  treater_.enter(flow, cls);
}

void Worker::move(Flow& flow, ClassId cls) noexcept {
  class_counts_[flow.cls].flows_now.take_back(1);
  class_counts_[cls].flows_now.add();
  flow.cls = cls;
}

// Once for each class that a flow was in, though books come and go.
void Worker::count_flow(Flow& flow) noexcept {
  const std::uint32_t serial = snapshot_->classes[flow.cls].serial;
  if (std::find(flow.counted_in.begin(), flow.counted_in.end(), serial) != flow.counted_in.end()) return;
  std::move_backward(flow.counted_in.begin(), flow.counted_in.end() - 1, flow.counted_in.end());
  flow.counted_in.front() = serial;
  class_counts_[flow.cls].flows.add();
}

}  // namespace slowlane

#include "dataplane/treater.h"
#include "dataplane/treater_places.h"

// What a trace shows of buckets and queues.

namespace slowlane {

Treater::Level Treater::level(Flow& flow, Direction direction, Nanos now) noexcept {
  Level level;
  const HeldState& held = flow.held[at(direction)];
  level.flow_waits = held.shaped + held.delayed;
  const ClassPlan& plan = snapshot_->classes[flow.cls];
  if (plan.spec == nullptr) return level;
  if (const auto& shape = plan.spec->shape; shape && shape->scope == Scope::cls)
    if (const std::size_t slot = slot_of(shape->direction, direction); slot != kUntouched)
      level.class_waits = rates_[flow.cls].shape[slot].packets();
  const auto& police = plan.spec->police;
  const std::size_t slot = police ? slot_of(police->direction, direction) : kUntouched;
  if (slot == kUntouched) return level;
  Bucket bucket = flow.police[slot];
  if (police->scope == Scope::cls) bucket = rates_[flow.cls].police[slot].now();
  if (police->scope == Scope::host) {
    const Pass pass{plan, flow, nullptr, false, direction, false, 0, now - start_};
    const HostState* const host = host_of(pass, police->scope_prefix6, HostUse::treat);
    if (host == nullptr) return level;
    bucket = host->police[slot];
  }
  level.bucket_bytes = bucket.level(plan.police, now - start_);
  level.bucket_burst = plan.police.burst();
  return level;
}

}  // namespace slowlane

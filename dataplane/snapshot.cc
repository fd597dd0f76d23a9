#include "dataplane/snapshot.h"

#include <utility>

namespace slowlane {
namespace {

ClassPlan plan_of(const ClassSpec& spec) {
  ClassPlan plan;
  plan.spec = &spec;
  if (spec.police) plan.police = RatePlan(spec.police->rate, spec.police->burst);
  if (spec.shape) {
    const Shape& shape = *spec.shape;
    plan.shape = {RatePlan(shape.rate, shape.burst), shape.queue_bytes, shape.queue_packets};
    plan.shape_shadow = RatePlan(shape.rate, shape.burst + shape.queue_bytes);
  }
  const bool flow_police = spec.police && spec.police->scope == Scope::flow;
  const bool others = spec.mark || spec.allow || spec.drop || spec.reset || spec.lose || spec.shape || spec.delay;
  plan.treats = spec.police || others;
  plan.simple = !others && (!spec.police || flow_police);
  plan.needs_state = spec.allow || spec.drop || spec.reset || (spec.shape && spec.shape->scope == Scope::flow);
  return plan;
}

}  // namespace

std::unique_ptr<const Snapshot> Snapshot::make(std::unique_ptr<const RuleSet> rules, std::uint32_t generation,
                                               std::uint64_t seed) {
  auto snapshot = std::make_unique<Snapshot>();
  for (const ClassSpec& spec : rules->classes()) snapshot->classes.push_back(plan_of(spec));
  snapshot->rules = std::move(rules);
  snapshot->generation = generation;
  snapshot->seed = seed;
  return snapshot;
}

}  // namespace slowlane

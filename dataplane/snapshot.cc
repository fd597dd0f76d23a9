#include "dataplane/snapshot.h"

#include <algorithm>
#include <span>
#include <string>
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

ClassId class_named(std::span<const ClassSpec> classes, const std::string& name) {
  const auto found =
      std::find_if(classes.begin(), classes.end(), [&](const ClassSpec& spec) { return spec.name == name; });
  return static_cast<ClassId>(found - classes.begin());  // the loader saw to it that there is one
}

}  // namespace

std::unique_ptr<const Snapshot> Snapshot::make(std::unique_ptr<const RuleSet> rules, std::uint32_t generation,
                                               std::uint64_t seed) {
  auto snapshot = std::make_unique<Snapshot>();
  for (const ClassSpec& spec : rules->classes()) snapshot->classes.push_back(plan_of(spec));
  for (const Rule& rule : rules->rules()) snapshot->class_of.push_back(class_named(rules->classes(), rule.then));
  snapshot->rules = std::move(rules);
  snapshot->generation = generation;
  snapshot->seed = seed;
  return snapshot;
}

}  // namespace slowlane

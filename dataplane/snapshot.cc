#include "dataplane/snapshot.h"

#include <algorithm>
#include <numeric>
#include <span>
#include <string>
#include <utility>

namespace slowlane {
namespace {

ClassPlan plan_of(const ClassSpec& spec, ClassId slot) {
  ClassPlan plan;
  plan.spec = &spec;
  plan.serial = slot;
  if (spec.police) plan.police = RatePlan(spec.police->rate, spec.police->burst);
  if (spec.shape) {
    const Shape& shape = *spec.shape;
    plan.shape = {RatePlan(shape.rate, shape.burst), shape.queue_bytes, shape.queue_packets};
    plan.shape.slot = slot;
    plan.shape.serial = slot;
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

template <class Id>
std::vector<Id> numbers(std::size_t count) {
  std::vector<Id> all(count);
  std::iota(all.begin(), all.end(), Id{0});
  return all;
}

template <class Id>
std::size_t room_for(const std::vector<Id>& slots) {
  return slots.empty() ? 0 : *std::max_element(slots.begin(), slots.end()) + std::size_t{1};
}

}  // namespace

std::unique_ptr<Snapshot> Snapshot::make(std::unique_ptr<const RuleSet> rules, std::uint32_t generation,
                                         std::uint64_t seed, std::uint32_t workers, const Slots& slots) {
  auto snapshot = std::make_unique<Snapshot>();
  const std::span<const ClassSpec> classes = rules->classes();
  const std::span<const Rule> written = rules->rules();
  snapshot->class_slot = slots.classes;
  snapshot->rule_slot = slots.rules;
  snapshot->classes.resize(room_for(slots.classes));
  snapshot->rule_slots.resize(room_for(slots.rules));
  for (std::size_t i = 0; i < classes.size(); ++i)
    snapshot->classes[slots.classes[i]] = plan_of(classes[i], slots.classes[i]);
  for (std::size_t i = 0; i < written.size(); ++i) {
    const ClassId cls = slots.classes[class_named(classes, written[i].then)];
    snapshot->rule_slots[slots.rules[i]] = {static_cast<RuleId>(i), cls};
  }
  snapshot->otherwise = slots.classes[class_named(classes, rules->book().otherwise)];
  for (std::uint32_t i = 0; i < workers; ++i) snapshot->scratch.push_back(rules->make_scratch());
  snapshot->rules = std::move(rules);
  snapshot->generation = generation;
  snapshot->seed = seed;
  return snapshot;
}

std::unique_ptr<const Snapshot> Snapshot::make(std::unique_ptr<const RuleSet> rules, std::uint32_t generation,
                                               std::uint64_t seed, std::uint32_t workers) {
  const Slots slots{numbers<ClassId>(rules->classes().size()), numbers<RuleId>(rules->rules().size())};
  return make(std::move(rules), generation, seed, workers, slots);
}

Verdict Snapshot::judge(const Facts& facts, RuleSet::Scratch& own_scratch) const noexcept {
  Verdict verdict = rules->judge(facts, own_scratch);
  verdict.cls = class_slot[verdict.cls];
  if (verdict.rule != kNoRule) verdict.rule = rule_slot[verdict.rule];
  for (std::size_t i = 0; i < verdict.observed_count; ++i) verdict.observed[i] = rule_slot[verdict.observed[i]];
  return verdict;
}

}  // namespace slowlane

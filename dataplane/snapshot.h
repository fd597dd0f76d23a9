#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "dataplane/bucket.h"
#include "dataplane/shaper.h"
#include "rules/ruleset.h"

namespace slowlane {

// A class of the book with its arithmetic done: what the treater reads per packet. Index = ClassId.
struct ClassPlan {
  const ClassSpec* spec = nullptr;
  RatePlan police;
  QueuePlan shape;
  RatePlan shape_shadow;     // a policer that drops what the shape queue would have dropped
  bool treats = false;       // anything at all is done
  bool simple = false;       // at most a flow-scoped police: the hot part of a flow is all it needs
  bool needs_state = false;  // counts, holds or queues of its own per flow
};

// A rule set plus all that a worker needs to use it. Immutable; made by control, read by workers.
struct Snapshot {
  std::unique_ptr<const RuleSet> rules;
  std::uint32_t generation = 1;  // counts up with each snapshot of a run, never 0
  std::uint64_t seed = 1;        // of random draws
  std::vector<ClassPlan> classes;
  std::vector<ClassId> class_of;  // index = RuleId

  static std::unique_ptr<const Snapshot> make(std::unique_ptr<const RuleSet> rules, std::uint32_t generation,
                                              std::uint64_t seed);
};

}  // namespace slowlane

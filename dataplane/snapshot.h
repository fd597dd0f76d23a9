#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "dataplane/bucket.h"
#include "dataplane/shaper.h"
#include "rules/ruleset.h"

namespace slowlane {

// When a class's rate or burst last became another one, and what the rate was before: what a bucket needs to go on.
struct RateChange {
  std::uint32_t generation = 0;  // from this snapshot on; 0: never
  std::uint64_t before = 0;
};

// A class of the book with its arithmetic done: what the treater reads per packet.
struct ClassPlan {
  const ClassSpec* spec = nullptr;  // null: no class of this book has the slot
  RatePlan police;
  QueuePlan shape;
  RatePlan shape_shadow;     // a policer that drops what the shape queue would have dropped
  bool treats = false;       // anything at all is done
  bool simple = false;       // at most a flow-scoped police: the hot part of a flow is all it needs
  bool needs_state = false;  // counts, holds or queues of its own per flow
  std::uint32_t serial = 0;  // of the class over the run: another class in the same slot has another
  RateChange police_change;
  RateChange shape_change;
};

// A rule set plus all that a worker needs to use it. Immutable; made by control, read by workers.
//
// What flows, queues and counters keep for longer than one book are slots: numbers of classes and rules that are the
// same in every snapshot of a run for a class of the same name and kind, and for a rule of the same name. Control deals
// them out (control/slots.h); where a run has one book, they are the book's own numbers.
struct Snapshot {
  static constexpr std::uint16_t kNoSlot = 0xffff;

  // What a rule's slot means here.
  struct RuleSlot {
    RuleId rule = kNoRule;                 // in the rule set; kNoRule: not of this book
    ClassId cls = kPass;                   // the slot of its class
    std::uint32_t since = 0;               // generation in which this name got the slot
    std::uint32_t same_payload_since = 0;  // it asks for payload, and asks the same since; 0: it does not ask
  };

  std::unique_ptr<const RuleSet> rules;
  std::uint32_t generation = 1;              // counts up with each snapshot of a run, never 0
  std::uint64_t seed = 1;                    // of random draws
  std::vector<ClassPlan> classes;            // index = slot
  std::vector<RuleSlot> rule_slots;          // index = slot
  std::vector<ClassId> class_slot;           // index = ClassId of the rule set
  std::vector<RuleId> rule_slot;             // index = RuleId of the rule set
  ClassId otherwise = kPass;                 // slot
  std::vector<RuleSet::ScratchPtr> scratch;  // index = worker

  struct Slots {
    std::vector<ClassId> classes;  // index = ClassId of the rule set; "pass" and "pending" keep theirs
    std::vector<RuleId> rules;     // index = RuleId of the rule set
  };
  static std::unique_ptr<Snapshot> make(std::unique_ptr<const RuleSet> rules, std::uint32_t generation,
                                        std::uint64_t seed, std::uint32_t workers, const Slots& slots);
  // The only book of a run.
  static std::unique_ptr<const Snapshot> make(std::unique_ptr<const RuleSet> rules, std::uint32_t generation,
                                              std::uint64_t seed, std::uint32_t workers = 1);

  // What the rules answer, in slots.
  Verdict judge(const Facts& facts, RuleSet::Scratch& scratch) const noexcept;
  // Whether a rule's slot still means what it meant to a flow that was judged at `judged`.
  bool has_rule(RuleId slot, std::uint32_t judged) const noexcept {
    return slot < rule_slots.size() && rule_slots[slot].rule != kNoRule && rule_slots[slot].since <= judged;
  }
  bool enforces(RuleId slot) const noexcept { return rules->rules()[rule_slots[slot].rule].mode == Mode::enforce; }
};

}  // namespace slowlane

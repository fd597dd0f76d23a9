#pragma once

#include <optional>
#include <string_view>

#include "control/slots.h"
#include "rules/ruleset.h"

namespace slowlane {

// What the numbers of a flow's class and rules mean: those of the one book of a run, or of a run's slots. Small; what
// it is made from must outlive it.
class Labels {
 public:
  Labels(const RuleSet& rules) : rules_(&rules) {}  // NOLINT: whoever has one book has its labels
  Labels(const Slots& slots) : slots_(&slots) {}    // NOLINT

  // nullopt: no rule decided, or its slot has long been another's. `generation` is that of the flow.
  std::optional<Slots::RuleLabel> rule(RuleId rule, std::uint32_t generation) const;
  // "pass" where nothing was done.
  std::string_view cls(ClassId cls) const;

 private:
  const RuleSet* rules_ = nullptr;
  const Slots* slots_ = nullptr;
};

}  // namespace slowlane

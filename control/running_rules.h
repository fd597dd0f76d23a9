#pragma once

#include <memory>
#include <utility>

#include "control/live_book.h"
#include "control/rules_in_force.h"

namespace slowlane {

// The rules of a running box. Control's thread puts them; `book` outlives it.
class RunningRules final : public RulesInForce {
 public:
  explicit RunningRules(LiveBook& book) : book_(book) {}
  const RuleSet& running() const override { return book_.running(); }
  bool ready() const override { return book_.taken_up(); }
  Diagnostics put(std::unique_ptr<const RuleSet> rules) override { return book_.put(std::move(rules)); }

 private:
  LiveBook& book_;
};

}  // namespace slowlane

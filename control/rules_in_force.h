#pragma once

#include <memory>

#include "rules/result.h"
#include "rules/ruleset.h"

namespace slowlane {

// The rules that packets are judged by, as those see them who change them. One change at a time.
class RulesInForce {
 public:
  virtual ~RulesInForce() = default;

  // Until the next put().
  virtual const RuleSet& running() const = 0;
  // Whether every worker goes by them, so that put() needs not wait for one.
  virtual bool ready() const { return true; }
  // Takes a rule set over, whole or not at all. Diagnostics: why this box cannot use it; nothing has changed then.
  virtual Diagnostics put(std::unique_ptr<const RuleSet> rules) = 0;
};

}  // namespace slowlane

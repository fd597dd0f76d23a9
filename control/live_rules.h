#pragma once

#include <memory>

#include "control/config.h"
#include "rules/result.h"
#include "rules/ruleset.h"

namespace slowlane {

// The book of a box: read, guarded (bench_guard.h) and compiled, with the appliance's seed. All diagnostics at once.
Result<std::unique_ptr<const RuleSet>> load_live_rules(const Config& config);

}  // namespace slowlane

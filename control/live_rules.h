#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "control/bundle.h"
#include "control/config.h"
#include "rules/dictionary.h"
#include "rules/pattern_cache.h"
#include "rules/result.h"
#include "rules/ruleset.h"

namespace slowlane {

// How a box takes a book.
struct LiveLoad {
  // observe: every rule that enforces observes instead, and `otherwise` passes.
  enum class Force : std::uint8_t { as_written, observe } force = Force::as_written;
  const Dictionary* names = nullptr;  // nDPI's; null: asked for where the book needs them
  PatternCache* cache = nullptr;
};

// The book of a box: read, guarded (bench_guard.h) and compiled, with the appliance's seed. All diagnostics at once. A
// book that is only observed must be right as it is written too.
Result<std::unique_ptr<const RuleSet>> load_live_rules(const Config& config, const Bundle& bundle, const LiveLoad& how);
// The configured book.
Result<std::unique_ptr<const RuleSet>> load_live_rules(const Config& config);

// A version of a book: the digest of its texts and of how it is taken.
std::string version_digest(const Bundle& bundle, LiveLoad::Force force);

}  // namespace slowlane

#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "rules/ruleset.h"

namespace slowlane {

// A flow to be explained as options describe it. What they do not say is not yet known.
struct FlowQuestion {
  Expectation flow;
  std::optional<std::vector<std::uint8_t>> payload;  // the initiator's first
};

// The facts of a question; they point into it and into `name`. A name that came with a hello settles what the hello
// would have shown besides.
Facts facts_of(const RuleSet& rules, const FlowQuestion& question, HostName& name);

// The same once looking has ended: what was not found is not there (contract §2 "How rules are read").
Facts after_looking(Facts known);

// What the rules say of one flow, and why. Points to both.
struct Explanation {
  const RuleSet& rules;
  const Facts& known;
  Verdict ended;                    // once looking has ended and brought nothing more
  Verdict now;                      // on what is known: pending where more could change it
  std::vector<RuleAnswer> answers;  // on what is known, by RuleId
  std::vector<std::string> needs;   // the facts that could still change the verdict or what is observed
};

Explanation explain(const RuleSet& rules, const Facts& known);

// For people: the rule that decides, why each one above it does not, and what is not known yet.
std::string print(const Explanation& explanation);
nlohmann::ordered_json to_json(const Explanation& explanation);

}  // namespace slowlane

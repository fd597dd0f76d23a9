#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "rules/result.h"
#include "rules/ruleset.h"

namespace slowlane {

// "What happens to NAME?", answered by the very rules that judge flows. Keeps no rules between two questions, so that a
// large book goes when the box lets go of it. One thread's.
class NameDesk {
 public:
  // What a connection to the name gets over one carrier.
  struct Answer {
    std::string carrier;  // "TLS over TCP", "QUIC over UDP", "HTTP without TLS"
    ClassId cls = kPass;
    std::string rule;                   // that decides; empty: none matched
    std::vector<std::string> observed;  // rules that only observe and fit
    bool could_change = false;          // by what the box learns of a flow besides its name
  };

  // A whole name. Diagnostics: it is none; what was read and what a name looks like.
  Result<std::vector<Answer>> ask(const std::shared_ptr<const RuleSet>& rules, const std::string& name);

 private:
  std::weak_ptr<const RuleSet> rules_;  // that the scratch is of
  RuleSet::ScratchPtr scratch_;
};

}  // namespace slowlane

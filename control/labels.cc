#include "control/labels.h"

namespace slowlane {

std::optional<Slots::RuleLabel> Labels::rule(RuleId rule, std::uint32_t generation) const {
  if (rule == kNoRule) return std::nullopt;
  if (slots_ != nullptr) return slots_->rule(rule, generation);
  if (rule >= rules_->rules().size()) return std::nullopt;
  const Rule& written = rules_->rules()[rule];
  return Slots::RuleLabel{written.name, written.then, asks_dns(written.when)};
}

std::string_view Labels::cls(ClassId cls) const {
  const std::size_t count = slots_ != nullptr ? slots_->classes() : rules_->classes().size();
  if (cls == kPending || cls >= count) return "pass";
  return slots_ != nullptr ? slots_->cls(cls) : std::string_view(rules_->classes()[cls].name);
}

}  // namespace slowlane

#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace slowlane {

// Index into RuleSet::classes(). The first two are built in.
using ClassId = std::uint16_t;
inline constexpr ClassId kPass = 0;
inline constexpr ClassId kPending = 1;

// Index into RuleSet::rules(), in the order written.
using RuleId = std::uint16_t;
inline constexpr RuleId kNoRule = 0xffff;  // `otherwise`, or pending

// What the rules answer to the facts of one flow.
struct Verdict {
  static constexpr std::size_t kMaxObserved = 4;  // further observe rules are not noted
  static constexpr std::uint8_t kNoName = 0xff;

  ClassId cls = kPending;
  RuleId rule = kNoRule;           // the enforcing rule that decided
  bool settled = false;            // more facts cannot change cls and rule
  bool wants_application = false;  // nDPI's answer could still change the verdict or what is observed
  bool wants_payload = false;      // likewise the initiator's first payload
  bool wants_more = false;         // likewise any fact, those two included: while it is false there is no need to judge
  std::uint8_t deciding_name = kNoName;  // index into Facts::names of the name that decided
  std::uint8_t observed_count = 0;
  std::array<RuleId, kMaxObserved> observed{};  // observe rules that are true, in book order

  std::span<const RuleId> observed_rules() const { return {observed.data(), observed_count}; }
};

}  // namespace slowlane

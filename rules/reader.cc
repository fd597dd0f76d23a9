#include "rules/reader.h"

#include <algorithm>

namespace slowlane {

Reader::Reader(const Conditions& conditions, const RuleLines& rules, const Facts& facts, ReadScratch& scratch) noexcept
    : conditions_(conditions),
      rules_(rules),
      facts_(facts),
      scratch_(scratch),
      seen_(facts),
      hits_(&scratch.all),
      shown_name_(facts.names.size()) {
  scratch_.now.clear();
  scratch_.all.clear();
  Conditions::forget(scratch_.payload);
}

Evidence Reader::evidence() noexcept {
  if (shown_name_ < facts_.names.size()) look_at(shown_name_);
  return {seen_, *hits_, scratch_.payload, scratch_.patterns};
}

void Reader::look_at(std::size_t name) noexcept {
  scratch_.now.clear();
  conditions_.match(facts_.names[name], scratch_.patterns, scratch_.now);
  seen_.names = facts_.names.subspan(name, 1);
  seen_.more_names = false;
  hits_ = &scratch_.now;
}

// Requires: every name has been looked at.
void Reader::look_at_all() noexcept {
  seen_.names = facts_.names;
  seen_.more_names = facts_.more_names;
  hits_ = &scratch_.all;
}

void Reader::look_open() noexcept {
  scratch_.now.clear();
  seen_.names = {};
  seen_.more_names = true;
  hits_ = &scratch_.now;
}

Verdict Reader::read() noexcept {
  if (!rules_.asks_names) {
    pass(View::all);
    return answer();
  }
  const std::size_t count = facts_.names.size();
  const bool alone = count == 1 && !facts_.more_names;
  for (std::size_t name = 0; name < count; ++name) {
    look_at(name);
    scratch_.all.add(scratch_.now);
    if (alone) break;
    const Outcome outcome = pass(View::name);
    if (outcome == Outcome::no) continue;
    shown_name_ = name;
    if (outcome == Outcome::may_decide) wait_for_the_rest();
    return answer();
  }
  if (facts_.more_names) {
    look_open();
    pass(View::open);
  } else {
    look_at_all();
    pass(View::all);
    if (alone && decided_by_ != nullptr && conditions_.named(decided_by_->when, evidence())) shown_name_ = 0;
  }
  return answer();
}

Reader::Outcome Reader::pass(View view) noexcept {
  const Evidence evidence{seen_, *hits_, scratch_.payload, scratch_.patterns};
  Pass pass{view};
  for (std::size_t i = step_over(0, pass); i < rules_.lines.size(); i = step_over(i + 1, pass)) {
    const RuleLine& line = rules_.lines[i];
    const ConditionAnswer answer = conditions_.read(line.when, evidence);
    if (answer.value == Tri::no) continue;
    if (line.observe) {
      observe_waits_ |= answer.waits;
      if (answer.value == Tri::yes && !pass.blocked) observe(line, evidence, pass);
      continue;
    }
    enforce_waits_ |= answer.waits;
    const bool by_name = view == View::name && conditions_.named(line.when, evidence);
    if (answer.value == Tri::yes && !pass.blocked && (by_name || view != View::name)) {
      decide(line.cls, line.rule, pass);
      decided_by_ = &line;
      return Outcome::decided;
    }
    pass.blocked = true;
    pass.may_decide = pass.may_decide || by_name;
    // A true rule ends reading: none below it can ever decide.
    if (answer.value == Tri::yes) break;
  }
  if (view == View::name) return pass.may_decide ? Outcome::may_decide : Outcome::no;
  if (pass.blocked) return Outcome::no;
  decide(rules_.otherwise, kNoRule, pass);
  return Outcome::decided;
}

std::size_t Reader::step_over(std::size_t at, Pass& pass) noexcept {
  while (at < rules_.lines.size() && rules_.lines[at].row > 1) {
    const RuleLine& line = rules_.lines[at];
    const HostSetId fits = hits_->first(line.set, line.set + line.row);
    if (fits == line.set) break;
    if (seen_.more_names) {
      (line.observe ? observe_waits_ : enforce_waits_) |= set_of(Fact::name);
      pass.blocked = pass.blocked || !line.observe;
    }
    at += fits - line.set;
  }
  return at;
}

// An observe rule that would decide now. With one name in view it would, if that name brought it; or else if no later
// name can be first, because this one decides.
void Reader::observe(const RuleLine& line, const Evidence& evidence, Pass& pass) noexcept {
  if (pass.view != View::name || conditions_.named(line.when, evidence))
    note(line.rule);
  else if (pass.kept < pass.keeps.size())
    pass.keeps[pass.kept++] = line.rule;
}

void Reader::decide(ClassId cls, RuleId rule, const Pass& pass) noexcept {
  verdict_.cls = cls;
  verdict_.rule = rule;
  verdict_.settled = true;
  for (std::uint8_t i = 0; i < pass.kept; ++i) note(pass.keeps[i]);
}

// Keeps the book's order, and each rule once.
void Reader::note(RuleId rule) noexcept {
  const auto begin = verdict_.observed.begin();
  const auto end = begin + verdict_.observed_count;
  const auto at = std::lower_bound(begin, end, rule);
  if ((at != end && *at == rule) || verdict_.observed_count == Verdict::kMaxObserved) return;
  std::move_backward(at, end, end + 1);
  *at = rule;
  ++verdict_.observed_count;
}

// Should this name decide nothing after all, later ones come into play, and whatever rules would wait for then. An
// observe rule that would decide whatever the names are is noted now as before.
void Reader::wait_for_the_rest() noexcept {
  look_open();
  const Evidence evidence{seen_, *hits_, scratch_.payload, scratch_.patterns};
  bool blocked = false;
  for (const RuleLine& line : rules_.lines) {
    const ConditionAnswer answer = conditions_.read(line.when, evidence);
    enforce_waits_ |= answer.waits;
    if (line.observe && answer.value == Tri::yes && !blocked) note(line.rule);
    if (!line.observe && answer.value == Tri::yes) break;
    blocked = blocked || (!line.observe && answer.value == Tri::not_yet);
  }
  if (!facts_.more_names) enforce_waits_ &= static_cast<FactSet>(~set_of(Fact::name));
}

Verdict Reader::answer() noexcept {
  // Once the decision stands, only observe rules above it have anything left to learn.
  const auto waits = static_cast<FactSet>(verdict_.settled ? observe_waits_ : observe_waits_ | enforce_waits_);
  verdict_.wants_application = (waits & set_of(Fact::application)) != 0;
  verdict_.wants_payload = (waits & set_of(Fact::payload)) != 0;
  verdict_.wants_more = waits != 0;
  if (verdict_.rule != kNoRule && shown_name_ < facts_.names.size())
    verdict_.deciding_name = static_cast<std::uint8_t>(std::min<std::size_t>(shown_name_, Verdict::kNoName));
  return verdict_;
}

}  // namespace slowlane

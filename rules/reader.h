#pragma once

#include <cstdint>
#include <span>

#include "rules/conditions.h"
#include "rules/facts.h"
#include "rules/verdict.h"

namespace slowlane {

// One rule as reading needs it. Rules that are off have none.
struct RuleLine {
  GroupId when = 0;
  RuleId rule = kNoRule;
  ClassId cls = kPass;
  bool observe = false;
  // Rules that ask for names and nothing else often stand in long rows; those that no name fits are stepped over
  // together. How many do from here on, this one included, all of one mode, and the first one's set; the sets of the
  // others follow.
  std::uint32_t row = 0;
  HostSetId set = 0;
};

// A compiled book's rules in order.
struct RuleLines {
  std::vector<RuleLine> lines;
  ClassId otherwise = kPass;
  bool asks_names = false;  // some rule has a key about names
};

// What reading writes to; sized once for one set of conditions.
struct ReadScratch {
  NameHits now;  // of the name being judged
  NameHits all;  // of every name judged so far
  PayloadHits payload;
  PatternSet::Scratch patterns;
};

// Reads a book's rules against one flow, once; RuleSet::judge says how. Allocates nothing.
class Reader {
 public:
  Reader(const Conditions& conditions, const RuleLines& rules, const Facts& facts, ReadScratch& scratch) noexcept;

  Verdict read() noexcept;
  // After read(): what the verdict was read from, with the deciding name alone where one name decided.
  Evidence evidence() noexcept;

 private:
  // What a pass over the rules takes for the flow's names.
  enum class View : std::uint8_t {
    name,  // one of them, as if no other came
    open,  // none, and any may come
    all,   // all of them, and no other comes
  };
  enum class Outcome : std::uint8_t { decided, may_decide, no };

  // What a pass has met so far.
  struct Pass {
    View view = View::all;
    bool blocked = false;     // an enforcing rule is not yet known
    bool may_decide = false;  // a rule that this name matches may still turn out to decide
    std::uint8_t kept = 0;    // observe rules without a name of their own: noted if this name decides
    std::array<RuleId, Verdict::kMaxObserved> keeps{};
  };

  void look_at(std::size_t name) noexcept;
  void look_at_all() noexcept;
  void look_open() noexcept;
  Outcome pass(View view) noexcept;
  // The first line from `line` on that is not known beforehand to be false, or not yet known for want of a name.
  std::size_t step_over(std::size_t line, Pass& pass) noexcept;
  void observe(const RuleLine& line, const Evidence& evidence, Pass& pass) noexcept;
  void decide(ClassId cls, RuleId rule, const Pass& pass) noexcept;
  void note(RuleId rule) noexcept;
  void wait_for_the_rest() noexcept;
  Verdict answer() noexcept;

  const Conditions& conditions_;
  const RuleLines& rules_;
  const Facts& facts_;
  ReadScratch& scratch_;
  Facts seen_;              // the facts as the current view has them
  const NameHits* hits_;    // and what their names fit
  std::size_t shown_name_;  // the name that decided or may decide; past the last for none
  const RuleLine* decided_by_ = nullptr;
  FactSet enforce_waits_ = 0;
  FactSet observe_waits_ = 0;
  Verdict verdict_;
};

}  // namespace slowlane

#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "control/slots.h"
#include "dataplane/commons.h"
#include "dataplane/worker.h"

namespace slowlane {

// Whether all flows of an inside host must meet at one worker for it.
bool is_host_scoped(const ClassSpec& spec);

// What a class did so far, over all workers. It goes on while a class of that name is in force, whatever its kind.
struct ClassTotal {
  std::string_view name;
  const ClassSpec* spec = nullptr;
  std::uint64_t flows = 0;  // flows whose verdict it was
  std::uint64_t flows_now = 0;
  std::uint64_t held_packets = 0;  // now
  // By direction: up, down.
  std::array<std::uint64_t, 2> offered_packets{}, offered_bytes{}, sent_packets{}, sent_bytes{}, dropped_packets{},
      dropped_bytes{};
};

// What a rule did so far, over all workers. It goes on while a rule of that name is in force.
struct RuleTotal {
  const Rule* rule = nullptr;
  std::uint64_t hits = 0;  // flows
  std::uint64_t bytes = 0;
  std::uint64_t would_drop_bytes = 0;
  Nanos last_hit = 0;  // 0: none yet
};

// The book of a running box: the one in force, the way to another, and what slots mean. Control's thread; the workers
// go on meanwhile. Outlives the workers.
class LiveBook {
 public:
  LiveBook(std::unique_ptr<const RuleSet> first, std::uint32_t workers, const Slots::Room& room = {});

  // The workers that run by it, made from snapshot(), and what they have in common.
  void attach(Commons& commons, std::vector<const Worker*> workers);

  // Puts another book in force, whole: from here on each worker takes it up at its next turn, and each running flow is
  // judged by it on its next packet. Empty: done. Diagnostics: why not, and nothing has changed: what was fixed at the
  // start (flows.key, the way flows are spread over workers), no room for its classes, or that some worker does not
  // take up the book before this one (it waits 100 ms at most for that).
  Diagnostics put(std::unique_ptr<const RuleSet> rules);
  // Frees what no worker looks at any more; call now and then.
  void step();
  // Whether every worker goes by the book in force.
  bool taken_up() const;

  const RuleSet& running() const { return *current_->rules; }
  // The same for whoever reads it for longer, in any thread: it stays as long as this is kept.
  std::shared_ptr<const RuleSet> keep_running() const { return {current_, current_->rules.get()}; }
  const Snapshot& snapshot() const { return *current_; }
  std::uint32_t generation() const { return current_->generation; }
  const Slots& slots() const { return slots_; }

  // In the order of the book in force, "pass" and "pending" first.
  std::vector<ClassTotal> class_totals() const;
  std::vector<RuleTotal> rule_totals() const;

 private:
  Diagnostics fixed_at_start(const RuleSet& rules) const;
  bool in_use(ClassId slot) const;
  ClassTotal total_of(ClassId slot) const;
  RuleTotal sum_of_rule(RuleId slot) const;
  void begin_anew(const Slots::Dealt& dealt, const std::vector<std::string>& names_before);

  Slots slots_;
  const std::uint32_t worker_count_;
  std::shared_ptr<const Snapshot> current_;
  std::shared_ptr<const Snapshot> retired_;  // some worker may still look at it
  Commons* commons_ = nullptr;
  std::vector<const Worker*> workers_;
  std::vector<ClassTotal> class_base_;  // by slot: what others did under it; to be taken off
  std::vector<RuleTotal> rule_base_;
};

}  // namespace slowlane

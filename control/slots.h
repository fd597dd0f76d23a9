#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "dataplane/snapshot.h"
#include "rules/result.h"
#include "rules/ruleset.h"

namespace slowlane {

// Whether a rule counts names from DNS.
bool asks_dns(const Condition& when);

// Which slot each class and each rule has over a run, in which books come and go (dataplane/snapshot.h). A class keeps
// its slot while it has its name, its treatments and their scopes and directions, whatever its rates; a rule while it
// has its name. One that is gone and comes back finds its slot again, unless that had to be given away. Control's
// thread.
class Slots {
 public:
  struct Room {
    std::size_t classes = 1024;  // with "pass" and "pending"
    std::size_t rules = kNoRule;
  };
  explicit Slots(const Room& room);

  // What only the workers know: whether flows have a class's slot, or packets are held in its name.
  using InUse = std::function<bool(ClassId slot)>;
  struct Dealt {
    std::unique_ptr<Snapshot> snapshot;
    std::vector<ClassId> new_classes;  // slots that another class had, or nobody
    std::vector<RuleId> new_rules;     // slots of rules that the book before does not have
  };
  // The next snapshot of the run. Refused, with nothing changed, where the classes find no room.
  Result<Dealt> deal(std::unique_ptr<const RuleSet> rules, std::uint32_t workers, const InUse& in_use);

  // What a slot means to a flow that was judged at `generation`.
  struct RuleLabel {
    std::string_view name;
    std::string_view then;
    bool asks_dns = false;
  };
  std::optional<RuleLabel> rule(RuleId slot, std::uint32_t generation) const;
  std::string_view cls(ClassId slot) const { return classes_[slot].name; }
  // Of the last snapshot; 0 before the first.
  std::uint32_t generation() const { return generation_; }
  std::size_t classes() const { return classes_.size(); }
  std::size_t rules() const { return room_.rules; }

 private:
  struct Class {
    std::string key;  // empty: nobody's yet
    std::string name;
    std::uint32_t serial = 0;
    std::uint32_t last = 0;  // generation of the last book that has it
    ClassPlan plan;          // as in that book; `spec` means nothing any more
  };
  struct RuleEntry {
    std::string name;  // empty: nobody's yet
    std::string then;
    bool asks_dns = false;
    std::uint64_t payload = 0;  // a hash of what it asks of payloads and of all else; 0: it does not ask for payload
    std::uint32_t payload_since = 0;
    std::uint32_t since = 0;
    std::uint32_t last = 0;
  };
  struct Deal {
    std::vector<ClassId> classes;
    std::vector<RuleId> rules;
    std::vector<std::string> keys;  // of the classes
  };

  Result<Deal> find_places(const RuleSet& rules, const InUse& in_use) const;
  std::vector<ClassId> free_classes(const std::vector<bool>& wanted, const InUse& in_use, std::size_t count) const;
  std::vector<RuleId> places_for_rules(const RuleSet& rules) const;
  void note_class(ClassId slot, const std::string& key, Dealt& dealt);
  void note_rule(RuleId slot, const Rule& rule, Dealt& dealt);

  const Room room_;
  std::uint32_t generation_ = 0;
  std::uint32_t next_serial_ = 0;
  std::vector<Class> classes_;
  std::vector<RuleEntry> rules_;                       // as many as were ever needed at once, and those of late
  std::unordered_map<std::string, ClassId> class_at_;  // by key
  std::unordered_map<std::string, RuleId> rule_at_;    // by name
};

}  // namespace slowlane

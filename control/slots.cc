#include "control/slots.h"

#include <algorithm>
#include <span>
#include <utility>

#include "rules/describe.h"
#include "rules/keys.h"

namespace slowlane {
namespace {

// Names of rules are kept that long after the last book that had them, for the records of flows that still go by them.
constexpr std::uint32_t kRemembered = 64;

template <class Treatment>
void add_kind(std::string& key, char letter, const std::optional<Treatment>& treatment) {
  if (!treatment) return;
  key += letter;
  key += static_cast<char>('0' + static_cast<int>(treatment->direction));
  if constexpr (requires { treatment->scope; })
    key += static_cast<char>('a' + static_cast<int>(treatment->scope)) + std::to_string(treatment->scope_prefix6);
}

// What must be the same for a class to go on with all that is kept for it.
std::string key_of(const ClassSpec& spec) {
  std::string key = spec.name + '\n';
  add_kind(key, 'm', spec.mark);
  add_kind(key, 'a', spec.allow);
  add_kind(key, 'd', spec.drop);
  add_kind(key, 'r', spec.reset);
  add_kind(key, 'l', spec.lose);
  add_kind(key, 'p', spec.police);
  add_kind(key, 's', spec.shape);
  add_kind(key, 'w', spec.delay);
  return key;
}

bool same(const RatePlan& one, const RatePlan& other) {
  return one.rate() == other.rate() && one.burst() == other.burst();
}

bool same(const QueuePlan& one, const QueuePlan& other) {
  return same(one.rate, other.rate) && one.max_bytes == other.max_bytes && one.max_packets == other.max_packets;
}

bool asks_payload(const Condition& when) {
  const auto asks = [](const Term& term) { return std::string_view(keys()[term.key].name) == "payload"; };
  return std::ranges::any_of(when.terms, asks) || std::ranges::any_of(when.negated, asks_payload);
}

void describe(const Condition& when, std::string& text) {
  for (const Term& term : when.terms) text += std::string(keys()[term.key].name) + '=' + describe_whole(term) + '\n';
  for (const Condition& negated : when.negated) {
    text += "not(";
    describe(negated, text);
    text += ")\n";
  }
}

std::uint64_t payload_hash(const Rule& rule) {
  if (!asks_payload(rule.when)) return 0;
  std::string text;
  describe(rule.when, text);
  return std::hash<std::string>()(text) | 1;
}

Diagnostic no_room(const RuleSet& rules, const std::string& what, std::size_t room) {
  const Book& book = rules.book();
  return {book.files.empty() ? book.name : book.files.front(), 0,
          "its " + what + " find no room beside those that flows still have: a box keeps " + std::to_string(room) +
              " at once; try again later, or start the box again with this book"};
}

}  // namespace

bool asks_dns(const Condition& when) {
  return std::ranges::any_of(when.terms, [](const Term& term) {
    const auto* sources = std::get_if<Sources>(&term.value);
    return sources != nullptr && std::ranges::find(*sources, NameSource::dns) != sources->end();
  });
}

Slots::Slots(const Room& room) : room_(room), classes_(room.classes) {}

// Slots that nothing refers to: those of classes long gone, then unused ones, then those of classes that just went.
std::vector<ClassId> Slots::free_classes(const std::vector<bool>& wanted, const InUse& in_use,
                                         std::size_t count) const {
  std::vector<ClassId> places;
  for (std::size_t slot = 0; slot < classes_.size(); ++slot) {
    const Class& one = classes_[slot];
    const bool running = generation_ != 0 && one.last == generation_;
    if (!wanted[slot] && (one.key.empty() || !running)) places.push_back(static_cast<ClassId>(slot));
  }
  const auto rank = [this](ClassId slot) {
    const Class& one = classes_[slot];
    if (one.key.empty()) return std::pair{1, std::uint32_t{0}};
    return std::pair{one.last + kRemembered < generation_ ? 0 : 2, one.last};
  };
  std::ranges::stable_sort(places, {}, rank);
  std::vector<ClassId> found;
  for (const ClassId slot : places) {
    if (found.size() == count) break;
    if (classes_[slot].key.empty() || !in_use(slot)) found.push_back(slot);
  }
  return found;
}

std::vector<RuleId> Slots::places_for_rules(const RuleSet& rules) const {
  std::vector<RuleId> at(rules.rules().size(), kNoRule);
  std::vector<bool> wanted(rules_.size());
  std::size_t missing = 0;
  for (std::size_t i = 0; i < at.size(); ++i) {
    const auto found = rule_at_.find(rules.rules()[i].name);
    if (found == rule_at_.end())
      ++missing;
    else
      wanted[at[i] = found->second] = true;
  }
  std::vector<RuleId> old;
  for (std::size_t slot = 0; missing > 0 && slot < rules_.size(); ++slot)
    if (!wanted[slot]) old.push_back(static_cast<RuleId>(slot));
  std::ranges::stable_sort(old, {}, [this](RuleId slot) { return rules_[slot].last; });
  std::size_t next_old = 0;
  std::size_t next_new = rules_.size();
  for (RuleId& place : at) {
    if (place != kNoRule) continue;
    const bool forgotten = next_old < old.size() && rules_[old[next_old]].last + kRemembered < generation_;
    place = forgotten || next_new >= room_.rules ? old[next_old++] : static_cast<RuleId>(next_new++);
  }
  return at;
}

Result<Slots::Deal> Slots::find_places(const RuleSet& rules, const InUse& in_use) const {
  if (rules.rules().size() > room_.rules) return no_room(rules, "rules", room_.rules);
  Deal deal;
  std::vector<bool> wanted(classes_.size());
  std::vector<std::size_t> missing;
  for (const ClassSpec& spec : rules.classes()) {
    deal.keys.push_back(key_of(spec));
    const auto found = class_at_.find(deal.keys.back());
    if (found == class_at_.end()) missing.push_back(deal.classes.size());
    deal.classes.push_back(found == class_at_.end() ? ClassId{0} : found->second);
    if (found != class_at_.end()) wanted[found->second] = true;
  }
  const std::vector<ClassId> free = free_classes(wanted, in_use, missing.size());
  if (free.size() < missing.size()) return no_room(rules, "classes", classes_.size());
  for (std::size_t i = 0; i < missing.size(); ++i) deal.classes[missing[i]] = free[i];
  deal.rules = places_for_rules(rules);
  return deal;
}

Result<Slots::Dealt> Slots::deal(std::unique_ptr<const RuleSet> rules, std::uint32_t workers, const InUse& in_use) {
  const Result<Deal> places = find_places(*rules, in_use);
  if (!places) return places.diagnostics();
  const std::uint64_t seed = rules->book().seed;
  Dealt dealt;
  dealt.snapshot = Snapshot::make(std::move(rules), generation_ + 1, seed, workers, {places->classes, places->rules});
  ++generation_;
  for (std::size_t i = 0; i < places->classes.size(); ++i) note_class(places->classes[i], places->keys[i], dealt);
  const std::span<const Rule> written = dealt.snapshot->rules->rules();
  for (std::size_t i = 0; i < places->rules.size(); ++i) note_rule(places->rules[i], written[i], dealt);
  return dealt;
}

void Slots::note_class(ClassId slot, const std::string& key, Dealt& dealt) {
  ClassPlan& plan = dealt.snapshot->classes[slot];
  Class& one = classes_[slot];
  if (one.key != key) {
    class_at_.erase(one.key);
    class_at_[key] = slot;
    one = {key, plan.spec->name, next_serial_++, 0, {}};
    dealt.new_classes.push_back(slot);
  } else {
    plan.police_change = one.plan.police_change;
    plan.shape_change = one.plan.shape_change;
    if (!same(plan.police, one.plan.police)) plan.police_change = {generation_, one.plan.police.rate()};
    if (!same(plan.shape, one.plan.shape)) plan.shape_change = {generation_, one.plan.shape.rate.rate()};
  }
  plan.serial = plan.shape.serial = one.serial;
  plan.shape.version = plan.shape_change.generation;
  one.last = generation_;
  one.plan = plan;
  one.plan.spec = nullptr;
}

void Slots::note_rule(RuleId slot, const Rule& rule, Dealt& dealt) {
  if (slot >= rules_.size()) rules_.resize(slot + std::size_t{1});
  RuleEntry& entry = rules_[slot];
  if (entry.name != rule.name) {
    const auto old = rule_at_.find(entry.name);
    if (old != rule_at_.end() && old->second == slot) rule_at_.erase(old);
    rule_at_[rule.name] = slot;
    entry = {rule.name, "", false, 0, 0, generation_, 0};
    dealt.new_rules.push_back(slot);
  } else if (entry.last + 1 != generation_) {
    dealt.new_rules.push_back(slot);
  }
  const std::uint64_t payload = payload_hash(rule);
  if (payload != entry.payload || entry.last + 1 != generation_) entry.payload_since = generation_;
  entry.then = rule.then;
  entry.asks_dns = asks_dns(rule.when);
  entry.payload = payload;
  entry.last = generation_;
  Snapshot::RuleSlot& plan = dealt.snapshot->rule_slots[slot];
  plan.since = entry.since;
  plan.same_payload_since = payload == 0 ? 0 : entry.payload_since;
}

std::optional<Slots::RuleLabel> Slots::rule(RuleId slot, std::uint32_t generation) const {
  if (slot >= rules_.size() || rules_[slot].since > generation) return std::nullopt;
  const RuleEntry& entry = rules_[slot];
  return RuleLabel{entry.name, entry.then, entry.asks_dns};
}

}  // namespace slowlane

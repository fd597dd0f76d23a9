#include "control/live_book.h"

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

namespace slowlane {
namespace {

constexpr auto kPatience = std::chrono::milliseconds(100);
constexpr auto kGlance = std::chrono::microseconds(50);

using Numbers = std::array<std::uint64_t, 2>;

template <class Change>
void combine(Numbers& to, const Numbers& from, Change change) {
  for (std::size_t d = 0; d < to.size(); ++d) change(to[d], from[d]);
}

// Everything in it that only grows.
template <class Change>
void combine(ClassTotal& to, const ClassTotal& from, Change change) {
  change(to.flows, from.flows);
  combine(to.offered_packets, from.offered_packets, change);
  combine(to.offered_bytes, from.offered_bytes, change);
  combine(to.sent_packets, from.sent_packets, change);
  combine(to.sent_bytes, from.sent_bytes, change);
  combine(to.dropped_packets, from.dropped_packets, change);
  combine(to.dropped_bytes, from.dropped_bytes, change);
}

constexpr auto kAdd = [](std::uint64_t& to, std::uint64_t from) { to += from; };
constexpr auto kTakeOff = [](std::uint64_t& to, std::uint64_t from) { to -= from; };

void add(Numbers& to, const std::array<Count, 2>& counts) {
  for (std::size_t d = 0; d < to.size(); ++d) to[d] += counts[d].read();
}

Diagnostic refusal(const RuleSet& rules, int line, std::string text) {
  const Book& book = rules.book();
  return {book.files.empty() ? book.name : book.files.front(), line, std::move(text)};
}

std::unique_ptr<const Snapshot> first_of(Slots& slots, std::unique_ptr<const RuleSet> rules, std::uint32_t workers) {
  auto dealt = slots.deal(std::move(rules), workers, [](ClassId) { return false; });
  if (!dealt) throw std::runtime_error(dealt.diagnostics().front().print());
  return std::move(dealt->snapshot);
}

// A first book larger than the usual room gets as much again.
Slots::Room room_for(const RuleSet& first, const Slots::Room& room) {
  return {std::min<std::size_t>(std::max(room.classes, 2 * first.classes().size()), Snapshot::kNoSlot),
          std::min<std::size_t>(std::max(room.rules, 2 * first.rules().size()), kNoRule)};
}

}  // namespace

bool is_host_scoped(const ClassSpec& spec) {
  return (spec.police && spec.police->scope == Scope::host) || (spec.shape && spec.shape->scope == Scope::host);
}

LiveBook::LiveBook(std::unique_ptr<const RuleSet> first, std::uint32_t workers, const Slots::Room& room)
    : slots_(room_for(*first, room)),
      worker_count_(workers),
      current_(first_of(slots_, std::move(first), workers)),
      class_base_(slots_.classes()),
      rule_base_(slots_.rules()) {}

void LiveBook::attach(Commons& commons, std::vector<const Worker*> workers) {
  commons_ = &commons;
  workers_ = std::move(workers);
}

Diagnostics LiveBook::fixed_at_start(const RuleSet& rules) const {
  Diagnostics refused;
  if (rules.book().flows.key != running().book().flows.key)
    refused.push_back(refusal(rules, 0, "flows.key is fixed when a box starts: start it again for this book"));
  const bool hosts_meet = worker_count_ == 1 || commons_->spread.by() == Spread::By::inside;
  for (const ClassSpec& spec : rules.classes())
    if (!hosts_meet && is_host_scoped(spec))
      refused.push_back({spec.place.file, spec.place.line,
                         "class \"" + spec.name +
                             "\" is host-scoped, and this box began with a book that has no such class, so that the "
                             "flows of a host are spread over workers: start it again for this book"});
  if (rules.needs().application &&
      std::ranges::any_of(workers_, [](const Worker* worker) { return worker->classifier() == nullptr; }))
    refused.push_back(refusal(rules, 0, "its rules ask for protocols, and this box runs without nDPI"));
  return refused;
}

bool LiveBook::in_use(ClassId slot) const {
  for (const Worker* worker : workers_) {
    const ClassCounts& counts = worker->class_counts()[slot];
    if (counts.flows_now.read() != 0 || counts.held_packets.read() != 0) return true;
  }
  return !commons_->rates[slot].nothing_waits();
}

bool LiveBook::taken_up() const { return commons_->publisher.adopted_by_all(generation()); }

void LiveBook::step() {
  if (retired_ && taken_up()) retired_.reset();
}

Diagnostics LiveBook::put(std::unique_ptr<const RuleSet> rules) {
  if (Diagnostics refused = fixed_at_start(*rules); !refused.empty()) return refused;
  const auto until = std::chrono::steady_clock::now() + kPatience;
  while (!taken_up() && std::chrono::steady_clock::now() < until) std::this_thread::sleep_for(kGlance);
  if (!taken_up()) return {refusal(*rules, 0, "a worker has not yet taken up the book before this one: try again")};
  step();
  std::vector<std::string> names_before;
  for (std::size_t slot = 0; slot < slots_.classes(); ++slot)
    names_before.emplace_back(slots_.cls(static_cast<ClassId>(slot)));
  auto dealt = slots_.deal(std::move(rules), worker_count_, [this](ClassId slot) { return in_use(slot); });
  if (!dealt) return dealt.diagnostics();
  begin_anew(*dealt, names_before);
  retired_ = std::exchange(current_, std::move(dealt->snapshot));
  commons_->publisher.publish(*current_);
  for (std::uint32_t i = 0; i < worker_count_; ++i) commons_->spread.wake(i);
  return {};
}

// Slots that go to others begin at nothing: rates, and what was counted under them. A class that only became of another
// kind takes its figures along.
void LiveBook::begin_anew(const Slots::Dealt& dealt, const std::vector<std::string>& names_before) {
  for (const ClassId slot : dealt.new_classes) {
    commons_->rates[slot].reset();
    const ClassTotal past = total_of(slot);
    combine(class_base_[slot], past, kAdd);
    for (std::size_t other = 0; other < slots_.classes() && !names_before[slot].empty(); ++other)
      if (other != slot && slots_.cls(static_cast<ClassId>(other)) == names_before[slot]) {
        combine(class_base_[other], past, kTakeOff);
        break;
      }
  }
  for (const RuleId slot : dealt.new_rules) {
    const RuleTotal past = sum_of_rule(slot);
    rule_base_[slot].hits += past.hits;
    rule_base_[slot].bytes += past.bytes;
    rule_base_[slot].would_drop_bytes += past.would_drop_bytes;
    rule_base_[slot].last_hit = std::max(rule_base_[slot].last_hit, past.last_hit);
  }
}

ClassTotal LiveBook::total_of(ClassId slot) const {
  ClassTotal sum;
  for (const Worker* worker : workers_) {
    const ClassCounts& counts = worker->class_counts()[slot];
    sum.flows += counts.flows.read();
    sum.flows_now += counts.flows_now.read();
    sum.held_packets += counts.held_packets.read();
    add(sum.offered_packets, counts.offered_packets);
    add(sum.offered_bytes, counts.offered_bytes);
    add(sum.sent_packets, counts.sent_packets);
    add(sum.sent_bytes, counts.sent_bytes);
    add(sum.dropped_packets, counts.dropped_packets);
    add(sum.dropped_bytes, counts.dropped_bytes);
  }
  combine(sum, class_base_[slot], kTakeOff);
  return sum;
}

RuleTotal LiveBook::sum_of_rule(RuleId slot) const {
  RuleTotal sum;
  for (const Worker* worker : workers_) {
    const RuleCounts& counts = worker->rule_counts()[slot];
    sum.hits += counts.hits.read();
    sum.bytes += counts.bytes.read();
    sum.would_drop_bytes += counts.would_drop_bytes.read();
    sum.last_hit = std::max(sum.last_hit, static_cast<Nanos>(counts.last_hit.read()));
  }
  sum.hits -= rule_base_[slot].hits;
  sum.bytes -= rule_base_[slot].bytes;
  sum.would_drop_bytes -= rule_base_[slot].would_drop_bytes;
  if (sum.last_hit == rule_base_[slot].last_hit) sum.last_hit = 0;
  return sum;
}

std::vector<ClassTotal> LiveBook::class_totals() const {
  std::vector<ClassTotal> totals;
  const auto classes = running().classes();
  for (std::size_t i = 0; i < classes.size(); ++i) {
    ClassTotal total;
    for (std::size_t slot = 0; slot < slots_.classes(); ++slot) {
      if (slots_.cls(static_cast<ClassId>(slot)) != classes[i].name) continue;
      const ClassTotal part = total_of(static_cast<ClassId>(slot));
      combine(total, part, kAdd);
      total.flows_now += part.flows_now;
      total.held_packets += part.held_packets;
    }
    total.name = classes[i].name;
    total.spec = &classes[i];
    totals.push_back(total);
  }
  return totals;
}

std::vector<RuleTotal> LiveBook::rule_totals() const {
  std::vector<RuleTotal> totals;
  const auto rules = running().rules();
  for (std::size_t i = 0; i < rules.size(); ++i) {
    totals.push_back(sum_of_rule(current_->rule_slot[i]));
    totals.back().rule = &rules[i];
  }
  return totals;
}

}  // namespace slowlane

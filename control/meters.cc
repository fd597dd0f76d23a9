#include "control/meters.h"

#include <algorithm>
#include <utility>

namespace slowlane {

void Meters::look(const BoxFigures& figures) {
  const Nanos before = times_[look_ % kRing];
  if (look_ > 0 && figures.time <= before) return;  // no time went by: no rate
  look_at_workers(figures);
  ++look_;
  times_[look_ % kRing] = figures.time;
  look_at_classes(figures);
  look_at_rules(figures);
}

void Meters::look_at_classes(const BoxFigures& figures) {
  for (const ClassFigures& cls : figures.classes) {
    auto [found, is_new] = tracks_.try_emplace(cls.name);
    Track& track = found->second;
    if (is_new) track.since = look_;
    track.seen = look_;
    for (std::size_t i = 0; i < 2; ++i)
      track.totals[look_ % kRing][i] = {cls.direction[i].offered_bytes, cls.direction[i].sent_bytes,
                                        cls.direction[i].dropped_bytes};
  }
  std::erase_if(tracks_, [this](const auto& track) { return track.second.seen != look_; });
}

void Meters::look_at_rules(const BoxFigures& figures) {
  if (figures.rules != rules_) {
    // Another book: what is known of a rule goes on with its name.
    std::unordered_map<std::string_view, Hit> known;
    for (std::size_t i = 0; i < hits_.size(); ++i) known[rules_->rules()[i].name] = hits_[i];
    std::vector<Hit> hits(figures.rule_hits.size());
    for (std::size_t i = 0; i < hits.size(); ++i)
      if (const auto old = known.find(figures.rules->rules()[i].name); old != known.end()) hits[i] = old->second;
    hits_ = std::move(hits);
    rules_ = figures.rules;
  }
  for (std::size_t i = 0; i < hits_.size(); ++i) {
    const std::uint64_t hits = figures.rule_hits[i].hits;
    if (hits > hits_[i].hits) hits_[i].last = figures.time;
    hits_[i].hits = hits;
  }
}

Nanos Meters::last_hit(const BoxFigures& figures, RuleId rule) const {
  const std::uint64_t hits = figures.rule_hits[rule].hits;
  if (figures.rules != rules_) return hits > 0 ? figures.time : 0;
  return hits > hits_[rule].hits ? figures.time : hits_[rule].last;
}

void Meters::look_at_workers(const BoxFigures& figures) {
  const auto seconds = static_cast<double>(figures.time - times_[look_ % kRing]) / static_cast<double>(kSecond);
  std::vector<Load> before(figures.workers.size());
  std::swap(before, loads_);
  before.resize(loads_.size());
  longest_turns_.resize(loads_.size());
  for (std::size_t i = 0; i < loads_.size(); ++i) {
    const Nanos longest = figures.workers[i].longest_turn;
    longest_turns_[i][look_ % kMinute] = longest;
    loads_[i].longest_turn = std::ranges::max(longest_turns_[i]);
    loads_[i].longest_ever = std::max(before[i].longest_ever, longest);
  }
  for (std::size_t i = 0; i < std::min(loads_.size(), workers_.size()); ++i) {
    const WorkerFigures& then = workers_[i];
    const WorkerFigures& now = figures.workers[i];
    loads_[i].received_pps = static_cast<double>(now.received_packets - then.received_packets) / seconds;
    // A worker that polls uses its core whole: its turns with packets tell more.
    const auto turns = static_cast<double>(now.turns - then.turns);
    const double share =
        figures.polls ? (turns > 0 ? static_cast<double>(now.busy_turns - then.busy_turns) / turns : 0)
                      : static_cast<double>(now.cpu_time - then.cpu_time) / static_cast<double>(kSecond) / seconds;
    loads_[i].share = std::clamp(share, 0.0, 1.0);
  }
  workers_ = figures.workers;
}

Meters::Rates Meters::between(const Track& track, std::uint64_t from, std::uint64_t to, Direction direction) const {
  if (from >= to) return {};
  const Totals& then = track.totals[from % kRing][at(direction)];
  const Totals& now = track.totals[to % kRing][at(direction)];
  const auto seconds = static_cast<double>(times_[to % kRing] - times_[from % kRing]) / static_cast<double>(kSecond);
  // A worker takes back what a port did not take, so a total may go down a little.
  const auto rate = [seconds](std::uint64_t old, std::uint64_t latest) {
    return latest > old ? static_cast<double>(latest - old) * 8 / seconds : 0;
  };
  return {rate(then.offered, now.offered), rate(then.sent, now.sent), rate(then.dropped, now.dropped)};
}

Meters::Rates Meters::over(std::uint64_t looks, std::string_view name, Direction direction) const {
  const auto found = tracks_.find(name);
  if (found == tracks_.end()) return {};
  const std::uint64_t from = look_ > looks ? look_ - looks : 1;
  return between(found->second, std::max(from, found->second.since), look_, direction);
}

std::vector<Meters::Rates> Meters::history(std::string_view name, Direction direction) const {
  std::vector<Rates> all;
  const auto found = tracks_.find(name);
  if (found == tracks_.end()) return all;
  const std::uint64_t oldest = look_ > kMinute ? look_ - kMinute : 1;
  for (std::uint64_t i = std::max(oldest, found->second.since); i < look_; ++i)
    all.push_back(between(found->second, i, i + 1, direction));
  return all;
}

std::vector<Nanos> Meters::times() const {
  std::vector<Nanos> all;
  const std::uint64_t oldest = look_ > kMinute ? look_ - kMinute : 1;
  for (std::uint64_t i = oldest + 1; i <= look_; ++i) all.push_back(times_[i % kRing]);
  return all;
}

}  // namespace slowlane

#include "control/box_figures.h"

#include <numeric>
#include <utility>

namespace slowlane {
namespace {

std::uint64_t minus(std::uint64_t all, std::uint64_t gone) { return all > gone ? all - gone : 0; }

template <class Row>
std::uint64_t sum_of(const Row& row) {
  return std::accumulate(row.begin(), row.end(), std::uint64_t{0});
}

template <class Counts, class Row>
void add(const Counts& counts, Row& row) {
  for (std::size_t i = 0; i < row.size(); ++i) row[i] += counts[i].read();
}

void add(const ClassCounts& counts, ClassFigures& figures) {
  figures.flows += counts.flows.read();
  for (std::size_t i = 0; i < figures.direction.size(); ++i) {
    DirectionFigures& to = figures.direction[i];
    to.offered_packets += counts.offered_packets[i].read();
    to.offered_bytes += counts.offered_bytes[i].read();
    to.sent_packets += counts.sent_packets[i].read();
    to.sent_bytes += counts.sent_bytes[i].read();
    to.dropped_packets += counts.dropped_packets[i].read();
    to.dropped_bytes += counts.dropped_bytes[i].read();
  }
}

// The rule set lives as long as its snapshot, and that as long as the box: whoever keeps figures ends before both.
std::shared_ptr<const RuleSet> rules_of(const Appliance& box) {
  return {std::shared_ptr<const void>(), box.snapshot->rules.get()};
}

void read_book(const Appliance& box, BoxFigures& figures) {
  figures.rules = rules_of(box);
  figures.classes.resize(figures.rules->classes().size());
  for (std::size_t i = 0; i < figures.classes.size(); ++i) {
    figures.classes[i].name = figures.rules->classes()[i].name;
    for (const Core& core : box.cores) add(core.worker->class_counts()[i], figures.classes[i]);
  }
  figures.rule_hits.resize(figures.rules->rules().size());
  for (std::size_t i = 0; i < figures.rule_hits.size(); ++i) {
    RuleFigures& rule = figures.rule_hits[i];
    for (const Core& core : box.cores) {
      const RuleCounts& counts = core.worker->rule_counts()[i];
      rule.hits += counts.hits.read();
      rule.bytes += counts.bytes.read();
      rule.would_drop_bytes += counts.would_drop_bytes.read();
    }
  }
}

void read_workers(const Appliance& box, BoxFigures& figures) {
  for (const Core& core : box.cores) {
    const Counters& counters = core.worker->counters();
    figures.workers.push_back({core.loop->core(), core.worker->turns(), core.loop->busy_turns(), core.loop->cpu_time(),
                               counters[Counter::received_packets].read(), counters[Counter::sent_packets].read(),
                               counters[Counter::spread_packets].read()});
    // What left before what came: so nothing seems to leave that never came.
    add(counters.dropped_packets, figures.dropped_packets);
    add(counters.dropped_bytes, figures.dropped_bytes);
    add(counters.malformed, figures.malformed);
    add(counters.not_found, figures.not_found);
    add(counters.plain, figures.counters);
    if (core.events) figures.records_lost += core.events->lost();
  }
}

}  // namespace

std::uint64_t BoxFigures::flows_now() const {
  return minus((*this)[Counter::flows_begun], (*this)[Counter::flows_ended]);
}

std::uint64_t BoxFigures::held_packets() const {
  return minus((*this)[Counter::received_packets], (*this)[Counter::sent_packets] + sum_of(dropped_packets));
}

std::uint64_t BoxFigures::held_bytes() const {
  return minus((*this)[Counter::received_bytes],
               (*this)[Counter::sent_bytes] + (*this)[Counter::cut_bytes] + sum_of(dropped_bytes));
}

BoxFigures read_figures(const Appliance& box, const RunState& run) {
  BoxFigures figures;
  figures.time = box.clock.now();
  figures.started = box.started;
  figures.appliance = box.config.name;
  figures.bench = box.config.bench;
  figures.polls = box.config.cores.idle == CoresConfig::Idle::poll;
  figures.state = run.state;
  figures.degraded = degraded_states(box, run);
  read_book(box, figures);
  read_workers(box, figures);
  for (std::size_t i = 0; i < box.ports.size(); ++i) {
    const PortSpec& spec = box.config.ports[i].spec;
    figures.ports.push_back({spec.name, spec.kind, spec.device, box.ports[i]->link_up(), box.ports[i]->statistics()});
  }
  if (run.events != nullptr) {
    figures.records_written = run.events->written();
    figures.records_lost += run.events->lost();
  }
  return figures;
}

}  // namespace slowlane

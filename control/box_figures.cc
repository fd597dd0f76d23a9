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

ClassFigures figures_of(const ClassTotal& total) {
  ClassFigures figures;
  figures.name = total.name;
  figures.flows = total.flows;
  for (std::size_t i = 0; i < figures.direction.size(); ++i)
    figures.direction[i] = {total.offered_packets[i], total.offered_bytes[i],   total.sent_packets[i],
                            total.sent_bytes[i],      total.dropped_packets[i], total.dropped_bytes[i]};
  return figures;
}

void read_book(const Appliance& box, BoxFigures& figures) {
  figures.rules = box.book->keep_running();
  for (const ClassTotal& total : box.book->class_totals()) figures.classes.push_back(figures_of(total));
  for (const RuleTotal& total : box.book->rule_totals())
    figures.rule_hits.push_back({total.hits, total.bytes, total.would_drop_bytes});
}

void read_workers(const Appliance& box, BoxFigures& figures) {
  for (const Core& core : box.cores) {
    const Counters& counters = core.worker->counters();
    figures.workers.push_back({core.loop->core(), core.worker->turns(), core.loop->busy_turns(), core.loop->cpu_time(),
                               counters[Counter::received_packets].read(), counters[Counter::sent_packets].read(),
                               counters[Counter::spread_packets].read(), core.loop->take_ups(),
                               core.loop->longest_take_up()});
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

#include "control/metrics.h"

#include <fmt/format.h>

#include <algorithm>

#include "control/exposition.h"
#include "control/run_summary.h"

namespace slowlane {
namespace {

constexpr std::array kDirections = {Direction::up, Direction::down};

const char* word_of(Direction direction) { return direction == Direction::up ? "up" : "down"; }

double seconds(Nanos time) { return static_cast<double>(time) / static_cast<double>(kSecond); }

std::string words(std::string name) {
  std::ranges::replace(name, '_', ' ');
  return name;
}

void write_box(Exposition& out, const Published& published) {
  const BoxFigures& box = published.figures;
  const Book& book = box.rules->book();
  out.gauge("build_info", "Always 1; what runs.");
  out.sample({{"version", program_version()}}, std::uint64_t{1});
  out.gauge("book_info", "Always 1; the running book by its name and SHA-256.");
  out.sample({{"book", book.name}, {"digest", published.book->digest}}, std::uint64_t{1});
  out.gauge("start_time_seconds", "When the box began, since the Unix epoch.");
  out.sample({}, seconds(box.started));
  out.gauge("uptime_seconds", "For how long the box runs.");
  out.sample({}, seconds(box.time - box.started));
  out.gauge("degraded_states", "How many things are not as they should be; slowlane ctl status names them.");
  out.sample({}, std::uint64_t{box.degraded.size()});
  out.gauge("bypass", "1 while the box forwards without looking.");
  out.sample({}, std::uint64_t{box.state == "bypass"});
  out.gauge("flows", "Flows that are known now.");
  out.sample({}, box.flows_now());
  out.gauge("held_packets", "Packets that wait in queues now.");
  out.sample({}, box.held_packets());
  out.gauge("held_bytes", "IP bytes of the packets that wait in queues now.");
  out.sample({}, box.held_bytes());
  out.counter("events_written_total", "Records of flows that were written down.");
  out.sample({}, box.records_written);
  out.counter("events_lost_total", "Records of flows that found no room in a ring or on disk.");
  out.sample({}, box.records_lost);
}

// One family for each row of the table of counters, and one for each reason's.
void write_counters(Exposition& out, const BoxFigures& box) {
  for (std::size_t i = 0; i < box.counters.size(); ++i) {
    const std::string name = name_of(static_cast<Counter>(i));
    out.counter(name + "_total", fmt::format("Counted since the box began: {}.", words(name)));
    out.sample({}, box.counters[i]);
  }
  const auto by_reason = [&out](const char* name, const char* help, const auto& row, auto reason) {
    out.counter(name, help);
    for (std::size_t i = 0; i < row.size(); ++i)
      out.sample({{"reason", name_of(static_cast<decltype(reason)>(i))}}, row[i]);
  };
  by_reason("dropped_packets_total", "Packets that did not leave.", box.dropped_packets, DropReason::count);
  by_reason("dropped_bytes_total", "IP bytes of packets that did not leave.", box.dropped_bytes, DropReason::count);
  by_reason("malformed_packets_total", "Packets that could not be read; they pass.", box.malformed, Malformed::count);
  out.counter("flows_without_name_total", "Flows that ended and had shown no server name.");
  // NotFound::none is of flows that show one.
  for (std::size_t i = static_cast<std::size_t>(NotFound::none) + 1; i < box.not_found.size(); ++i)
    out.sample({{"reason", name_of(static_cast<NotFound>(i))}}, box.not_found[i]);
}

template <class Pick>
void write_class_family(Exposition& out, const BoxFigures& box, const char* name, const char* help, Pick pick) {
  out.counter(name, help);
  for (const ClassFigures& cls : box.classes)
    for (const Direction direction : kDirections)
      out.sample({{"class", cls.name}, {"direction", word_of(direction)}}, pick(cls.direction[at(direction)]));
}

void write_classes(Exposition& out, const BoxFigures& box) {
  using Figures = DirectionFigures;
  out.counter("class_flows_total", "Flows that were judged into the class.");
  for (const ClassFigures& cls : box.classes) out.sample({{"class", cls.name}}, cls.flows);
  out.gauge("class_configured_rate_bytes_per_second",
            "What the class's limit allows to each of those that it is for: a flow, a host, or the class.");
  for (const ClassSpec& spec : box.rules->classes())
    if (const std::uint64_t rate = configured_rate(spec); rate > 0)
      out.sample({{"class", spec.name}}, static_cast<double>(rate) / 8);
  write_class_family(out, box, "class_offered_packets_total", "Packets of the class that arrived.",
                     [](const Figures& f) { return f.offered_packets; });
  write_class_family(out, box, "class_offered_bytes_total", "IP bytes of the class that arrived.",
                     [](const Figures& f) { return f.offered_bytes; });
  write_class_family(out, box, "class_sent_packets_total", "Packets of the class that left.",
                     [](const Figures& f) { return f.sent_packets; });
  write_class_family(out, box, "class_sent_bytes_total", "IP bytes of the class that left.",
                     [](const Figures& f) { return f.sent_bytes; });
  write_class_family(out, box, "class_dropped_packets_total", "Packets of the class that were dropped.",
                     [](const Figures& f) { return f.dropped_packets; });
  write_class_family(out, box, "class_dropped_bytes_total", "IP bytes of the class that were dropped.",
                     [](const Figures& f) { return f.dropped_bytes; });
}

void write_rules(Exposition& out, const Published& published) {
  const BoxFigures& box = published.figures;
  const std::size_t shown = std::min(box.rule_hits.size(), kMostRules);
  const auto family = [&](auto value) {
    for (std::size_t i = 0; i < shown; ++i) {
      const Rule& rule = box.rules->rules()[i];
      out.sample({{"rule", rule.name}, {"class", rule.then}}, value(i));
    }
  };
  out.gauge("rules", fmt::format("Rules of the running book; the first {} have rows of their own.", kMostRules));
  out.sample({}, std::uint64_t{box.rule_hits.size()});
  out.counter("rule_hits_total", "Flows that a rule decided, or that an observing rule fits.");
  family([&](std::size_t i) { return box.rule_hits[i].hits; });
  out.counter("rule_bytes_total", "IP bytes of those flows from then on.");
  family([&](std::size_t i) { return box.rule_hits[i].bytes; });
  out.counter("rule_would_drop_bytes_total", "IP bytes that the class of an observing rule would have dropped.");
  family([&](std::size_t i) { return box.rule_hits[i].would_drop_bytes; });
  out.gauge("rule_last_hit_timestamp_seconds", "When a rule's latest hit was seen, since the Unix epoch; 0: never.");
  family([&](std::size_t i) { return seconds(published.meters.last_hit(box, static_cast<RuleId>(i))); });
}

template <class Pick>
void write_worker_family(Exposition& out, const BoxFigures& box, Pick pick) {
  for (std::size_t i = 0; i < box.workers.size(); ++i)
    out.sample({{"worker", std::to_string(i)}}, pick(box.workers[i]));
}

void write_workers(Exposition& out, const Published& published) {
  const BoxFigures& box = published.figures;
  using Figures = WorkerFigures;
  out.counter("worker_turns_total", "Rounds that a worker made.");
  write_worker_family(out, box, [](const Figures& f) { return f.turns; });
  out.counter("worker_busy_turns_total", "Rounds in which it found packets.");
  write_worker_family(out, box, [](const Figures& f) { return f.busy_turns; });
  out.counter("worker_cpu_seconds_total", "Time that it used of its core.");
  write_worker_family(out, box, [](const Figures& f) { return seconds(f.cpu_time); });
  out.counter("worker_received_packets_total", "Packets that it received.");
  write_worker_family(out, box, [](const Figures& f) { return f.received_packets; });
  out.counter("worker_sent_packets_total", "Packets that it sent.");
  write_worker_family(out, box, [](const Figures& f) { return f.sent_packets; });
  out.counter("worker_spread_packets_total", "Packets that it gave to other workers.");
  write_worker_family(out, box, [](const Figures& f) { return f.spread_packets; });
  out.gauge("worker_longest_turn_seconds",
            "The longest turn of the last minute: no packet waited longer for its worker.");
  for (std::size_t i = 0; i < box.workers.size(); ++i)
    out.sample({{"worker", std::to_string(i)}}, seconds(published.meters.load(i).longest_turn));
  out.counter("worker_book_take_ups_total", "Turns in which it took up another book.");
  write_worker_family(out, box, [](const Figures& f) { return f.take_ups; });
  out.gauge("worker_longest_book_take_up_seconds", "The longest of those turns since the box began.");
  write_worker_family(out, box, [](const Figures& f) { return seconds(f.longest_take_up); });
}

template <class Member>
void write_port_family(Exposition& out, const BoxFigures& box, const char* name, const char* help, Member member) {
  out.counter(name, help);
  for (const PortFigures& port : box.ports) out.sample({{"port", port.name}}, port.statistics.*member);
}

void write_ports(Exposition& out, const BoxFigures& box) {
  using Counted = PortStatistics;
  out.gauge("port_up", "1 while the port's link is up.");
  for (const PortFigures& port : box.ports) out.sample({{"port", port.name}}, std::uint64_t{port.link_up});
  write_port_family(out, box, "port_received_packets_total", "Frames received.", &Counted::received_packets);
  write_port_family(out, box, "port_received_bytes_total", "Bytes of frames received.", &Counted::received_bytes);
  write_port_family(out, box, "port_sent_packets_total", "Frames sent.", &Counted::sent_packets);
  write_port_family(out, box, "port_sent_bytes_total", "Bytes of frames sent.", &Counted::sent_bytes);
  write_port_family(out, box, "port_missed_packets_total", "Frames that the kernel or the NIC lost: rings were full.",
                    &Counted::missed);
  write_port_family(out, box, "port_oversize_packets_total", "Frames that were too long to be received.",
                    &Counted::oversize);
  write_port_family(out, box, "port_partial_checksums_packets_total", "Frames whose checksum was left to a NIC.",
                    &Counted::partial_checksums);
  write_port_family(out, box, "port_send_refused_packets_total", "Frames that the device would not take.",
                    &Counted::send_refused);
}

}  // namespace

std::string metrics_text(const Published& published) {
  Exposition out;
  write_box(out, published);
  write_counters(out, published.figures);
  write_classes(out, published.figures);
  write_rules(out, published);
  write_workers(out, published);
  write_ports(out, published.figures);
  return out.text();
}

}  // namespace slowlane

#include "control/box_status.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>

#include "control/privileges.h"
#include "control/versions.h"

namespace slowlane {
namespace {

using Json = nlohmann::ordered_json;

std::uint64_t total(const Appliance& box, Counter counter) {
  std::uint64_t sum = 0;
  for (const Core& core : box.cores) sum += core.worker->counters()[counter].read();
  return sum;
}

std::uint64_t dropped(const Appliance& box, DropReason reason) {
  std::uint64_t sum = 0;
  for (const Core& core : box.cores)
    sum += core.worker->counters().dropped_packets[static_cast<std::size_t>(reason)].read();
  return sum;
}

std::uint64_t lost_events(const Appliance& box) {
  std::uint64_t sum = 0;
  for (const Core& core : box.cores)
    if (core.events) sum += core.events->lost();
  return sum;
}

// Those lost on the way to control, and those that could not be written down.
std::uint64_t lost_records(const Appliance& box, const RunState& run) {
  return lost_events(box) + (run.events == nullptr ? 0 : run.events->lost());
}

Json libraries() {
  Json all = Json::object();
  for (const LibraryVersion& library : library_versions()) all[library.key] = library.version;
  return all;
}

Json to_json(const PortStatistics& statistics) {
  return {{"received_packets", statistics.received_packets},
          {"received_bytes", statistics.received_bytes},
          {"sent_packets", statistics.sent_packets},
          {"sent_bytes", statistics.sent_bytes},
          {"missed", statistics.missed},
          {"oversize", statistics.oversize},
          {"partial_checksums", statistics.partial_checksums},
          {"send_refused", statistics.send_refused}};
}

Json ports_of(const Appliance& box) {
  Json all = Json::array();
  for (std::size_t i = 0; i < box.ports.size(); ++i) {
    const PortSpec& spec = box.config.ports[i].spec;
    Json port = {{"name", spec.name},
                 {"kind", spec.kind},
                 {"device", spec.device},
                 {"link", box.ports[i]->link_up() ? "up" : "down"},
                 {"receive_queues", box.ports[i]->receive_queues()},
                 {"send_queues", box.ports[i]->send_queues()}};
    port.update(to_json(box.ports[i]->statistics()));
    all.push_back(std::move(port));
  }
  return all;
}

Json wires_of(const Appliance& box) {
  Json all = Json::array();
  for (const WireConfig& wire : box.config.wires)
    all.push_back({{"name", wire.name},
                   {"inside", box.config.ports[wire.inside].spec.name},
                   {"outside", box.config.ports[wire.outside.value_or(wire.inside)].spec.name},
                   {"mode", wire.mode == WireConfig::Mode::tap ? "tap" : "wire"}});
  return all;
}

Json workers_of(const Appliance& box) {
  Json all = Json::array();
  for (std::size_t i = 0; i < box.cores.size(); ++i) {
    const Worker& worker = *box.cores[i].worker;
    all.push_back({{"worker", i},
                   {"core", box.cores[i].loop->core()},
                   {"turns", worker.turns()},
                   {"busy_turns", box.cores[i].loop->busy_turns()},
                   {"received_packets", worker.counters()[Counter::received_packets].read()},
                   {"spread_packets", worker.counters()[Counter::spread_packets].read()},
                   {"flows_begun", worker.counters()[Counter::flows_begun].read()},
                   {"flows_ended", worker.counters()[Counter::flows_ended].read()}});
  }
  return all;
}

// A table, pool or ring that was too small, and what makes it larger.
struct Shortage {
  Counter counter;
  const char* text;  // {}: how many
};
constexpr Shortage kShortages[] = {
    {Counter::unjudged_flows, "the flow table is full: {} flows passed unjudged; raise flows.capacity"},
    {Counter::flows_evicted, "the flow table is full: {} flows made room for others; raise flows.capacity"},
    {Counter::probes_no_memory, "nDPI's pool is empty: {} flows were not asked about"},
    {Counter::names_no_memory, "the store of names is full: {} names were not kept; raise flows.capacity"},
    {Counter::looks_no_memory, "no assembler was free: {} handshakes were not read"},
    {Counter::hosts_no_memory, "the table of hosts is full: {} packets passed unpoliced"},
    {Counter::queues_no_memory, "no queue was free: {} packets passed unshaped"},
    {Counter::states_no_memory, "the pool of treatment states is empty: {} flows passed untreated"},
    {Counter::fragments_no_room, "the table of datagrams is full: {} fragments passed unfollowed"},
};

}  // namespace

std::vector<std::string> degraded_states(const Appliance& box, const RunState& run) {
  std::vector<std::string> all;
  if (run.state == std::string_view("bypass"))
    all.push_back("bypass: everything is forwarded without looking" +
                  (run.bypass_reason.empty() ? std::string() : " (" + run.bypass_reason + ")"));
  for (std::size_t i = 0; i < box.ports.size(); ++i) {
    const std::string name = "port " + box.config.ports[i].spec.name + ": ";
    if (!box.ports[i]->link_up()) all.push_back(name + "the link is down");
    for (const std::string& text : box.ports[i]->degraded()) all.push_back(name + text);
  }
  for (const Shortage& shortage : kShortages)
    if (const std::uint64_t count = total(box, shortage.counter); count > 0)
      all.push_back(fmt::format(fmt::runtime(shortage.text), count));
  if (const std::uint64_t count = dropped(box, DropReason::spread_full); count > 0)
    all.push_back(fmt::format("rings between workers were full: {} packets were dropped", count));
  if (const std::uint64_t count = dropped(box, DropReason::tx_full); count > 0)
    all.push_back(fmt::format("a port was too slow: {} packets were dropped on their way out", count));
  if (const std::uint64_t count = lost_events(box); count > 0)
    all.push_back(fmt::format("the rings of flow records were full: {} records were lost", count));
  if (!run.notice_trouble.empty()) all.push_back(run.notice_trouble);
  if (const std::string trouble = run.events == nullptr ? "" : run.events->trouble(); !trouble.empty())
    all.push_back("flow records: " + trouble);
  all.insert(all.end(), run.books.degraded.begin(), run.books.degraded.end());
  return all;
}

std::string dead_process_note(const Config& config) {
  std::set<std::string> cut;
  for (const WireConfig& wire : config.wires)
    if (wire.mode == WireConfig::Mode::wire) cut.insert(wire.name);
  if (cut.empty()) return "Nothing depends on this process: it only taps.";
  return fmt::format("If this process dies, no frame crosses {} {} until it runs again (docs/appliance.md).",
                     cut.size() == 1 ? "wire" : "wires", fmt::join(cut, ", "));
}

Json box_status(const Appliance& box, const RunState& run) {
  return {
      {"appliance", box.config.name},
      {"version", SLOWLANE_VERSION},
      {"versions", libraries()},
      {"bench", box.config.bench},
      {"state", run.state},
      {"uptime_s", (box.clock.now() - box.started) / kSecond},
      {"book", run.books.status},
      {"hugepages", box.eal->has_hugepages()},
      {"capabilities", capabilities_left()},
      {"ports", ports_of(box)},
      {"wires", wires_of(box)},
      {"workers", workers_of(box)},
      {"records", {{"written", run.events == nullptr ? 0 : run.events->written()}, {"lost", lost_records(box, run)}}},
      {"degraded", degraded_states(box, run)},
      {"dead_process", dead_process_note(box.config)}};
}

Json box_counters(const Appliance& box, const RunState& run) {
  Json all = Json::object();
  for (std::size_t row = 0; row < static_cast<std::size_t>(Counter::count); ++row) {
    const auto counter = static_cast<Counter>(row);
    all[std::string("total.") + name_of(counter)] = total(box, counter);
  }
  // Read while it changes: what left since is not held, but may not be counted as received yet.
  std::uint64_t gone = total(box, Counter::sent_packets);
  for (std::size_t row = 0; row < kDropReasons; ++row) {
    const auto reason = static_cast<DropReason>(row);
    all[std::string("total.dropped.") + name_of(reason)] = dropped(box, reason);
    gone += dropped(box, reason);
  }
  const std::uint64_t received = total(box, Counter::received_packets);
  all["total.held_packets"] = received > gone ? received - gone : 0;
  for (std::size_t i = 0; i < box.cores.size(); ++i) {
    const Counters& counters = box.cores[i].worker->counters();
    for (const Counter counter : {Counter::received_packets, Counter::sent_packets, Counter::spread_packets})
      all[fmt::format("worker.{}.{}", i, name_of(counter))] = counters[counter].read();
  }
  for (std::size_t i = 0; i < box.ports.size(); ++i) {
    const Json statistics = to_json(box.ports[i]->statistics());
    for (auto it = statistics.begin(); it != statistics.end(); ++it)
      all[fmt::format("port.{}.{}", box.config.ports[i].spec.name, it.key())] = it.value();
  }
  all["records.written"] = run.events == nullptr ? 0 : run.events->written();
  all["records.lost"] = lost_records(box, run);
  return all;
}

}  // namespace slowlane

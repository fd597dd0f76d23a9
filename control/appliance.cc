#include "control/appliance.h"

#include <algorithm>
#include <random>
#include <utility>

#include "control/live_rules.h"
#include "control/load_rules.h"
#include "hw/ports.h"

namespace slowlane {
namespace {

constexpr std::uint32_t kEventsPerWorker = 4096;
constexpr std::uint32_t kHeldPackets = 65536;
constexpr std::uint32_t kOnTheirWay = 8192;  // of each worker: bursts, rings between workers, packets in their caches

Diagnostic wrong(const Config& config, const std::string& text) { return {config.files.front(), 0, text}; }

std::vector<PortSpec> specs_of(const Config& config) {
  std::vector<PortSpec> specs;
  for (const PortConfig& port : config.ports) specs.push_back(port.spec);
  return specs;
}

// The rings of house §3 "Where a flow lives": all flows of a host meet where a class asks for that.
Spread::By spread_of(const Appliance& box) {
  for (const ClassPlan& plan : box.snapshot->classes) {
    const ClassSpec* spec = plan.spec;
    if (spec == nullptr) continue;
    if ((spec->police && spec->police->scope == Scope::host) || (spec->shape && spec->shape->scope == Scope::host))
      return Spread::By::inside;
  }
  const auto by_pair = [](const auto& port) { return port->spreads_by_pair() && port->receive_queues() > 1; };
  return std::all_of(box.ports.begin(), box.ports.end(), by_pair) ? Spread::By::port : Spread::By::pair;
}

void make_memory(Appliance& box) {
  const std::vector<PortSpec> specs = specs_of(box.config);
  const PoolNeed need = pool_need(specs);
  const auto workers = static_cast<std::uint32_t>(box.config.cores.workers.size());
  const std::uint32_t packets =
      need.packets + workers * kOnTheirWay + (holds_packets(box.snapshot->rules->book()) ? kHeldPackets : 0);
  Eal::Options options;
  options.memory = PacketPool::memory(packets, need.shape) + (std::size_t{64} << 20);
  options.hugepages = box.config.memory.hugepages;
  for (const PortSpec& spec : specs)
    if (find_port_kind(spec.kind)->is_pci) options.pci.push_back(spec.device);
  box.eal = std::make_unique<Eal>(options);
  box.pool = std::make_unique<PacketPool>(packets, need.shape);
}

Diagnostics open_ports(Appliance& box) {
  Diagnostics mistakes;
  for (const PortConfig& port : box.config.ports) {
    Result<std::unique_ptr<LivePort>> opened = open_port(port.spec, *box.pool);
    if (opened) {
      box.ports.push_back(std::move(*opened));
      continue;
    }
    for (Diagnostic one : opened.diagnostics()) {
      one.file = port.place.file;
      one.line = port.place.line;
      mistakes.push_back(std::move(one));
    }
  }
  return mistakes;
}

// Queue q belongs to worker q; a worker without one is served by another.
Wire wire_of(const Appliance& box, const WireConfig& config, std::uint32_t worker) {
  Wire wire;
  wire.inside = box.ports[config.inside].get();
  wire.outside = box.ports[config.outside.value_or(config.inside)].get();
  wire.inside_prefixes = config.inside_prefixes;
  wire.mode = config.mode == WireConfig::Mode::tap ? Wire::Mode::tap : Wire::Mode::forward;
  wire.elsewhere = box.config.bench ? Wire::Elsewhere::pass : Wire::Elsewhere::treat;
  for (const Side side : {Side::inside, Side::outside}) {
    const LivePort& port = *box.ports[side == Side::inside ? config.inside : config.outside.value_or(config.inside)];
    const auto queue = static_cast<std::uint16_t>(worker);
    wire.receive_queue[at(side)] = worker < port.receive_queues() ? queue : Wire::kNoQueue;
    wire.send_queue[at(side)] = worker < port.send_queues() ? queue : Wire::kNoQueue;
    wire.sender[at(side)] = worker % port.send_queues();
  }
  return wire;
}

std::vector<Wire> wires_of(const Appliance& box, std::uint32_t worker) {
  std::vector<Wire> wires;
  for (const WireConfig& config : box.config.wires) wires.push_back(wire_of(box, config, worker));
  return wires;
}

Worker::Config worker_config(const Appliance& box, std::uint32_t index, std::uint64_t hash_seed) {
  const auto workers = static_cast<std::uint32_t>(box.config.cores.workers.size());
  Worker::Config config;
  config.flows = std::max<std::uint32_t>(1024, box.config.flows / workers);
  config.hash_seed = hash_seed;
  config.treater.hash_seed = hash_seed;
  config.treater.held.held_bytes = box.config.memory.held / workers;
  config.treater.held.held_packets = kHeldPackets / workers;
  config.start = box.started;
  config.index = index;
  config.arrivals = Worker::Config::Arrivals::of_turn;
  return config;
}

CoreLoop::Plan plan_of(const Appliance& box, std::uint32_t index) {
  CoreLoop::Plan plan;
  plan.core = box.config.cores.workers[index];
  plan.idle =
      box.config.cores.idle == CoresConfig::Idle::poll ? CoreLoop::Plan::Idle::poll : CoreLoop::Plan::Idle::sleep;
  for (const auto& port : box.ports) {
    if (index >= port->receive_queues()) continue;
    const int fd = port->wait_fd(static_cast<std::uint16_t>(index));
    if (fd >= 0)
      plan.wait_fds.push_back(fd);
    else
      plan.has_polled_ports = true;
  }
  return plan;
}

void make_cores(Appliance& box) {
  std::random_device random;
  const std::uint64_t hash_seed = (std::uint64_t{random()} << 32) | random();  // strangers must not know it
  const auto workers = static_cast<std::uint32_t>(box.config.cores.workers.size());
  const bool all = box.config.events.which == EventsConfig::Which::all;
  for (std::uint32_t i = 0; i < workers; ++i) {
    Core& core = box.cores.emplace_back();
    if (!box.config.events.file.empty()) {
      core.events = std::make_unique<FlowEvents>(kEventsPerWorker, static_cast<std::uint16_t>(i),
                                                 all ? FlowEvents::Which::all : FlowEvents::Which::treated);
      core.reporter = std::make_unique<FlowReporter>(*core.events);
    }
    core.worker = std::make_unique<Worker>(worker_config(box, i, hash_seed), wires_of(box, i), *box.snapshot,
                                           *box.commons, core.reporter.get());
    if (core.reporter) core.reporter->attach(*core.worker);
    core.loop = std::make_unique<CoreLoop>(*core.worker, *box.commons, box.clock, i, plan_of(box, i));
  }
}

}  // namespace

Result<std::unique_ptr<Appliance>> build_appliance(Config config) {
  auto box = std::make_unique<Appliance>();
  box->config = std::move(config);
  auto rules = load_live_rules(box->config);
  if (!rules) return rules.diagnostics();
  const std::uint64_t seed = (*rules)->book().seed;
  box->snapshot = Snapshot::make(std::move(*rules), 1, seed);
  box->started = box->clock.now();
  try {
    make_memory(*box);
    if (Diagnostics mistakes = open_ports(*box); !mistakes.empty()) return mistakes;
    const auto workers = static_cast<std::uint32_t>(box->config.cores.workers.size());
    box->commons = std::make_unique<Commons>(*box->snapshot, workers, spread_of(*box));
    make_cores(*box);
  } catch (const std::exception& error) {
    return wrong(box->config, error.what());
  }
  return box;
}

}  // namespace slowlane

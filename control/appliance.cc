#include "control/appliance.h"

#include <algorithm>
#include <random>
#include <utility>

#include "control/load_rules.h"
#include "hw/ports.h"

namespace slowlane {
namespace {

constexpr std::uint32_t kEventsPerWorker = 4096;
constexpr std::uint32_t kUnwrittenEvents = 1024;  // where nobody but live views reads them
constexpr std::uint32_t kHeldPackets = 65536;
constexpr std::uint32_t kHeldByLaterBooks = 16384;  // where the first book holds none
constexpr std::uint32_t kOnTheirWay = 8192;  // of each worker: bursts, rings between workers, packets in their caches

Diagnostic wrong(const Config& config, const std::string& text) { return {config.files.front(), 0, text}; }

std::vector<PortSpec> specs_of(const Config& config) {
  std::vector<PortSpec> specs;
  for (const PortConfig& port : config.ports) specs.push_back(port.spec);
  return specs;
}

// All flows of a host meet where a class asks for that (house §3 "Where a flow lives").
Spread::By spread_of(const RuleSet& rules) {
  return std::ranges::any_of(rules.classes(), is_host_scoped) ? Spread::By::inside : Spread::By::pair;
}

std::uint32_t held_packets(const Appliance& box) {
  return holds_packets(box.book->running().book()) ? kHeldPackets : kHeldByLaterBooks;
}

Plan plan_cores(const Appliance& box) {
  std::vector<PortSeat> ports;
  for (std::size_t i = 0; i < box.ports.size(); ++i)
    ports.push_back(PortSeat::of(box.config.ports[i].spec.name, *box.ports[i]));
  std::vector<WireEnds> wires;
  for (const WireConfig& wire : box.config.wires) wires.push_back({wire.inside, wire.outside});
  return make_plan({box.config.cores.control, box.config.cores.workers, spread_of(box.book->running())}, ports, wires);
}

void make_memory(Appliance& box) {
  const std::vector<PortSpec> specs = specs_of(box.config);
  const PoolNeed need = pool_need(specs);
  const auto workers = static_cast<std::uint32_t>(box.config.cores.workers.size());
  const std::uint32_t packets = need.packets + workers * kOnTheirWay + held_packets(box);
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

Wire wire_of(const Appliance& box, const WireConfig& config) {
  Wire wire;
  wire.inside = box.ports[config.inside].get();
  wire.outside = box.ports[config.outside.value_or(config.inside)].get();
  wire.inside_prefixes = config.inside_prefixes;
  wire.mode = config.mode == WireConfig::Mode::tap ? Wire::Mode::tap : Wire::Mode::forward;
  wire.elsewhere = box.config.bench ? Wire::Elsewhere::pass : Wire::Elsewhere::treat;
  return wire;
}

std::vector<Wire> wires_of(const Appliance& box, std::uint32_t worker) {
  std::vector<Wire> wires;
  for (std::size_t i = 0; i < box.config.wires.size(); ++i) {
    wires.push_back(wire_of(box, box.config.wires[i]));
    box.plan.seats[worker][i].seat(wires.back());
  }
  return wires;
}

Worker::Config worker_config(const Appliance& box, std::uint32_t index, std::uint64_t hash_seed) {
  const auto workers = static_cast<std::uint32_t>(box.config.cores.workers.size());
  Worker::Config config;
  config.flows = std::max<std::uint32_t>(1024, box.config.flows / workers);
  config.hash_seed = hash_seed;
  config.treater.hash_seed = hash_seed;
  config.treater.held.held_bytes = box.config.memory.held / workers;
  config.treater.held.held_packets = held_packets(box) / workers;
  config.start = box.started;
  config.index = index;
  config.arrivals = Worker::Config::Arrivals::of_turn;
  config.classify = Worker::Config::Classify::always;  // for books to come
  config.rules = static_cast<std::uint32_t>(box.book->slots().rules());
  return config;
}

CoreLoop::Plan loop_plan(const Appliance& box, std::uint32_t index) {
  CoreLoop::Plan plan;
  plan.core = box.plan.cores[index];
  plan.idle =
      box.config.cores.idle == CoresConfig::Idle::poll ? CoreLoop::Plan::Idle::poll : CoreLoop::Plan::Idle::sleep;
  for (const Wire& wire : wires_of(box, index)) {
    for (const Side side : {Side::inside, Side::outside}) {
      const std::uint16_t queue = wire.receive_queue[at(side)];
      if (queue == Wire::kNoQueue) continue;
      const int fd = static_cast<const LivePort*>(wire.port(side))->wait_fd(queue);
      if (fd >= 0)
        plan.wait_fds.push_back(fd);
      else
        plan.has_polled_ports = true;
    }
  }
  return plan;
}

void make_cores(Appliance& box) {
  std::random_device random;
  const std::uint64_t hash_seed = (std::uint64_t{random()} << 32) | random();  // strangers must not know it
  const auto workers = static_cast<std::uint32_t>(box.config.cores.workers.size());
  const bool all = box.config.events.which == EventsConfig::Which::all;
  std::vector<const Worker*> all_workers;
  for (std::uint32_t i = 0; i < workers; ++i) {
    Core& core = box.cores.emplace_back();
    const std::uint32_t events = box.config.events.file.empty() ? kUnwrittenEvents : kEventsPerWorker;
    core.events = std::make_unique<FlowEvents>(events, static_cast<std::uint16_t>(i),
                                               all ? FlowEvents::Which::all : FlowEvents::Which::treated);
    core.reporter = std::make_unique<FlowReporter>(*core.events);
    core.mailbox = std::make_unique<Mailbox>();
    core.worker = std::make_unique<Worker>(worker_config(box, i, hash_seed), wires_of(box, i), box.book->snapshot(),
                                           *box.commons, core.reporter.get());
    core.reporter->attach(*core.worker);
    core.worker->serve(*core.mailbox);
    core.loop = std::make_unique<CoreLoop>(*core.worker, *box.commons, box.clock, i, loop_plan(box, i));
    all_workers.push_back(core.worker.get());
  }
  box.book->attach(*box.commons, std::move(all_workers));
}

}  // namespace

Result<std::unique_ptr<Appliance>> build_appliance(Config config, std::unique_ptr<const RuleSet> rules) {
  auto box = std::make_unique<Appliance>();
  box->config = std::move(config);
  const auto workers = static_cast<std::uint32_t>(box->config.cores.workers.size());
  box->book = std::make_unique<LiveBook>(std::move(rules), workers);
  box->started = box->clock.now();
  try {
    make_memory(*box);
    if (Diagnostics mistakes = open_ports(*box); !mistakes.empty()) return mistakes;
    box->plan = plan_cores(*box);
    box->commons =
        std::make_unique<Commons>(box->book->snapshot(), workers, box->plan.by, box->book->slots().classes());
    make_cores(*box);
  } catch (const std::exception& error) {
    return wrong(box->config, error.what());
  }
  return box;
}

}  // namespace slowlane

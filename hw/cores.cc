#include "hw/cores.h"

#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

namespace slowlane {
namespace {

namespace fs = std::filesystem;

// The kernel puts a folder of its memory node into each core's own.
int socket_of(unsigned core) {
  std::error_code none;
  for (const auto& entry : fs::directory_iterator("/sys/devices/system/cpu/cpu" + std::to_string(core), none)) {
    const std::string name = entry.path().filename();
    if (name.size() > 4 && name.starts_with("node")) return std::atoi(name.c_str() + 4);
  }
  return 0;
}

std::string cores_text(std::span<const CpuCore> machine) {
  std::string text;
  for (const CpuCore& core : machine) text += (text.empty() ? "" : ", ") + std::to_string(core.id);
  return text;
}

const CpuCore* find(std::span<const CpuCore> machine, unsigned id) {
  const auto found = std::find_if(machine.begin(), machine.end(), [&](const CpuCore& core) { return core.id == id; });
  return found == machine.end() ? nullptr : &*found;
}

void check_near(const CpuCore& core, std::span<const PortSeat> ports, Findings& findings) {
  for (const PortSeat& port : ports)
    if (port.socket >= 0 && port.socket != core.socket)
      findings.push_back(Finding::warning("worker core " + std::to_string(core.id) + " is on socket " +
                                          std::to_string(core.socket) + " and port " + port.name + " on socket " +
                                          std::to_string(port.socket) + ": every packet crosses between them"));
}

// Deals out the queues of a wire's ends.
class Dealer {
 public:
  Dealer(std::span<const PortSeat> ports, std::size_t workers) : ports_(ports), workers_(workers) {}

  // Which queue of the port the worker reads; `turn`-th port of all.
  std::uint16_t receive_queue(const PortSeat& port, std::size_t worker, std::size_t turn) const {
    if (port.receive_queues == 1) return worker == turn % workers_ ? std::uint16_t{0} : Wire::kNoQueue;
    return worker < port.receive_queues ? static_cast<std::uint16_t>(worker) : Wire::kNoQueue;
  }

  WireSeat seat(const WireEnds& ends, std::size_t wire, std::size_t worker) const {
    WireSeat seat;
    for (const Side side : {Side::inside, Side::outside}) {
      const std::size_t i = at(side);
      const bool mirror = !ends.outside.has_value();
      const PortSeat& port = ports_[side == Side::inside || mirror ? ends.inside : *ends.outside];
      seat.receive_queue[i] = receive_queue(port, worker, mirror ? 2 * wire : 2 * wire + i);
      seat.sender[i] = static_cast<std::uint32_t>(worker % port.send_queues);
      if (worker < port.send_queues) seat.send_queue[i] = static_cast<std::uint16_t>(worker);
    }
    return seat;
  }

 private:
  std::span<const PortSeat> ports_;
  std::size_t workers_;
};

// Whether each worker may keep what it receives.
bool all_spread(std::size_t workers, std::span<const PortSeat> ports, std::span<const WireEnds> wires) {
  const auto spreads = [&](std::size_t port) {
    return ports[port].spreads_by_pair && ports[port].receive_queues == workers;
  };
  return std::all_of(wires.begin(), wires.end(), [&](const WireEnds& wire) {
    return spreads(wire.inside) && (!wire.outside || spreads(*wire.outside));
  });
}

}  // namespace

std::vector<CpuCore> cores_of_this_machine() {
  std::vector<CpuCore> cores;
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0) return cores;
  for (unsigned id = 0; id < CPU_SETSIZE; ++id)
    if (CPU_ISSET(id, &allowed)) cores.push_back({id, socket_of(id)});
  return cores;
}

bool run_on(unsigned core) noexcept {
  cpu_set_t only;
  CPU_ZERO(&only);
  if (core >= CPU_SETSIZE) return false;
  CPU_SET(core, &only);
  return pthread_setaffinity_np(pthread_self(), sizeof(only), &only) == 0;
}

PortSeat PortSeat::of(const std::string& name, const LivePort& port) {
  return {name, port.receive_queues(), port.send_queues(), port.spreads_by_pair(), port.socket()};
}

Findings check_cores(const CoreWish& wish, std::span<const CpuCore> machine, std::span<const PortSeat> ports) {
  Findings findings;
  if (wish.workers.empty()) findings.push_back(Finding::error("no core is given to a worker: workers = [1]"));
  std::set<unsigned> seen;
  for (const unsigned id : wish.workers) {
    if (!seen.insert(id).second)
      findings.push_back(Finding::error("core " + std::to_string(id) + " is given to two workers"));
    else if (const CpuCore* core = find(machine, id); core != nullptr)
      check_near(*core, ports, findings);
    if (std::find(wish.control.begin(), wish.control.end(), id) != wish.control.end())
      findings.push_back(Finding::warning("core " + std::to_string(id) +
                                          " is a worker's and control's: packets wait while control works"));
  }
  seen.insert(wish.control.begin(), wish.control.end());
  for (const unsigned id : seen)
    if (find(machine, id) == nullptr)
      findings.push_back(
          Finding::error("there is no core " + std::to_string(id) + " for us; there are " + cores_text(machine)));
  return findings;
}

Plan make_plan(const CoreWish& wish, std::span<const PortSeat> ports, std::span<const WireEnds> wires) {
  const std::size_t workers = wish.workers.size();
  const Dealer dealer(ports, workers);
  Plan plan;
  plan.cores = wish.workers;
  plan.by =
      wish.by == Spread::By::pair && workers > 1 && all_spread(workers, ports, wires) ? Spread::By::port : wish.by;
  for (std::size_t worker = 0; worker < workers; ++worker) {
    auto& seats = plan.seats.emplace_back();
    for (std::size_t wire = 0; wire < wires.size(); ++wire) seats.push_back(dealer.seat(wires[wire], wire, worker));
  }
  return plan;
}

}  // namespace slowlane

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dataplane/spread.h"
#include "dataplane/wire.h"
#include "hw/finding.h"
#include "hw/live_port.h"

namespace slowlane {

// Who runs where: which core a worker has, which queues it reads and which it sends through. A pure function of what
// the appliance says and what there is.

struct CpuCore {
  unsigned id = 0;
  int socket = 0;  // the memory that is near to it
};

// The cores that this process may use, ascending.
std::vector<CpuCore> cores_of_this_machine();
// Keeps the calling thread on one core. False: there is none of that number for us.
bool run_on(unsigned core) noexcept;

// A port as it was opened, as far as it matters here.
struct PortSeat {
  std::string name;
  std::uint16_t receive_queues = 1;
  std::uint16_t send_queues = 1;
  bool spreads_by_pair = false;
  int socket = -1;  // -1: near to all

  static PortSeat of(const std::string& name, const LivePort& port);
};
// The two ports of a wire as indices; none outside: a mirror port.
struct WireEnds {
  std::size_t inside = 0;
  std::optional<std::size_t> outside;
};

struct CoreWish {
  std::vector<unsigned> control;
  std::vector<unsigned> workers;
  Spread::By by = Spread::By::pair;  // inside: the book has a class of scope host
};

// What one worker does on one wire; as in Wire.
struct WireSeat {
  std::array<std::uint16_t, 2> receive_queue{Wire::kNoQueue, Wire::kNoQueue};
  std::array<std::uint16_t, 2> send_queue{Wire::kNoQueue, Wire::kNoQueue};
  std::array<std::uint32_t, 2> sender{0, 0};

  void seat(Wire& wire) const noexcept {
    wire.receive_queue = receive_queue;
    wire.send_queue = send_queue;
    wire.sender = sender;
  }
};

struct Plan {
  std::vector<unsigned> cores;               // of each worker
  std::vector<std::vector<WireSeat>> seats;  // [worker][wire]
  Spread::By by = Spread::By::pair;          // port: all ports spread right by themselves, so nothing has to move
};

// What is wrong with the wish on such a machine; an error means that there is no plan.
Findings check_cores(const CoreWish& wish, std::span<const CpuCore> machine, std::span<const PortSeat> ports);

// Requires: check_cores() found no error, and every port has at most as many queues as there are workers. Every queue
// is read by exactly one worker; ports of one queue are dealt out in turn; a worker without a send queue of its own on
// a port has one that sends for it.
Plan make_plan(const CoreWish& wish, std::span<const PortSeat> ports, std::span<const WireEnds> wires);

}  // namespace slowlane

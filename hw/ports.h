#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "hw/finding.h"
#include "hw/live_port.h"
#include "hw/pool.h"
#include "rules/result.h"

namespace slowlane {

// A kind of port: what an appliance may write, and how it becomes a port.
struct PortKind {
  std::string_view name;
  std::string_view device;  // what `device` means, with an example in quotes; empty: it may be left out
  // Of the pool's packets, how many each queue keeps for itself.
  std::uint32_t packets_per_queue;
  // Whether NICs write into packets, so that the pool must be made for devices, and Eal be given the address.
  bool is_pci;
  // What is wrong before it is opened; changes nothing and needs no Eal.
  Findings (*preflight)(const PortSpec& spec);
  // Needs a running Eal. `pool` must outlive the port and its packets.
  Result<std::unique_ptr<LivePort>> (*open)(const PortSpec& spec, PacketPool& pool);
};

// The table of port kinds.
std::span<const PortKind> port_kinds();
// nullptr: there is no such kind.
const PortKind* find_port_kind(std::string_view name);

// What is wrong with the port's device and what it needs, one sentence each.
Findings preflight(const PortSpec& spec);

// Opens a port, and keeps other processes of ours from its device while it is open. Diagnostics have neither file nor
// line: the caller knows where the port was asked for.
Result<std::unique_ptr<LivePort>> open_port(const PortSpec& spec, PacketPool& pool);

// What a pool for these ports has to be: packets that their queues keep, room for their longest frame, and who writes.
// What the box holds and has on its way comes on top.
struct PoolNeed {
  std::uint32_t packets = 0;
  PacketPool::Shape shape;
};
PoolNeed pool_need(std::span<const PortSpec> specs);

}  // namespace slowlane

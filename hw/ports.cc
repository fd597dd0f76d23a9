#include "hw/ports.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hw/capture_live_port.h"
#include "hw/dpdk_device.h"
#include "hw/ethdev_port.h"
#include "hw/interface.h"
#include "hw/interface_preflight.h"
#include "hw/packet_socket_port.h"
#include "hw/pci_preflight.h"
#include "hw/port_lock.h"
#include "rules/suggest.h"

namespace slowlane {
namespace {

using Opened = Result<std::unique_ptr<LivePort>>;

std::string with_options(std::string arguments, const PortSpec& spec) {
  if (!spec.options.empty()) arguments += (arguments.empty() ? "" : ",") + spec.options;
  return arguments;
}

Opened open_ethdev(const PortSpec& spec, PacketPool& pool, Result<std::unique_ptr<DpdkDevice>> device) {
  if (!device) return Diagnostic{"", 0, "port " + spec.name + ": " + device.diagnostics().front().text};
  std::optional<Interface> interface;
  if (Interface one(spec.device); one.index() != 0) interface.emplace(std::move(one));
  return EthdevPort::open(spec, std::move(device.value()), std::move(interface), pool);
}

Opened open_pci(const PortSpec& spec, PacketPool& pool) {
  return open_ethdev(spec, pool, DpdkDevice::find(spec.device));
}

// The kernel takes packets that, with all that DPDK and we note ahead of them, fit a page; the pool is of all ports.
Opened open_xdp(const PortSpec& spec, PacketPool& pool) {
  if (pool.room() > longest_frame(kMostXdpMtu))
    return Diagnostic{"", 0,
                      "port " + spec.name + ": af_xdp needs packets of at most " +
                          std::to_string(longest_frame(kMostXdpMtu)) +
                          " bytes, and a port of this box has longer ones (" + std::to_string(pool.room()) +
                          "): give every port an mtu of at most " + std::to_string(kMostXdpMtu)};
  const std::string arguments = "iface=" + spec.device + ",start_queue=0,queue_count=" + std::to_string(spec.queues);
  return open_ethdev(spec, pool, DpdkDevice::make("net_af_xdp", with_options(arguments, spec)));
}

Opened open_tap(const PortSpec& spec, PacketPool& pool) {
  return open_ethdev(spec, pool, DpdkDevice::make("net_tap", with_options("iface=" + spec.device, spec)));
}

Opened open_ring(const PortSpec& spec, PacketPool& pool) {
  return open_ethdev(spec, pool, DpdkDevice::make("net_ring", spec.options));
}

Opened open_null(const PortSpec& spec, PacketPool& pool) {
  return open_ethdev(spec, pool, DpdkDevice::make("net_null", spec.options));
}

Opened open_dpdk_packet_socket(const PortSpec& spec, PacketPool& pool) {
  const std::string arguments = "iface=" + spec.device + ",qpairs=" + std::to_string(spec.queues);
  return open_ethdev(spec, pool, DpdkDevice::make("net_af_packet", with_options(arguments, spec)));
}

Findings preflight_nic(const PortSpec& spec) { return preflight_pci(spec.device, "/sys"); }

Findings preflight_packet_socket(const PortSpec& spec) {
  Findings found = PacketSocketPort::check_options(spec);
  for (Finding& one : preflight_interface(spec)) found.push_back(std::move(one));
  return found;
}

Findings preflight_nothing(const PortSpec&) { return {}; }

Findings preflight_capture(const PortSpec& spec) {
  Findings found;
  for (const std::string& file : CaptureLivePort::files_of(spec.device)) {
    const auto reader = CaptureReader::open(file);
    if (reader) continue;
    for (const Diagnostic& one : reader.diagnostics()) found.push_back(Finding::error(one.print()));
  }
  return found;
}

constexpr std::string_view kAnInterface = "an interface like \"eth0\"";
constexpr std::uint32_t kNicRings = 2 * 1024;
// The driver fills its ring twice over (ETH_AF_XDP_NUM_BUFFERS).
constexpr std::uint32_t kXdpRings = 2 * 4096;

constexpr std::array kKinds{
    PortKind{"af_packet", kAnInterface, 0, false, preflight_packet_socket, PacketSocketPort::open},
    PortKind{"af_xdp", kAnInterface, kXdpRings, false, preflight_xdp, open_xdp},
    PortKind{"pci", "a PCI address like \"0000:03:00.0\"", kNicRings, true, preflight_nic, open_pci},
    PortKind{"tap", "the name of the interface to make, like \"sl-in\"", kNicRings, false, preflight_tap, open_tap},
    PortKind{"capture", "captures parted by commas, like \"in.pcap\"", 0, false, preflight_capture,
             CaptureLivePort::open},
    PortKind{"ring", "", kNicRings, false, preflight_nothing, open_ring},
    PortKind{"null", "", kNicRings, false, preflight_nothing, open_null},
    PortKind{"af_packet_dpdk", kAnInterface, kNicRings, false, preflight_interface, open_dpdk_packet_socket},
};

std::string no_such_kind(const PortSpec& spec) {
  std::vector<std::string_view> names;
  names.reserve(kKinds.size());
  for (const PortKind& kind : kKinds) names.push_back(kind.name);
  return "no kind of port is called \"" + spec.kind + "\"" + did_you_mean(spec.kind, names) + "; there are " +
         one_of(names);
}

// A device that two ports cannot have; captures and devices made of memory are nobody's.
bool is_exclusive(const PortKind& kind) { return !kind.device.empty() && kind.name != "capture" && kind.name != "tap"; }

std::uint32_t mtu_of(const PortSpec& spec) {
  if (spec.mtu != 0) return std::min(spec.mtu, kMostMtu);
  return std::clamp(Interface(spec.device).mtu(), kDefaultMtu, kMostMtu);
}

}  // namespace

std::span<const PortKind> port_kinds() { return kKinds; }

const PortKind* find_port_kind(std::string_view name) {
  const auto* kind = std::find_if(kKinds.begin(), kKinds.end(), [&](const PortKind& one) { return one.name == name; });
  return kind == kKinds.end() ? nullptr : kind;
}

Findings preflight(const PortSpec& spec) {
  const PortKind* kind = find_port_kind(spec.kind);
  if (kind == nullptr) return {Finding::error(no_such_kind(spec))};
  if (spec.mtu > kMostMtu) return {Finding::error("the MTU is at most " + std::to_string(kMostMtu))};
  return kind->preflight(spec);
}

Opened open_port(const PortSpec& spec, PacketPool& pool) {
  const PortKind* kind = find_port_kind(spec.kind);
  if (kind == nullptr) return Diagnostic{"", 0, "port " + spec.name + ": " + no_such_kind(spec)};
  if (!is_exclusive(*kind)) return kind->open(spec, pool);
  auto lock = PortLock::take(spec.device);
  if (!lock) {
    const int holder = PortLock::holder(spec.device).value_or(0);
    return Diagnostic{"", 0,
                      "port " + spec.name + ": " + spec.device + " is in use by another slowlane" +
                          (holder > 0 ? ", process " + std::to_string(holder) : "")};
  }
  Opened port = kind->open(spec, pool);
  if (port) port.value()->keep(std::move(*lock));
  return port;
}

PoolNeed pool_need(std::span<const PortSpec> specs) {
  PoolNeed need;
  for (const PortSpec& spec : specs) {
    const PortKind* kind = find_port_kind(spec.kind);
    if (kind == nullptr) continue;
    need.packets += kind->packets_per_queue * std::max<std::uint32_t>(spec.queues, 1);
    need.shape.room = std::max<std::size_t>(need.shape.room, longest_frame(mtu_of(spec)));
    if (kind->is_pci) need.shape.writers = PacketPool::Shape::Writers::devices;
  }
  return need;
}

}  // namespace slowlane

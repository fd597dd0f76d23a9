#include "hw/interface_preflight.h"

#include <linux/if_packet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <string_view>

#include "hw/fd.h"
#include "hw/interface.h"
#include "hw/port_lock.h"
#include "rules/suggest.h"

namespace slowlane {
namespace {

// What veth takes with XDP on its other end: a page less room ahead of the frame and the kernel's note behind it
// (veth_xdp_set).
constexpr std::uint32_t kMostVethMtuForXdp = 3506;

std::string list_of(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

std::string absent(const std::string& device) {
  const std::vector<std::string> names = Interface::names();
  const std::vector<std::string_view> views(names.begin(), names.end());
  return "there is no device " + device + " here" + did_you_mean(device, views) + " (there are " + list_of(names) + ")";
}

bool may_open_packet_sockets() {
  const Fd socket(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
  return static_cast<bool>(socket) || errno != EPERM;
}

void check_use(const Interface& device, Findings& found) {
  const std::string& name = device.name();
  // A warning, because an appliance is also checked while it runs; opening the port refuses.
  if (const auto holder = PortLock::holder(name))
    found.push_back(Finding::warning(name + " is in use by another slowlane" +
                                     (*holder > 0 ? ", process " + std::to_string(*holder) : "")));
  if (const std::string master = device.master(); !master.empty())
    found.push_back(Finding::error(name + " belongs to " + master +
                                   ", which would forward every frame a second time: ip link set " + name +
                                   " nomaster"));
  if (!device.is_up()) found.push_back(Finding::warning(name + " is down: ip link set " + name + " up"));
  if (const auto addresses = device.addresses(); !addresses.empty())
    found.push_back(Finding::warning("this machine itself answers and speaks on " + name + " (" + list_of(addresses) +
                                     "): ip address flush dev " + name + "; sysctl net.ipv6.conf." + name +
                                     ".disable_ipv6=1"));
}

void check_frames(const PortSpec& spec, const Interface& device, Findings& found) {
  const std::string& name = device.name();
  const std::uint32_t own = device.mtu();
  const std::uint32_t wanted = spec.mtu == 0 ? own : spec.mtu;
  if (wanted > own)
    found.push_back(Finding::warning(name + " has an MTU of " + std::to_string(own) + ", not the " +
                                     std::to_string(wanted) + " asked for: ip link set " + name + " mtu " +
                                     std::to_string(wanted)));
  if (own > std::min(wanted, kMostMtu))
    found.push_back(Finding::warning("frames over " + std::to_string(std::min(wanted, kMostMtu)) +
                                     " bytes are dropped, and " + name + " carries up to " + std::to_string(own) +
                                     ": ip link set " + name + " mtu " + std::to_string(std::min(wanted, kMostMtu))));
  // On a veth merging has no effect without XDP, and is reported all the same.
  const auto merging = device.merging();
  if (merging.empty() || device.driver() == "veth") return;
  std::string line = "ethtool -K " + name;
  for (const std::string& one : merging) line += " " + one + " off";
  found.push_back(
      Finding::warning(name + " merges frames before they can be seen (" + list_of(merging) + "): " + line));
}

}  // namespace

Findings preflight_interface(const PortSpec& spec) {
  Findings found;
  if (!may_open_packet_sockets())
    found.push_back(Finding::error("packet sockets need root, or CAP_NET_RAW and CAP_NET_ADMIN"));
  const Interface device(spec.device);
  if (device.index() == 0) {
    found.push_back(Finding::error(absent(spec.device)));
    return found;
  }
  if (!device.is_ethernet()) {
    found.push_back(Finding::error(spec.device + " is no Ethernet device"));
    return found;
  }
  check_use(device, found);
  check_frames(spec, device, found);
  return found;
}

Findings preflight_xdp(const PortSpec& spec) {
  Findings found = preflight_interface(spec);
  const Interface device(spec.device);
  if (device.index() == 0) return found;
  const std::uint32_t queues = device.active_queues();
  // Frames on queues that nobody reads would go to the kernel instead of over the wire.
  if (queues > spec.queues)
    found.push_back(Finding::error(spec.device + " spreads frames over " + std::to_string(queues) +
                                   " queues, of which " + std::to_string(spec.queues) + " would be read: ethtool -L " +
                                   spec.device + " combined " + std::to_string(spec.queues) + ", or as many queues"));
  if (const std::uint32_t mtu = spec.mtu != 0 ? spec.mtu : device.mtu(); mtu > kMostXdpMtu)
    found.push_back(Finding::error("af_xdp takes an MTU of at most " + std::to_string(kMostXdpMtu) + ", not " +
                                   std::to_string(mtu) + ": ip link set " + spec.device + " mtu 1500, or mtu = 1500"));
  const std::string peer = Interface::name_of(device.peer_index());
  if (!peer.empty() && Interface(peer).mtu() > kMostVethMtuForXdp)
    found.push_back(Finding::error("a veth takes af_xdp only where the MTU of its other end is at most " +
                                   std::to_string(kMostVethMtuForXdp) + ": ip link set " + peer + " mtu 1500"));
  return found;
}

Findings preflight_tap(const PortSpec& spec) {
  Findings found;
  if (access("/dev/net/tun", R_OK | W_OK) != 0)
    found.push_back(Finding::error("/dev/net/tun cannot be opened: it needs root, and the kernel's module tun"));
  else if (geteuid() != 0)
    found.push_back(Finding::warning("to make a device like " + spec.device + " needs root or CAP_NET_ADMIN"));
  // What DPDK's driver takes (RTE_ETHER_MAX_VLAN_FRAME_LEN).
  if (spec.mtu > kDefaultMtu)
    found.push_back(Finding::error("kind tap carries frames up to an MTU of " + std::to_string(kDefaultMtu)));
  if (Interface(spec.device).index() != 0)
    found.push_back(Finding::error("there is a device " + spec.device + " already; kind tap makes its own"));
  return found;
}

}  // namespace slowlane

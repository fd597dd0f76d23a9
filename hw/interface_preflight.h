#pragma once

#include "hw/finding.h"
#include "hw/live_port.h"

namespace slowlane {

// What af_xdp takes: the kernel wants a packet within a page (xdp_umem_reg), with the notes ahead of it (pool.h), and
// pools grow by whole KiB.
inline constexpr std::uint32_t kMostXdpMtu = 3072 - longest_frame(0);

// What is wrong with the kernel's device of a port, before it is opened. Each changes nothing.

// That it is there, ours to use, and shows frames as they were on the wire.
Findings preflight_interface(const PortSpec& spec);
// Besides: what AF_XDP wants of it.
Findings preflight_xdp(const PortSpec& spec);
// That a device of this name can be made.
Findings preflight_tap(const PortSpec& spec);

}  // namespace slowlane

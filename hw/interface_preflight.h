#pragma once

#include "hw/finding.h"
#include "hw/live_port.h"

namespace slowlane {

// What is wrong with the kernel's device of a port, before it is opened. Each changes nothing.

// That it is there, ours to use, and shows frames as they were on the wire.
Findings preflight_interface(const PortSpec& spec);
// Besides: what AF_XDP wants of it.
Findings preflight_xdp(const PortSpec& spec);
// That a device of this name can be made.
Findings preflight_tap(const PortSpec& spec);

}  // namespace slowlane

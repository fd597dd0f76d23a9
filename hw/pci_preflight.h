#pragma once

#include <string>

#include "hw/finding.h"

namespace slowlane {

// What keeps a NIC from being taken by DPDK: not there, no NIC, bound to the kernel's driver, no IOMMU, no hugepages.
// Reads `sysfs`, which is "/sys" but in tests; changes nothing.
Findings preflight_pci(const std::string& address, const std::string& sysfs);

}  // namespace slowlane

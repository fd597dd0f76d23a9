#include "hw/dpdk_device.h"

#include <rte_dev.h>
#include <rte_errno.h>
#include <rte_ethdev.h>

#include "hw/dpdk_log.h"

namespace slowlane {
namespace {

// A name that no other device has.
std::string free_name(const std::string& driver) {
  std::uint16_t id = 0;
  for (unsigned i = 0;; ++i) {
    std::string name = driver + std::to_string(i);
    if (rte_eth_dev_get_port_by_name(name.c_str(), &id) != 0) return name;
  }
}

}  // namespace

Result<std::unique_ptr<DpdkDevice>> DpdkDevice::make(const std::string& driver, const std::string& arguments) {
  const std::string name = free_name(driver);
  DpdkLog log;
  const int failed = rte_eal_hotplug_add("vdev", name.c_str(), arguments.c_str());
  std::uint16_t id = 0;
  if (failed == 0 && rte_eth_dev_get_port_by_name(name.c_str(), &id) == 0)
    return std::unique_ptr<DpdkDevice>(new DpdkDevice(id, name));
  const std::string said = log.last_line();
  return Diagnostic{"", 0,
                    "DPDK's driver " + driver + " does not take it: " + rte_strerror(-failed) +
                        (said.empty() ? "" : " (" + said + ")")};
}

Result<std::unique_ptr<DpdkDevice>> DpdkDevice::find(const std::string& address) {
  std::uint16_t id = 0;
  if (rte_eth_dev_get_port_by_name(address.c_str(), &id) == 0)
    return std::unique_ptr<DpdkDevice>(new DpdkDevice(id, ""));
  return Diagnostic{"", 0, "DPDK found no network device at " + address};
}

DpdkDevice::~DpdkDevice() {
  rte_eth_dev_close(id_);
  if (!made_.empty()) rte_eal_hotplug_remove("vdev", made_.c_str());
}

}  // namespace slowlane

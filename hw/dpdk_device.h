#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "hw/live_port.h"
#include "rules/result.h"

namespace slowlane {

// A device of DPDK by its number, for as long as this lives. Those of PCI were found when DPDK started; those that are
// made of a kernel interface or of memory are made here, and go with it. Needs a running Eal.
class DpdkDevice {
 public:
  // `driver` as DPDK names it, "net_tap"; `arguments` as the driver takes them.
  static Result<std::unique_ptr<DpdkDevice>> make(const std::string& driver, const std::string& arguments);
  // By its PCI address.
  static Result<std::unique_ptr<DpdkDevice>> find(const std::string& address);
  ~DpdkDevice();
  DpdkDevice(const DpdkDevice&) = delete;
  DpdkDevice& operator=(const DpdkDevice&) = delete;

  std::uint16_t id() const noexcept { return id_; }

 private:
  DpdkDevice(std::uint16_t id, std::string made) : id_(id), made_(std::move(made)) {}

  std::uint16_t id_;
  std::string made_;  // its name; empty: it was there before
};

}  // namespace slowlane

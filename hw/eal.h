#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>

namespace slowlane {

// DPDK's environment, from construction to destruction, without root, hugepages, PCI devices or files outside the
// process: what replay, tests and bench run on. One per process, also after it is gone (DPDK cannot start twice);
// several processes may have one at the same time. The calling thread becomes DPDK's main core, and keeps the
// affinity it has.
class Eal {
 public:
  // `memory` in bytes: what all pools together may take; rounded up to MiB. It costs nothing until it is used.
  // Throws EalError where DPDK does not start.
  explicit Eal(std::size_t memory = std::size_t{256} << 20);
  ~Eal();
  Eal(const Eal&) = delete;
  Eal& operator=(const Eal&) = delete;

  static const char* version();  // "DPDK 22.11.11"
};

// One sentence for the operator.
struct EalError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace slowlane

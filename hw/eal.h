#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

namespace slowlane {

// DPDK's environment, from construction to destruction, without root, hugepages, PCI devices or files outside the
// process: what replay, tests and bench run on. One per process, also after it is gone (DPDK cannot start twice);
// several processes may have one at the same time. The calling thread becomes DPDK's main core, and keeps the
// affinity it has.
//
// A live box asks for more: hugepages where there are any, and the PCI devices it may take. Devices that are made of
// kernel interfaces or memory are added later, by their ports.
class Eal {
 public:
  enum class Hugepages : std::uint8_t { automatic, none, require };
  struct Options {
    std::size_t memory = std::size_t{256} << 20;  // as below
    Hugepages hugepages = Hugepages::none;
    std::vector<std::string> pci;  // addresses, with driver arguments behind a comma; no other device is touched
  };

  // `memory` in bytes: what all pools together may take; rounded up to MiB. It costs nothing until it is used.
  // Throws EalError where DPDK does not start.
  explicit Eal(std::size_t memory = std::size_t{256} << 20);
  // With hugepages the memory is taken at once. Where `require` finds too few free ones, EalError says how to get them.
  explicit Eal(const Options& options);
  ~Eal();
  Eal(const Eal&) = delete;
  Eal& operator=(const Eal&) = delete;

  bool has_hugepages() const noexcept { return hugepages_; }
  static const char* version();  // "DPDK 22.11.11"

 private:
  void start(const Options& options);

  bool hugepages_ = false;
};

// Makes the calling thread one of DPDK's while it lives, so that pools keep a cache of packets for it. Where DPDK has
// no place for more threads, the thread works all the same, without caches.
class EalThread {
 public:
  EalThread();
  ~EalThread();
  EalThread(const EalThread&) = delete;
  EalThread& operator=(const EalThread&) = delete;

 private:
  bool registered_;
};

// One sentence for the operator.
struct EalError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace slowlane

#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hw/dpdk_device.h"
#include "hw/interface.h"
#include "hw/live_port.h"
#include "hw/pool.h"

namespace slowlane {

// A port over any device that DPDK drives: a NIC bound to vfio-pci, or a virtual one. Every offload is off, so that
// frames are as they were on the wire; each is one segment, longer ones are counted and dropped.
class EthdevPort final : public LivePort {
 public:
  // `interface`: of the kernel, for drivers that stand on one. `pool` must outlive the port and its packets, have room
  // for its longest frame, and be made for devices where the device is one of PCI.
  static Result<std::unique_ptr<LivePort>> open(const PortSpec& spec, std::unique_ptr<DpdkDevice> device,
                                                std::optional<Interface> interface, PacketPool& pool);
  ~EthdevPort() override;

  // Leaves arrival, stamp and numbers at 0: the run loop knows the time.
  void receive(std::uint16_t queue, Burst& burst) noexcept override;
  void send(std::uint16_t queue, Burst& burst) noexcept override;

  std::uint16_t receive_queues() const noexcept override { return static_cast<std::uint16_t>(receiving_.size()); }
  std::uint16_t send_queues() const noexcept override { return static_cast<std::uint16_t>(sending_.size()); }
  bool spreads_by_pair() const noexcept override { return spreads_by_pair_; }
  int socket() const noexcept override;

  bool link_up() const noexcept override;
  bool set_link_up(bool up) noexcept override;
  PortStatistics statistics() const noexcept override;
  std::vector<std::string> degraded() const override;

 private:
  // What the worker of a queue counts.
  struct alignas(64) QueueCounts {
    Count packets;
    Count bytes;
    Count oversize;
  };
  EthdevPort(const PortSpec& spec, std::unique_ptr<DpdkDevice> device, std::optional<Interface> interface);
  std::optional<Diagnostic> start(const PortSpec& spec, PacketPool& pool);
  int set_up_queues(PacketPool& pool);
  bool change_link(bool up) noexcept;
  Diagnostic wrong(const std::string& what) const;

  const std::string name_;
  const std::string device_name_;
  std::unique_ptr<DpdkDevice> device_;
  std::optional<Interface> interface_;
  std::vector<QueueCounts> receiving_;
  std::vector<QueueCounts> sending_;
  bool spreads_by_pair_ = false;
  bool started_ = false;
  std::atomic<bool> taken_down_{false};       // by set_link_up()
  std::optional<std::uint64_t> oversize_id_;  // of the device's own count
};

}  // namespace slowlane

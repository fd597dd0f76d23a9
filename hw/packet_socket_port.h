#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "hw/finding.h"
#include "hw/frame_sender.h"
#include "hw/interface.h"
#include "hw/live_port.h"
#include "hw/pool.h"
#include "hw/receive_ring.h"

namespace slowlane {

// Kind `af_packet`: any Ethernet device of the kernel, a veth as well as a NIC, without taking it from the kernel.
// Frames pass as they were on the wire: all VLAN tags, fragments, frames of any type, up to the port's MTU plus two
// tags. One receive queue; a send queue per worker. The device may go and come back while the port runs: receive()
// looks after that, five times a second at most.
class PacketSocketPort final : public LivePort {
 public:
  // PortSpec::options knows `ring=SIZE`, memory for frames that came and that no worker has read yet, 1 MiB to 1 GiB.
  // `pool` must outlive the port and its packets, and have room for frames of the port's MTU.
  static Result<std::unique_ptr<LivePort>> open(const PortSpec& spec, PacketPool& pool);
  // What is wrong with the port's options; nothing is opened.
  static Findings check_options(const PortSpec& spec);
  ~PacketSocketPort() override;

  // Leaves arrival, stamp and numbers at 0: the run loop knows the time.
  void receive(std::uint16_t queue, Burst& burst) noexcept override;
  void send(std::uint16_t queue, Burst& burst) noexcept override;

  std::uint16_t receive_queues() const noexcept override { return 1; }
  std::uint16_t send_queues() const noexcept override { return static_cast<std::uint16_t>(senders_.size()); }
  int wait_fd(std::uint16_t) const noexcept override { return ring_->fd(); }

  bool link_up() const noexcept override { return interface_.has_carrier(); }
  bool set_link_up(bool up) noexcept override;
  PortStatistics statistics() const noexcept override;
  std::vector<std::string> degraded() const override;

 private:
  PacketSocketPort(const PortSpec& spec, PacketPool& pool, Interface interface);
  std::optional<Diagnostic> start(std::uint16_t send_queues, std::uint32_t ring_memory);
  bool admit(const RingFrame& frame) noexcept;
  void look_after() noexcept;
  int rebind(int index) noexcept;
  Diagnostic wrong(const std::string& what) const;

  PacketPool& pool_;
  Interface interface_;
  const std::string name_;
  const std::uint32_t longest_;  // frame
  std::unique_ptr<ReceiveRing> ring_;
  std::vector<std::unique_ptr<FrameSender>> senders_;
  std::int64_t next_look_ = 0;           // nanoseconds of the coarse clock
  std::atomic<bool> taken_down_{false};  // by set_link_up()

  Count packets_;
  Count bytes_;
  Count no_room_;  // in the pool
  Count oversize_;
  Count partial_checksums_;
  std::atomic<std::int64_t> last_oversize_{kNever};
  std::atomic<std::int64_t> last_partial_{kNever};
  mutable std::atomic<std::uint64_t> dropped_by_kernel_{0};

  static constexpr std::int64_t kNever = INT64_MIN / 2;
};

}  // namespace slowlane

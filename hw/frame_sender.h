#pragma once

#include <sys/socket.h>
#include <array>
#include <cstdint>
#include <memory>

#include "dataplane/burst.h"
#include "dataplane/counters.h"
#include "hw/fd.h"
#include "rules/result.h"

namespace slowlane {

// One send queue of a network device of the kernel: a packet socket that gets a burst in one system call and hands
// the frames to the driver, past queueing disciplines. One sendmmsg() a burst rather than a ring: the kernel copies a
// frame once, where a ring on a veth costs our copy and one of the kernel's (skb_copy_ubufs); 1.2 against 1.9
// microseconds of processor time a full frame where both were measured. One worker sends;
// counts may be read, and bind() called, by anyone.
class FrameSender {
 public:
  static Result<std::unique_ptr<FrameSender>> open();

  // Sends to this device from now on; 0, or an errno.
  int bind(int index) noexcept;
  // The device it is bound to; not positive: none, or one that is gone.
  int bound_to() const noexcept;

  // As Port::send(). A frame that the device refuses for good is freed and counted; one for which it has no room now
  // stays in the burst, with all behind it.
  void send(Burst& burst) noexcept;

  std::uint64_t packets() const noexcept { return packets_.read(); }
  std::uint64_t bytes() const noexcept { return bytes_.read(); }
  std::uint64_t refused() const noexcept { return refused_.read(); }
  // Of those refused: because they were longer than the device takes.
  std::uint64_t too_long() const noexcept { return too_long_.read(); }

 private:
  explicit FrameSender(Fd socket);
  void point_at(Burst& burst) noexcept;
  void count_sent(Burst& burst, std::uint16_t first, std::uint16_t count) noexcept;
  bool refuse(Packet* packet, int error) noexcept;

  Fd socket_;
  std::array<mmsghdr, Burst::kCapacity> messages_{};
  std::array<iovec, Burst::kCapacity> places_{};
  Count packets_;
  Count bytes_;
  Count refused_;
  Count too_long_;
};

}  // namespace slowlane

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "hw/fd.h"
#include "rules/result.h"

struct tpacket2_hdr;

namespace slowlane {

// A frame where the kernel put it, valid until the ring moves on.
struct RingFrame {
  std::span<const std::uint8_t> bytes;  // with all its VLAN tags, as on the wire
  std::uint32_t wire_length = 0;        // more than bytes.size(): the frame was longer than a slot
  bool partial_checksum = false;        // its sender left the checksum to a NIC that is not there
};

// All that a network device of the kernel receives, through a ring of memory that the kernel fills (TPACKET_V2): no
// system call and no copy in between. What the device sends, whoever sends it, does not come back. Version 2 rather
// than 3: a slot is ready the moment its frame is in, where version 3 waits until a block is full or its timer (a
// millisecond at least) ends: 7 against 630 microseconds in the median, from send() to a reader that was asleep. One
// worker reads; the rest may be called at any time.
class ReceiveRing {
 public:
  // Of frames of at most `longest` bytes, in about so many bytes of memory that the kernel fixes, a block at least;
  // each frame takes room for a longest one. 0: what is usual, 8 MiB or 4096 frames, whichever is less. Not bound to a
  // device yet.
  static Result<std::unique_ptr<ReceiveRing>> open(std::uint32_t longest, std::uint32_t memory = 0);
  ~ReceiveRing();
  ReceiveRing(const ReceiveRing&) = delete;
  ReceiveRing& operator=(const ReceiveRing&) = delete;

  // Receives from this device from now on, promiscuously; 0, or an errno.
  int bind(int index) noexcept;
  // The device it is bound to; not positive: none, or one that is gone.
  int bound_to() const noexcept;
  // An error that waits on the socket makes it readable forever: takes it away.
  void clear_error() noexcept;

  // The oldest frame; to be popped before the next is taken.
  std::optional<RingFrame> take() noexcept;
  // Gives the slot of the frame that was taken back to the kernel.
  void pop() noexcept;

  int fd() const noexcept { return socket_.get(); }
  // Frames that the kernel dropped since the last call because the ring was full.
  std::uint64_t take_dropped() const noexcept;

 private:
  ReceiveRing(Fd socket, std::uint32_t longest, std::uint32_t memory);
  std::optional<Diagnostic> map();
  tpacket2_hdr* slot() const noexcept;

  Fd socket_;
  const std::uint32_t slot_size_;
  const std::uint32_t slots_per_block_;
  const std::uint32_t blocks_;
  std::uint8_t* memory_ = nullptr;
  std::uint32_t block_ = 0;  // of the oldest slot
  std::uint32_t place_ = 0;  // of it in its block
};

}  // namespace slowlane

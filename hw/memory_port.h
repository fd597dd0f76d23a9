#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "dataplane/port.h"
#include "hw/pool.h"

namespace slowlane {

// Port over frames held in memory, for bench and tests: hands out the same packets over and over without copying, as
// a NIC that never idles would. A packet is handed out again when it came back, by send() or free_packet() alike; what
// a rewrite changed in its bytes stays changed. One thread.
class MemoryPort final : public Port {
 public:
  // Changes a frame just before it goes out, so that a few packets stand for many flows.
  class Dresser {
   public:
    virtual ~Dresser() = default;
    virtual void dress(Packet& packet) noexcept = 0;
  };

  // `pool` must outlive the port, and the port must outlive what it handed out.
  explicit MemoryPort(PacketPool& pool) : pool_(pool) {}
  ~MemoryPort() override;
  MemoryPort(const MemoryPort&) = delete;
  MemoryPort& operator=(const MemoryPort&) = delete;

  // Adds a copy of a frame to the round. False: the pool is empty.
  bool add(std::span<const std::uint8_t> frame, LinkType link = LinkType::ethernet);

  // The arrival of what is handed out from now on.
  void set_now(Nanos now) noexcept { now_ = now; }
  // Hands out so many packets more; at first there is no end.
  void set_remaining(std::uint64_t packets) noexcept { remaining_ = packets; }
  // nullptr: none. Must outlive its use.
  void set_dresser(Dresser* dresser) noexcept { dresser_ = dresser; }

  // Hands out the round's next packets, up to the first that is not back yet.
  void receive(std::uint16_t queue, Burst& burst) noexcept override;
  // Takes back packets of any MemoryPort, and frees others'.
  void send(std::uint16_t queue, Burst& burst) noexcept override;

  std::uint64_t handed_out() const noexcept { return handed_out_; }
  std::uint64_t sent() const noexcept { return sent_; }
  // Packets handed out that are not back.
  std::size_t away() const noexcept;

 private:
  struct Frame {
    Packet* packet;
    std::uint32_t length;
    LinkType link;
  };
  bool hand_out(const Frame& frame, Burst& burst) noexcept;

  PacketPool& pool_;
  Dresser* dresser_ = nullptr;
  std::vector<Frame> frames_;
  std::size_t next_ = 0;
  Nanos now_ = 0;
  std::uint64_t remaining_ = ~std::uint64_t{0};
  std::uint64_t handed_out_ = 0;
  std::uint64_t sent_ = 0;
};

}  // namespace slowlane

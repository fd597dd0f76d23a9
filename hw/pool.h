#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>

#include "dataplane/packet.h"

struct rte_mempool;

namespace slowlane {

// A pool cannot be had; one sentence for the operator.
struct PoolError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Where packets come from: a fixed number of mbufs, each with room for our note right behind it. Made at start, owned
// by whoever builds the house, used by any thread; must outlive every packet. Needs a running Eal.
class PacketPool {
 public:
  static constexpr std::size_t kRoom = 2048;      // longer frames get a buffer of their own
  static constexpr std::size_t kLongest = 65535;  // what an mbuf can say; longer frames are cut to it

  // What a packet has room for. Frames longer than `room` get a buffer of their own from the heap, so a live run asks
  // for the longest frame of its ports.
  struct Shape {
    std::size_t room = kRoom;
    // Whether NICs write into the packets, or only this process does. For NICs no packet lies across two pages.
    enum class Writers : std::uint8_t { process, devices } writers = Writers::process;
  };

  // `packets` that may be out at once: what is held, and a few bursts. Throws PoolError.
  explicit PacketPool(std::uint32_t packets) : PacketPool(packets, Shape{}) {}
  PacketPool(std::uint32_t packets, const Shape& shape);
  ~PacketPool();
  PacketPool(const PacketPool&) = delete;
  PacketPool& operator=(const PacketPool&) = delete;

  // The memory that Eal must be given for a pool of so many packets.
  static std::size_t memory(std::uint32_t packets) { return memory(packets, Shape{}); }
  static std::size_t memory(std::uint32_t packets, const Shape& shape);

  // A packet with a copy of `bytes`, and a fresh note: arrival, stamp and numbers are the caller's to set; wire_length
  // is what `bytes` has, even where the copy is cut to kLongest. nullptr where the pool is empty.
  Packet* make_packet(std::span<const std::uint8_t> bytes) noexcept;

  // A packet that a driver of DPDK filled, with a fresh note; one segment of this pool.
  static Packet* adopt(rte_mbuf* mbuf) noexcept;

  std::uint32_t size() const noexcept;
  std::size_t room() const noexcept { return room_; }
  // For DPDK's drivers, which take packets from it themselves.
  rte_mempool* raw() noexcept { return pool_; }
  // Packets that are not in the pool: 0 when all came back.
  std::uint32_t out() const noexcept;

 private:
  rte_mempool* create(std::uint32_t packets, const Shape& shape);

  std::size_t room_;
  rte_mempool* pool_;
};

}  // namespace slowlane

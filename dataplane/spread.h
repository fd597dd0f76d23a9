#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "dataplane/burst.h"
#include "dataplane/packet.h"
#include "dataplane/spsc_ring.h"

namespace slowlane {

// Packets on their way from one worker to one other: a ring of fixed size. One thread puts, one takes.
class PacketRing {
 public:
  explicit PacketRing(std::uint32_t size) : ring_(size) {}  // rounded up to a power of two

  bool put(Packet* packet) noexcept;  // false: full
  // Appends to the burst until that is full or the ring empty.
  void take(Burst& burst) noexcept;
  bool empty() const noexcept { return ring_.empty(); }

 private:
  SpscRing<Packet*> ring_;
};

// Which worker a packet belongs to, and the rings that bring it there. Both directions of a flow, all fragments of a
// datagram and, by inside address, all flows of a host meet at one worker (fact K3 spreads by address pair too). Made
// by control before the workers, outlives them. With one worker there are no rings.
class Spread {
 public:
  // port: each worker keeps what it receives, because the ports spread by pair themselves.
  enum class By : std::uint8_t { pair, inside, port };

  Spread(std::uint32_t workers, By by, std::uint32_t ring_size = 4096);
  ~Spread();
  Spread(const Spread&) = delete;
  Spread& operator=(const Spread&) = delete;

  std::uint32_t workers() const noexcept { return workers_; }
  By by() const noexcept { return by_; }
  // Whose a parsed IP packet is that came in on `side`; the addresses are the innermost ones.
  std::uint32_t owner(const Parsed& parsed, Side side) const noexcept;

  // From one worker to another; false: that ring is full, and the packet stays the caller's.
  bool give(std::uint32_t from, std::uint32_t to, Packet* packet) noexcept { return ring(from, to).put(packet); }
  // What the others gave to a worker, as far as the burst has room; takes turns among them.
  void take(std::uint32_t to, Burst& burst) noexcept;

  // A worker that is about to sleep says so; false: something came in the meantime. It wakes up when its wake_fd is
  // readable, and says that too.
  bool fall_asleep(std::uint32_t worker) noexcept;
  void wake_up(std::uint32_t worker) noexcept;
  int wake_fd(std::uint32_t worker) const noexcept { return sleepers_[worker].event; }
  // Wakes a worker that sleeps; any thread.
  void wake(std::uint32_t worker) noexcept;

 private:
  struct alignas(64) Sleeper {
    std::atomic<bool> asleep{false};
    int event = -1;
    std::uint32_t next = 0;  // whose ring is taken from first
  };
  PacketRing& ring(std::uint32_t from, std::uint32_t to) noexcept { return *rings_[from * workers_ + to]; }

  const std::uint32_t workers_;
  const By by_;
  std::vector<std::unique_ptr<PacketRing>> rings_;  // [from][to]; those from a worker to itself stay null
  std::vector<Sleeper> sleepers_;
};

}  // namespace slowlane

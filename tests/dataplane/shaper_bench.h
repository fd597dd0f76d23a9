#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <vector>

#include "dataplane/shaper.h"
#include "tests/support/loose_packet.h"

namespace slowlane {

inline constexpr Nanos kNever = std::numeric_limits<Nanos>::max();

// 8 Mbit/s: a byte a microsecond.
inline QueuePlan plan_of(std::uint64_t burst = 1500, std::uint64_t max_bytes = 1 << 20,
                         std::uint32_t max_packets = 1000) {
  return {RatePlan(8'000'000, burst), max_bytes, max_packets};
}
inline Shaper::Limits limits() { return {1 << 24, 4096, 16}; }

inline LoosePacket packet_of(std::uint32_t bytes, std::uint64_t number = 0) {
  const std::array<std::uint8_t, 1> none{};
  LoosePacket packet = make_loose(none);
  packet->parsed.kind = Parsed::Kind::ip;
  packet->parsed.headers.ip_bytes = bytes;
  packet->number = number;
  return packet;
}

struct Departure {
  std::uint64_t number;
  Nanos time;
  auto operator<=>(const Departure&) const = default;
};

// A shaper and the packets it holds, by their numbers.
class ShaperBench {
 public:
  explicit ShaperBench(const Shaper::Limits& limits_ = limits()) : shaper(limits_) {}
  ~ShaperBench() { release(kNever - 1); }

  Shaper::Admission admit(std::uint64_t number, std::uint32_t bytes, HeldState& state, const Shaper::Wish& wish,
                          Nanos now, Shaper::DelayLoad* load = nullptr) {
    LoosePacket packet = packet_of(bytes, number);
    const Shaper::Admission answer = shaper.admit(packet.get(), state, wish, load, now);
    if (answer == Shaper::Admission::held) packet.release();
    return answer;
  }
  std::vector<Departure> release(Nanos until, std::uint16_t room = Burst::kCapacity) {
    std::vector<Departure> out;
    while (shaper.next_due() <= until) {
      Burst burst;
      burst.count = static_cast<std::uint16_t>(Burst::kCapacity - room);
      const std::uint16_t before = burst.count;
      shaper.release(until, burst);
      for (std::uint16_t i = before; i < burst.count; ++i) {
        out.push_back({burst.packets[i]->number, burst.packets[i]->departure});
        free_packet(burst.packets[i]);
      }
    }
    return out;
  }

  Shaper shaper;
};

inline Shaper::Wish queue_wish(std::uint32_t queue) {
  Shaper::Wish wish;
  wish.queue = queue;
  return wish;
}
inline Shaper::Wish delay_wish(Nanos delay, std::uint64_t max_bytes = 1 << 20, std::uint32_t max_packets = 1000) {
  Shaper::Wish wish;
  wish.delay = delay;
  wish.delay_max_bytes = max_bytes;
  wish.delay_max_packets = max_packets;
  return wish;
}

using Departures = std::vector<Departure>;

}  // namespace slowlane

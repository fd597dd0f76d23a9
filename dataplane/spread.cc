#include "dataplane/spread.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

namespace slowlane {
namespace {

// A finaliser of 64 bits: every bit of what goes in changes half of what comes out.
std::uint64_t mix(std::uint64_t word) noexcept {
  word ^= word >> 33;
  word *= 0xff51afd7ed558ccdull;
  word ^= word >> 33;
  word *= 0xc4ceb9fe1a85ec53ull;
  return word ^ (word >> 33);
}

std::uint64_t mix(const Address& address) noexcept {
  std::array<std::uint64_t, 2> words;
  static_assert(sizeof(words) == sizeof(Address));
  std::memcpy(words.data(), &address, sizeof(words));
  return mix(words[0] ^ mix(words[1]));
}

}  // namespace

bool PacketRing::put(Packet* packet) noexcept {
  Packet** place = ring_.claim();
  if (place == nullptr) return false;
  *place = packet;
  ring_.publish();
  return true;
}

void PacketRing::take(Burst& burst) noexcept {
  while (!burst.full()) {
    Packet* const* packet = ring_.front();
    if (packet == nullptr) return;
    burst.add(*packet);
    ring_.pop();
  }
}

Spread::Spread(std::uint32_t workers, By by, std::uint32_t ring_size)
    : workers_(workers), by_(by), rings_(std::size_t{workers} * workers), sleepers_(workers) {
  for (std::uint32_t from = 0; from < workers; ++from)
    for (std::uint32_t to = 0; to < workers; ++to)
      if (from != to) rings_[from * workers + to] = std::make_unique<PacketRing>(ring_size);
  for (Sleeper& sleeper : sleepers_) {
    sleeper.event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (sleeper.event < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  }
}

Spread::~Spread() {
  for (const auto& ring : rings_) {
    Burst left;
    while (ring != nullptr && !ring->empty()) {
      ring->take(left);
      for (Packet* packet : left) free_packet(packet);
      left.clear();
    }
  }
  for (const Sleeper& sleeper : sleepers_)
    if (sleeper.event >= 0) close(sleeper.event);
}

std::uint32_t Spread::owner(const Parsed& parsed, Side side) const noexcept {
  if (workers_ == 1) return 0;
  const bool low_is_inside = parsed.from_low == (side == Side::inside);
  const std::uint64_t hash = by_ == By::pair ? mix(mix(parsed.key.low) + mix(parsed.key.high))
                                             : mix(low_is_inside ? parsed.key.low : parsed.key.high);
  return static_cast<std::uint32_t>(((hash >> 32) * workers_) >> 32);
}

void Spread::take(std::uint32_t to, Burst& burst) noexcept {
  std::uint32_t& next = sleepers_[to].next;
  for (std::uint32_t tried = 0; tried < workers_ && !burst.full(); ++tried) {
    next = next + 1 < workers_ ? next + 1 : 0;
    if (next != to) ring(next, to).take(burst);
  }
}

bool Spread::fall_asleep(std::uint32_t worker) noexcept {
  sleepers_[worker].asleep.store(true, std::memory_order_relaxed);
  // Either this worker sees what was put before, or the giver sees that it sleeps.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  for (std::uint32_t from = 0; from < workers_; ++from) {
    if (from == worker || ring(from, worker).empty()) continue;
    wake_up(worker);
    return false;
  }
  return true;
}

void Spread::wake_up(std::uint32_t worker) noexcept {
  sleepers_[worker].asleep.store(false, std::memory_order_relaxed);
  std::uint64_t count = 0;
  static_cast<void>(!read(sleepers_[worker].event, &count, sizeof(count)));
}

void Spread::wake(std::uint32_t worker) noexcept {
  std::atomic_thread_fence(std::memory_order_seq_cst);
  if (!sleepers_[worker].asleep.load(std::memory_order_relaxed)) return;
  const std::uint64_t one = 1;
  static_cast<void>(!write(sleepers_[worker].event, &one, sizeof(one)));
}

}  // namespace slowlane

#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "dataplane/snapshot.h"

namespace slowlane {

// How a snapshot gets to the workers, and how control learns that the one before is out of use (house §3, quiescent
// states): control publishes, every worker takes it up at the top of a turn, where it keeps nothing of the old one, and
// says so. Made by control before the workers, outlives them. The snapshots belong to control.
class Publisher {
 public:
  Publisher(const Snapshot& first, std::uint32_t workers) : current_(&first), adopted_(workers) {
    for (Adopted& one : adopted_) one.generation.store(first.generation, std::memory_order_relaxed);
  }

  // Control's side. Requires: everybody has adopted the one before, so that generations are taken up one by one.
  void publish(const Snapshot& next) noexcept { current_.store(&next, std::memory_order_release); }
  // Whether no worker looks at any earlier snapshot any more.
  bool adopted_by_all(std::uint32_t generation) const noexcept {
    for (const Adopted& one : adopted_)
      if (one.generation.load(std::memory_order_acquire) != generation) return false;
    return true;
  }

  // What a worker goes by.
  std::uint32_t adopted(std::uint32_t worker) const noexcept {
    return adopted_[worker].generation.load(std::memory_order_acquire);
  }

  // A worker's side.
  const Snapshot* current() const noexcept { return current_.load(std::memory_order_acquire); }
  void adopt(std::uint32_t worker, std::uint32_t generation) noexcept {
    adopted_[worker].generation.store(generation, std::memory_order_release);
  }

 private:
  struct alignas(64) Adopted {
    std::atomic<std::uint32_t> generation{0};
  };

  std::atomic<const Snapshot*> current_;
  std::vector<Adopted> adopted_;
};

}  // namespace slowlane

#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <vector>

#include "dataplane/bucket.h"
#include "rules/verdict.h"

namespace slowlane {

// A class-scoped queue's rate and its bounds, shared by the workers that each hold a part of what waits in it.
class SharedQueue {
 public:
  // A place for a packet of `bytes` in a queue with these bounds; false: it is full. Whoever has a place leaves it.
  bool enter(std::uint32_t bytes, std::uint64_t max_bytes, std::uint32_t max_packets) noexcept {
    const bool fits = bytes_.fetch_add(bytes, std::memory_order_relaxed) + bytes <= max_bytes;
    if (packets_.fetch_add(1, std::memory_order_relaxed) < max_packets && fits) return true;
    leave(bytes);
    return false;
  }
  void leave(std::uint32_t bytes) noexcept {
    bytes_.fetch_sub(bytes, std::memory_order_relaxed);
    packets_.fetch_sub(1, std::memory_order_relaxed);
  }
  // Whether no worker has anything waiting.
  bool empty() const noexcept { return packets_.load(std::memory_order_relaxed) == 0; }
  std::uint32_t packets() const noexcept { return packets_.load(std::memory_order_relaxed); }
  void reset() noexcept { bucket.reset(); }  // requires: empty, and no worker uses it

  SharedBucket bucket;

 private:
  std::atomic<std::uint64_t> bytes_{0};
  std::atomic<std::uint32_t> packets_{0};
};

// What the class-scoped treatments of one class have in common over all workers; by direction slot.
struct alignas(64) ClassRates {
  // True once for each generation: one worker carries the shared words over to another rate for all.
  bool claim_change(std::uint32_t generation) noexcept {
    return changed_at.exchange(generation, std::memory_order_relaxed) != generation;
  }
  bool nothing_waits() const noexcept { return shape[0].empty() && shape[1].empty(); }
  // For another class. Requires: nothing waits, and no worker uses it.
  void reset() noexcept {
    for (std::size_t slot = 0; slot < 2; ++slot) {
      police[slot].reset();
      shadow_police[slot].reset();
      shadow_shape[slot].reset();
      shape[slot].reset();
    }
  }

  std::atomic<std::uint32_t> changed_at{0};
  std::array<SharedBucket, 2> police;
  std::array<SharedBucket, 2> shadow_police;
  std::array<SharedBucket, 2> shadow_shape;
  std::array<SharedQueue, 2> shape;
};

// Those of all classes, by slot. Made by control before the workers, outlives them; any thread.
class SharedRates {
 public:
  explicit SharedRates(std::size_t classes) : classes_(classes) {}
  ClassRates& operator[](ClassId cls) noexcept { return classes_[cls]; }
  std::size_t size() const noexcept { return classes_.size(); }

 private:
  std::vector<ClassRates> classes_;
};

}  // namespace slowlane

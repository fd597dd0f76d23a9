#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace slowlane {

// Slots that pass from one writing thread to one reading thread, in order, without locks. Slots are filled and read in
// place, so that nothing is copied twice; all of them are made at the start.
template <class T>
class SpscRing {
 public:
  // Room for at least `capacity`: the next power of two.
  explicit SpscRing(std::uint32_t capacity)
      : mask_(std::bit_ceil(capacity < 2 ? 2u : capacity) - 1), slots_(std::make_unique<T[]>(std::size_t{mask_} + 1)) {}

  std::uint32_t capacity() const noexcept { return mask_ + 1; }

  // Any thread; what it says may be over when it is read.
  bool empty() const noexcept { return head_.load(std::memory_order_acquire) == tail_.load(std::memory_order_acquire); }

  // Writer: the next free slot, which holds whatever it held before; null where all are taken.
  T* claim() noexcept {
    const std::uint32_t tail = tail_.load(std::memory_order_relaxed);
    if (tail - head_seen_ == capacity()) {
      head_seen_ = head_.load(std::memory_order_acquire);
      if (tail - head_seen_ == capacity()) return nullptr;
    }
    return &slots_[tail & mask_];
  }
  // Writer: hands over the slot claimed last.
  void publish() noexcept { tail_.store(tail_.load(std::memory_order_relaxed) + 1, std::memory_order_release); }

  // Reader: the oldest slot handed over; null where there is none.
  const T* front() noexcept {
    const std::uint32_t head = head_.load(std::memory_order_relaxed);
    if (head == tail_seen_) {
      tail_seen_ = tail_.load(std::memory_order_acquire);
      if (head == tail_seen_) return nullptr;
    }
    return &slots_[head & mask_];
  }
  // Reader: gives back the slot that front() showed.
  void pop() noexcept { head_.store(head_.load(std::memory_order_relaxed) + 1, std::memory_order_release); }

 private:
  const std::uint32_t mask_;
  const std::unique_ptr<T[]> slots_;
  // Each side's counter and what it last saw of the other's share a cache line of its own.
  alignas(64) std::atomic<std::uint32_t> tail_{0};
  std::uint32_t head_seen_ = 0;
  alignas(64) std::atomic<std::uint32_t> head_{0};
  std::uint32_t tail_seen_ = 0;
};

}  // namespace slowlane

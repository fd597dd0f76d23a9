#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <type_traits>
#include <vector>

namespace slowlane {

inline constexpr std::uint32_t kNoSlot = 0xffffffff;

// A fixed number of places for T, given out by number. Memory is reserved when made and touched when first used;
// nothing grows. T must not need destruction.
template <class T>
class Pool {
  static_assert(std::is_trivially_destructible_v<T>);

 public:
  explicit Pool(std::uint32_t size) : memory_(new std::byte[sizeof(T) * size + alignof(T)]), size_(size) {
    free_.reserve(size);
    void* place = memory_.get();
    std::size_t room = sizeof(T) * size + alignof(T);
    first_ = static_cast<T*>(std::align(alignof(T), sizeof(T) * size, place, room));
  }

  // A fresh T's number, or kNoSlot where all are taken.
  std::uint32_t take() noexcept {
    std::uint32_t slot;
    if (!free_.empty()) {
      slot = free_.back();
      free_.pop_back();
    } else if (used_ < size_) {
      slot = used_++;
    } else {
      return kNoSlot;
    }
    new (first_ + slot) T;
    return slot;
  }
  void give_back(std::uint32_t slot) noexcept { free_.push_back(slot); }
  T& operator[](std::uint32_t slot) noexcept { return first_[slot]; }
  // Slots ever used; those given back are among them.
  std::uint32_t high_water() const noexcept { return used_; }

 private:
  std::unique_ptr<std::byte[]> memory_;
  T* first_ = nullptr;
  std::uint32_t size_;
  std::uint32_t used_ = 0;
  std::vector<std::uint32_t> free_;  // reserved whole, never grows
};

}  // namespace slowlane

#pragma once

#include <cstddef>
#include <type_traits>

namespace slowlane {

// Zeroed memory of a fixed size, straight from the system: reserved at once, touched page by page as it is used, in
// huge pages where it is large and the system grants them. Throws std::bad_alloc where it is refused.
class Region {
 public:
  explicit Region(std::size_t bytes);
  ~Region();
  Region(const Region&) = delete;
  Region& operator=(const Region&) = delete;

  void* begin() const noexcept { return begin_; }
  std::size_t bytes() const noexcept { return bytes_; }

 private:
  void* begin_;
  std::size_t bytes_;
};

// Starts fetching a cache line. The empty statement is there because compilers (GCC 12) take a function that only
// prefetches for one without effect, and drop its calls.
inline void prefetch(const void* line) noexcept {
  __builtin_prefetch(line);
  asm volatile("" : : "r"(line));
}

// A fixed number of Ts in a Region. They are not constructed: all bytes zero is what each begins as, so T is either
// good like that or made in place before its first use.
template <class T>
class Slab {
  static_assert(std::is_trivially_destructible_v<T>);

 public:
  explicit Slab(std::size_t count) : region_(count * sizeof(T)), items_(static_cast<T*>(region_.begin())) {}

  T& operator[](std::size_t index) noexcept { return items_[index]; }
  const T& operator[](std::size_t index) const noexcept { return items_[index]; }
  T* data() noexcept { return items_; }
  std::size_t bytes() const noexcept { return region_.bytes(); }

 private:
  Region region_;
  T* items_;
};

}  // namespace slowlane

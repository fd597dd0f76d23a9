#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>

#include "dataplane/region.h"
#include "rules/units.h"

namespace slowlane {

// When something is due, and which came first among those due together.
struct Due {
  Nanos time;
  std::uint64_t order;
  std::uint32_t index;

  bool before(const Due& other) const noexcept { return time != other.time ? time < other.time : order < other.order; }
};

// A binary heap of fixed room: the earliest on top.
class DueHeap {
 public:
  explicit DueHeap(std::uint32_t capacity) : items_(capacity) {}

  bool empty() const noexcept { return size_ == 0; }
  // What is never due where the heap is empty.
  Due top() const noexcept {
    if (size_ > 0) return items_[0];
    return {std::numeric_limits<Nanos>::max(), std::numeric_limits<std::uint64_t>::max(), 0};
  }
  // Requires: fewer than `capacity` are in.
  void push(const Due& item) noexcept {
    std::size_t at = size_++;
    for (; at > 0 && item.before(items_[(at - 1) / 2]); at = (at - 1) / 2) items_[at] = items_[(at - 1) / 2];
    items_[at] = item;
  }
  void pop() noexcept {
    if (--size_ > 0) replace_top(items_[size_]);
  }
  void replace_top(Due item) noexcept { sink(0, item); }
  // `renew(item)` may change when any of them is due; all are put in order again.
  template <class F>
  void renew_all(F&& renew) noexcept {
    for (std::size_t i = 0; i < size_; ++i) renew(items_[i]);
    for (std::size_t i = size_ / 2; i-- > 0;) sink(i, items_[i]);
  }

 private:
  void sink(std::size_t at, Due item) noexcept {
    for (;;) {
      std::size_t child = 2 * at + 1;
      if (child >= size_) break;
      if (child + 1 < size_ && items_[child + 1].before(items_[child])) ++child;
      if (!items_[child].before(item)) break;
      items_[at] = items_[child];
      at = child;
    }
    items_[at] = item;
  }

  Slab<Due> items_;
  std::size_t size_ = 0;
};

}  // namespace slowlane

#include "dataplane/capped_memory.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <new>

namespace slowlane {
namespace {

struct Account {
  std::atomic<std::size_t> limit{0};
  std::atomic<std::size_t> used{0};
};

Account& account() noexcept {
  static Account instance;
  return instance;
}

// In front of every piece, so that giving back knows its size.
struct alignas(std::max_align_t) Head {
  std::size_t size;
};

Head* head_of(void* piece) noexcept { return static_cast<Head*>(piece) - 1; }

constexpr std::size_t kMost = std::numeric_limits<std::size_t>::max();

}  // namespace

void CappedMemory::limit(std::size_t bytes) noexcept { account().limit = bytes; }
std::size_t CappedMemory::used() noexcept { return account().used; }

void* CappedMemory::take(std::size_t size) noexcept {
  if (size > kMost - sizeof(Head)) return nullptr;
  const std::size_t whole = size + sizeof(Head);
  Account& all = account();
  const std::size_t before = all.used.fetch_add(whole);
  void* const memory = whole <= kMost - before && before + whole <= all.limit ? std::malloc(whole) : nullptr;
  if (memory == nullptr) {
    all.used.fetch_sub(whole);
    return nullptr;
  }
  return new (memory) Head{whole} + 1;
}

void* CappedMemory::take_zeroed(std::size_t count, std::size_t size) noexcept {
  if (size != 0 && count > kMost / size) return nullptr;
  void* const piece = take(count * size);
  if (piece != nullptr) std::memset(piece, 0, count * size);
  return piece;
}

void* CappedMemory::resize(void* piece, std::size_t size) noexcept {
  void* const next = take(size);
  if (next == nullptr || piece == nullptr) return next;
  std::memcpy(next, piece, std::min(size, head_of(piece)->size - sizeof(Head)));
  give_back(piece);
  return next;
}

void CappedMemory::give_back(void* piece) noexcept {
  if (piece == nullptr) return;
  Head* const head = head_of(piece);
  account().used.fetch_sub(head->size);
  std::free(head);
}

}  // namespace slowlane

#pragma once

#include <cstddef>

namespace slowlane {

// malloc under a cap, for libraries that take their allocator as bare functions without a context; so there is one in a
// process. Safe from any thread. Beyond the cap there is no memory: null.
class CappedMemory {
 public:
  static void limit(std::size_t bytes) noexcept;
  static std::size_t used() noexcept;

  static void* take(std::size_t size) noexcept;
  static void* take_zeroed(std::size_t count, std::size_t size) noexcept;
  static void* resize(void* piece, std::size_t size) noexcept;
  static void give_back(void* piece) noexcept;
};

}  // namespace slowlane

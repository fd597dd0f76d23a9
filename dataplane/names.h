#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace slowlane {

using NameId = std::uint32_t;
inline constexpr NameId kNoName = 0;

// Host names of one worker: each kept once, counted by its holders, capped in number and bytes. A flow keeps the
// 4-byte handle.
class Names {
 public:
  Names(std::uint32_t max_names, std::size_t max_bytes);
  ~Names();
  Names(const Names&) = delete;
  Names& operator=(const Names&) = delete;

  // The handle of `name` (1-255 bytes), with one more holder; kNoName where there is no room.
  NameId hold(std::string_view name) noexcept;
  void release(NameId id) noexcept;
  std::string_view text(NameId id) const noexcept;  // empty for kNoName
  std::uint32_t size() const noexcept;

 private:
  struct Store;
  std::unique_ptr<Store> store_;
};

}  // namespace slowlane

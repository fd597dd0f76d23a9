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
  // `seed` is of the hash, which strangers feed.
  Names(std::uint32_t max_names, std::size_t max_bytes, std::uint64_t seed = 1);
  ~Names();
  Names(const Names&) = delete;
  Names& operator=(const Names&) = delete;

  // The handle of `name` (1-255 bytes), with one more holder; kNoName where there is no room, or for another length.
  NameId hold(std::string_view name) noexcept;
  // One more holder of a name that has one; kNoName stays that.
  NameId hold(NameId id) noexcept;
  void release(NameId id) noexcept;
  std::string_view text(NameId id) const noexcept;  // empty for kNoName
  std::uint32_t size() const noexcept;
  std::size_t memory() const noexcept;  // bytes reserved

 private:
  struct Store;
  std::unique_ptr<Store> store_;
};

}  // namespace slowlane

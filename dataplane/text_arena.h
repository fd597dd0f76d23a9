#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "dataplane/region.h"

namespace slowlane {

// Room for short byte strings in a fixed amount of memory: pages of 4 KiB, each cut into slots of one size (a multiple
// of 16 bytes, up to 256). A page whose last slot is given back serves any size again, so nothing is lost to strings
// that have gone. Both verbs are O(1).
class TextArena {
 public:
  static constexpr std::size_t kLongest = 256;

  // Rounded up to whole pages, one at least.
  explicit TextArena(std::size_t bytes);

  using Slot = std::uint32_t;  // offset / 16
  static constexpr Slot kNone = 0xffffffff;
  // A slot for 1 to kLongest bytes; kNone where there is no room.
  Slot take(std::size_t bytes) noexcept;
  void give_back(Slot slot) noexcept;
  char* at(Slot slot) noexcept { return text_.data() + std::size_t{slot} * kUnit; }
  const char* at(Slot slot) const noexcept { return &text_[std::size_t{slot} * kUnit]; }
  std::size_t memory() const noexcept { return text_.bytes() + pages_.bytes(); }

 private:
  static constexpr std::size_t kUnit = 16;
  static constexpr std::size_t kPage = 4096;
  static constexpr std::uint32_t kNoPage = 0xffffffff;
  static constexpr std::uint16_t kNoSlot = 0xffff;

  struct Page {
    std::uint32_t next;  // in the list of its size's pages with room, or of whole free pages
    std::uint32_t before;
    std::uint16_t free_slot;  // first of those given back; each says in its first bytes which is next
    std::uint16_t cut;        // slots ever given out since the page got its size
    std::uint16_t used;
    std::uint16_t units;  // size of a slot
  };

  std::uint32_t fresh_page(std::uint16_t units) noexcept;
  void link(std::uint32_t& list, std::uint32_t page) noexcept;
  void unlink(std::uint32_t& list, std::uint32_t page) noexcept;
  static std::uint16_t slots_of(std::uint16_t units) noexcept {
    return static_cast<std::uint16_t>(kPage / (std::size_t{units} * kUnit));
  }

  std::uint32_t page_count_;
  Slab<char> text_;
  Slab<Page> pages_;
  std::uint32_t untouched_ = 0;  // pages from here on were never used
  std::uint32_t whole_ = kNoPage;
  std::array<std::uint32_t, kLongest / kUnit + 1> with_room_;  // per units
};

}  // namespace slowlane

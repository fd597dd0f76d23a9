#include "dataplane/text_arena.h"

#include <algorithm>
#include <cstring>

namespace slowlane {

// A slot number counts units in 32 bits, which is 64 GiB.
TextArena::TextArena(std::size_t bytes)
    : page_count_(static_cast<std::uint32_t>(std::clamp<std::size_t>((bytes + kPage - 1) / kPage, 1, 1u << 24))),
      text_(page_count_ * kPage),
      pages_(page_count_) {
  with_room_.fill(kNoPage);
}

TextArena::Slot TextArena::take(std::size_t bytes) noexcept {
  if (bytes == 0 || bytes > kLongest) return kNone;
  const auto units = static_cast<std::uint16_t>((bytes + kUnit - 1) / kUnit);
  std::uint32_t& list = with_room_[units];
  const std::uint32_t number = list != kNoPage ? list : fresh_page(units);
  if (number == kNoPage) return kNone;
  Page& page = pages_[number];
  const auto first = static_cast<Slot>(std::size_t{number} * (kPage / kUnit));
  Slot slot;
  if (page.free_slot != kNoSlot) {
    slot = first + page.free_slot;
    std::memcpy(&page.free_slot, at(slot), sizeof(page.free_slot));
  } else {
    slot = first + std::uint32_t{page.cut++} * units;
  }
  if (++page.used == slots_of(units)) unlink(list, number);
  return slot;
}

void TextArena::give_back(Slot slot) noexcept {
  const auto number = static_cast<std::uint32_t>(slot / (kPage / kUnit));
  Page& page = pages_[number];
  std::uint32_t& list = with_room_[page.units];
  if (page.used-- == slots_of(page.units)) link(list, number);
  if (page.used == 0) {
    unlink(list, number);
    page.next = whole_;
    whole_ = number;
    return;
  }
  std::memcpy(at(slot), &page.free_slot, sizeof(page.free_slot));
  page.free_slot = static_cast<std::uint16_t>(slot % (kPage / kUnit));
}

std::uint32_t TextArena::fresh_page(std::uint16_t units) noexcept {
  std::uint32_t number = whole_;
  if (number != kNoPage) {
    whole_ = pages_[number].next;
  } else if (untouched_ < page_count_) {
    number = untouched_++;
  } else {
    return kNoPage;
  }
  pages_[number] = {kNoPage, kNoPage, kNoSlot, 0, 0, units};
  link(with_room_[units], number);
  return number;
}

void TextArena::link(std::uint32_t& list, std::uint32_t page) noexcept {
  pages_[page].before = kNoPage;
  pages_[page].next = list;
  if (list != kNoPage) pages_[list].before = page;
  list = page;
}

void TextArena::unlink(std::uint32_t& list, std::uint32_t page) noexcept {
  const Page& gone = pages_[page];
  if (gone.before != kNoPage)
    pages_[gone.before].next = gone.next;
  else
    list = gone.next;
  if (gone.next != kNoPage) pages_[gone.next].before = gone.before;
}

}  // namespace slowlane

#include "dataplane/assembler.h"

#include <algorithm>
#include <cstring>

namespace slowlane {

Assembler::Put Assembler::put(std::size_t offset, std::span<const std::uint8_t> bytes) noexcept {
  if (offset >= kCapacity || bytes.empty()) return Put::nothing;
  const auto begin = static_cast<std::uint32_t>(offset);
  const auto end = static_cast<std::uint32_t>(offset + std::min(bytes.size(), kCapacity - offset));

  // The runs [first, last) are those that the piece overlaps or touches.
  std::size_t first = 0;
  while (first < run_count_ && runs_[first].end < begin) ++first;
  std::size_t last = first;
  while (last < run_count_ && runs_[last].begin <= end) ++last;
  if (first == last) {
    const std::size_t beyond = run_count_ - (run_count_ > 0 && runs_[0].begin == 0 ? 1 : 0);
    if (begin > 0 && beyond == kMaxPieces) return Put::no_room;
    std::memcpy(bytes_.data() + begin, bytes.data(), end - begin);
    open_run(first, {begin, end});
    return Put::taken;
  }

  // Only the gaps between those runs are filled: the first copy of a byte wins.
  bool taken = false;
  std::uint32_t at = begin;
  const auto fill = [&](std::uint32_t to) {
    if (at >= to) return;
    std::memcpy(bytes_.data() + at, bytes.data() + (at - begin), to - at);
    taken = true;
  };
  for (std::size_t i = first; i < last; ++i) {
    fill(std::min(runs_[i].begin, end));
    at = std::max(at, runs_[i].end);
  }
  fill(end);
  runs_[first] = {std::min(runs_[first].begin, begin), std::max(runs_[last - 1].end, end)};
  close_runs(first + 1, last);
  return taken ? Put::taken : Put::nothing;
}

void Assembler::open_run(std::size_t index, Run run) noexcept {
  for (std::size_t i = run_count_; i > index; --i) runs_[i] = runs_[i - 1];
  runs_[index] = run;
  ++run_count_;
}

void Assembler::close_runs(std::size_t first, std::size_t last) noexcept {
  const std::size_t gone = last - first;
  for (std::size_t i = last; i < run_count_; ++i) runs_[i - gone] = runs_[i];
  run_count_ -= gone;
}

std::span<const std::uint8_t> Assembler::prefix() const noexcept {
  if (run_count_ == 0 || runs_[0].begin != 0) return {};
  return {bytes_.data(), runs_[0].end};
}

std::size_t Assembler::held() const noexcept {
  std::size_t sum = 0;
  for (std::size_t i = 0; i < run_count_; ++i) sum += runs_[i].end - runs_[i].begin;
  return sum;
}

}  // namespace slowlane

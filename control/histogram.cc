#include "control/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace slowlane {
namespace {

// 128 steps in each doubling; times below 256 ns are exact.
constexpr unsigned kStepBits = 7;
constexpr std::size_t kSteps = std::size_t{1} << kStepBits;
constexpr std::size_t kCells = kSteps * (64 - kStepBits);

std::size_t cell_of(std::uint64_t value) {
  if (value < 2 * kSteps) return value;
  const unsigned shift = static_cast<unsigned>(std::bit_width(value)) - kStepBits - 1;
  return (shift << kStepBits) + (value >> shift);
}

// The largest value of a cell.
std::uint64_t top_of(std::size_t cell) {
  if (cell < 2 * kSteps) return cell;
  const unsigned shift = static_cast<unsigned>(cell >> kStepBits) - 1;
  const std::uint64_t step = cell - (std::size_t{shift} << kStepBits);
  return ((step + 1) << shift) - 1;
}

}  // namespace

Histogram::Histogram() : counts_(kCells) {}

void Histogram::add(Nanos time) noexcept {
  const Nanos value = std::max<Nanos>(time, 0);
  ++counts_[cell_of(static_cast<std::uint64_t>(value))];
  ++count_;
  max_ = std::max(max_, value);
}

Nanos Histogram::percentile(double share) const {
  const auto wanted = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_)));
  std::uint64_t seen = 0;
  for (std::size_t cell = 0; cell < counts_.size(); ++cell) {
    seen += counts_[cell];
    if (seen > 0 && seen >= wanted) return std::min(static_cast<Nanos>(top_of(cell)), max_);
  }
  return 0;
}

}  // namespace slowlane

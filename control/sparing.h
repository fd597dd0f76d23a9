#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>

#include "rules/units.h"

namespace slowlane {

// Lets a few of something pass at once, and then one a minute: for lines that anybody may cause in a file that is never
// rotated.
class Sparing {
 public:
  static constexpr std::uint64_t kAtOnce = 10;
  static constexpr Nanos kEvery = 60 * kSecond;

  // `now` goes forward. Nothing: this one is left out. Else how many were left out since the last that passed.
  std::optional<std::uint64_t> pass(Nanos now) {
    const Nanos earliest = now - static_cast<Nanos>(kAtOnce) * kEvery;
    spent_until_ = std::max(spent_until_.value_or(earliest), earliest);
    if (*spent_until_ + kEvery > now) {
      ++left_out_;
      return std::nullopt;
    }
    *spent_until_ += kEvery;
    const std::uint64_t left_out = left_out_;
    left_out_ = 0;
    return left_out;
  }

 private:
  std::optional<Nanos> spent_until_;  // what is allowed is saved up from here to now
  std::uint64_t left_out_ = 0;
};

}  // namespace slowlane

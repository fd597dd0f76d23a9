#pragma once

#include <cstddef>

#include "dataplane/flow.h"
#include "rules/book.h"

namespace slowlane {

inline constexpr std::size_t kUntouched = 2;

// Which of a treatment's two places a direction uses.
inline std::size_t slot_of(Directions directions, Direction direction) {
  switch (directions) {
    case Directions::each: return at(direction);
    case Directions::shared: return 0;
    case Directions::up: return direction == Direction::up ? 0 : kUntouched;
    case Directions::down: return direction == Direction::down ? 0 : kUntouched;
  }
  return kUntouched;
}

}  // namespace slowlane

#pragma once

#include "rules/units.h"

namespace slowlane {

// Where the time of a live run comes from: nanoseconds of CLOCK_REALTIME at start, carried on by CLOCK_MONOTONIC so
// that it never goes back. Read once a turn, by the run loop alone; a replay has no clock, only its capture's times.
class Clock {
 public:
  Clock();
  Nanos now() const;

 private:
  Nanos offset_;
};

}  // namespace slowlane

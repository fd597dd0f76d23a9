#include "dataplane/clock.h"

#include <chrono>

namespace slowlane {
namespace {

template <class Source>
Nanos read() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(Source::now().time_since_epoch()).count();
}

}  // namespace

Clock::Clock() : offset_(read<std::chrono::system_clock>() - read<std::chrono::steady_clock>()) {}

Nanos Clock::now() const { return read<std::chrono::steady_clock>() + offset_; }

}  // namespace slowlane

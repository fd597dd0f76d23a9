#pragma once

#include <cstdint>

#include "rules/book.h"
#include "rules/facts.h"

namespace slowlane {

// Where a flow lies on the line from 0 to below 1: the key `share` takes what lies below its part. A hash of the
// book's seed and of the pair of hosts, the inside host or the 5-tuple; the same for both directions, on any number of
// cores, after a restart and on any machine. A smaller part is always within a larger one.
double share_point(Share::Of of, const Facts& facts, std::uint64_t seed) noexcept;

}  // namespace slowlane

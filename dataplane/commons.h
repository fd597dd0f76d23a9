#pragma once

#include <algorithm>
#include <atomic>

#include "dataplane/publisher.h"
#include "dataplane/shared_rates.h"
#include "dataplane/snapshot.h"
#include "dataplane/spread.h"

namespace slowlane {

// What the workers of one box have in common (house §3 lists what crosses threads). Made by control before them,
// outlives them.
struct Commons {
  // `classes`: slots that later snapshots may use; at least those of the first.
  Commons(const Snapshot& snapshot, std::uint32_t workers, Spread::By by, std::size_t classes = 0)
      : publisher(snapshot, workers), rates(std::max(classes, snapshot.classes.size())), spread(workers, by) {}

  Publisher publisher;
  SharedRates rates;
  Spread spread;
  std::atomic<bool> bypass{false};        // set by control: forward without looking
  std::atomic<std::uint32_t> stopped{0};  // workers that receive no more
};

}  // namespace slowlane

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "dataplane/bucket.h"
#include "dataplane/flow.h"
#include "rules/ip.h"
#include "rules/verdict.h"

namespace slowlane {

// What a class with host scope keeps of one inside host (an address, cut to the class's prefix).
struct HostState {
  Address host;
  std::uint32_t owner = 0;       // whose: the treater's number for a class and what it keeps
  std::uint32_t generation = 0;  // of the snapshot that last used it
  ClassId slot = 0;              // of the class
  std::array<Bucket, 2> police;
  std::array<std::uint32_t, 2> queue{kNoIndex, kNoIndex};  // shape queues; an entry that has one is not swept
  Nanos last = 0;
};

// Buckets per (inside address, class) of one worker: fixed size, swept by idle. An idle entry may go once its buckets
// are full again, so that forgetting it changes nothing.
class HostStates {
 public:
  HostStates(std::uint32_t capacity, std::uint64_t seed);
  ~HostStates();
  HostStates(const HostStates&) = delete;
  HostStates& operator=(const HostStates&) = delete;

  // The entry of (host, owner), made if absent; null where the table is full. Stable until swept.
  HostState* find_or_add(const Address& host, std::uint32_t owner, Nanos now) noexcept;
  // Looks at up to `budget` entries and forgets those not asked for since before `now` whose buckets are full again and
  // that have no queue; `queue_idle(queue)` says whether a queue may be given up (it then has been). `renew(state)`
  // first brings buckets up to date.
  template <class F, class Renew>
  std::uint32_t sweep(Nanos now, std::uint32_t budget, F&& queue_idle, Renew&& renew);
  template <class F>
  std::uint32_t sweep(Nanos now, std::uint32_t budget, F&& queue_idle) {
    return sweep(now, budget, queue_idle, [](HostState&) {});
  }

  std::uint32_t size() const noexcept;

 private:
  // The next entry in sweeping order; null where it was asked for since.
  HostState* sweep_next(Nanos now) noexcept;
  void remove(HostState& state) noexcept;

  struct Table;
  std::unique_ptr<Table> table_;
};

template <class F, class Renew>
std::uint32_t HostStates::sweep(Nanos now, std::uint32_t budget, F&& queue_idle, Renew&& renew) {
  std::uint32_t gone = 0;
  for (; budget > 0; --budget) {
    HostState* state = sweep_next(now);
    if (state == nullptr) continue;
    renew(*state);
    bool idle = state->police[0].full(now) && state->police[1].full(now);
    if (!idle) continue;
    for (std::uint32_t& queue : state->queue)
      if (queue != kNoIndex) {
        if (queue_idle(queue))
          queue = kNoIndex;
        else
          idle = false;
      }
    if (idle) remove(*state), ++gone;
  }
  return gone;
}

}  // namespace slowlane

#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "dataplane/classifier.h"
#include "dataplane/counters.h"
#include "dataplane/names.h"
#include "dataplane/port.h"
#include "dataplane/snapshot.h"
#include "dataplane/witness.h"
#include "rules/ip.h"

namespace slowlane {

// Two ports joined. In a replay both are the same capture port, and a packet's side comes from its addresses.
struct Wire {
  Port* inside = nullptr;
  Port* outside = nullptr;
  std::vector<Prefix> inside_prefixes;  // replay: whose packets come from inside; none: the initiator's side is inside
};

// What one class, and one rule, did so far; written by the worker, read by control.
struct ClassCounts {
  Count flows;  // flows whose verdict it was
  std::array<Count, 2> offered_packets, offered_bytes, sent_packets, sent_bytes, dropped_packets, dropped_bytes;
};
struct RuleCounts {
  Count hits;              // flows
  Count bytes;             // IP bytes of those flows from then on
  Count would_drop_bytes;  // of an observe rule: what its class would have dropped
};

// One core and all it owns. turn() never blocks, logs or throws, and allocates nothing of its own.
class Worker {
 public:
  struct Config {
    std::uint32_t flows = 1 << 20;
    std::uint32_t hosts = 65536;
    std::uint32_t names = 1 << 20;
    std::uint64_t names_bytes = 64ull << 20;
    std::uint32_t looks = 4096;             // flows whose first bytes are being put in order
    std::uint32_t probes = 4096;            // flows that nDPI looks at
    std::uint32_t states = 65536;           // flows under more than a flow-scoped policer
    std::uint32_t datagrams = 16384;        // fragmented datagrams followed at once
    Shaper::Limits held;
    std::uint16_t burst = Burst::kCapacity; // at most; results do not depend on it
    std::uint64_t hash_seed = 1;
    Nanos start = 0;                        // times before it are no times of this run
  };
  // `witness` may be null. The snapshot and the wire's ports must outlive the worker.
  Worker(const Config& config, const Wire& wire, const Snapshot& snapshot, Witness* witness);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // One round: receives a burst from each side, treats it, releases what is due by `now`, sends.
  // Returns how many packets were received or released.
  std::uint32_t turn(Nanos now) noexcept;
  // When turn() has something to do even if nothing arrives; the maximum: never.
  Nanos next_due() const noexcept;
  // Ends every flow, in the order they began. After it, only counters may be read.
  void finish() noexcept;

  const Counters& counters() const;
  std::span<const ClassCounts> class_counts() const;  // index = ClassId
  std::span<const RuleCounts> rule_counts() const;    // index = RuleId
  const Names& names() const;
  const Classifier* classifier() const;  // null where the book does not ask nDPI
  std::uint32_t held_packets() const;
  std::uint64_t held_bytes() const;
  std::uint32_t flows() const;
  std::size_t memory() const;  // bytes of the flow table

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace slowlane

#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "dataplane/burst.h"
#include "dataplane/classifier.h"
#include "dataplane/clerk.h"
#include "dataplane/commons.h"
#include "dataplane/counters.h"
#include "dataplane/flow_table.h"
#include "dataplane/fragments.h"
#include "dataplane/inspector.h"
#include "dataplane/names.h"
#include "dataplane/port.h"
#include "dataplane/snapshot.h"
#include "dataplane/treater.h"
#include "dataplane/wire.h"
#include "dataplane/witness.h"

namespace slowlane {

// What one class, and one rule, did so far; written by the worker, read by control.
struct ClassCounts {
  Count flows;         // flows whose verdict it was
  Count flows_now;     // flows that have it now
  Count held_packets;  // held now
  std::array<Count, 2> offered_packets, offered_bytes, sent_packets, sent_bytes, dropped_packets, dropped_bytes;
};
struct RuleCounts {
  Count hits;              // flows
  Count last_hit;          // when, in Nanos; 0: never
  Count bytes;             // IP bytes of those flows from then on
  Count would_drop_bytes;  // of an observe rule: what its class would have dropped
};

// One core and all it owns. turn() never blocks, logs or throws, and allocates nothing of its own.
class Worker {
 public:
  struct Config {
    std::uint32_t flows = 1 << 20;
    std::uint32_t names = 0;  // different server names at once; 0: as many as flows
    std::uint64_t names_bytes = 64ull << 20;
    Inspector::Pools inspector;
    std::uint32_t probes = 4096;  // flows that nDPI looks at
    // Whether nDPI stands by though the first book does not ask for it.
    enum class Classify : std::uint8_t { if_asked, always } classify = Classify::if_asked;
    // Slots of rules that later snapshots may use; at least those of the first. Those of classes: as in `commons`.
    std::uint32_t rules = 0;
    Treater::Pools treater;
    std::uint32_t datagrams = 16384;         // fragmented datagrams followed or held at once
    std::uint16_t burst = Burst::kCapacity;  // at most; results do not depend on it
    std::uint64_t hash_seed = 1;             // the same for all workers of a box
    Nanos start = 0;                         // no packet is older; the same for all workers of a box
    std::uint32_t index = 0;                 // which worker of the box it is
    // When a packet arrived: as its port says (virtual time), or with the turn that found it (live).
    enum class Arrivals : std::uint8_t { of_port, of_turn } arrivals = Arrivals::of_port;
  };
  // `witness` may be null. The wires' ports, `commons` and the witness must outlive the worker, the snapshot until it
  // has adopted another (Publisher).
  // Throws std::runtime_error where nDPI cannot start.
  Worker(const Config& config, std::vector<Wire> wires, const Snapshot& snapshot, Commons& commons, Witness* witness);
  // The only worker of a run on one wire.
  Worker(const Config& config, const Wire& wire, const Snapshot& snapshot, Witness* witness);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Whose requests it serves, a little each turn; before the first turn, and the mailbox outlives the worker.
  void serve(Mailbox& mailbox) noexcept { clerk_.attach(mailbox); }

  // One round: receives a burst from each side of each wire and from other workers, treats it packet by packet,
  // releases what is due by `now`, sends. Returns how much it had to do: packets received or
  // released, and records that control asked about.
  std::uint32_t turn(Nanos now) noexcept;
  // Sends at once what other workers gave it and all that is held, in order of release.
  void drain() noexcept;
  // When turn() has something to do even if nothing arrives; the maximum: never.
  Nanos next_due() const noexcept;
  // Ends every flow, in the order they began. After it, only counters may be read.
  void finish() noexcept;

  const Counters& counters() const { return counters_; }
  Nanos now() const { return now_; }                                           // of the turn
  std::uint64_t turns() const { return turns_.read(); }                        // any thread: whether it still turns
  std::span<const ClassCounts> class_counts() const { return class_counts_; }  // index = slot of the class
  std::span<const RuleCounts> rule_counts() const { return rule_counts_; }     // index = slot of the rule
  const Names& names() const { return names_; }
  const Classifier* classifier() const { return classifier_.get(); }  // null where the book does not ask nDPI
  std::uint32_t held_packets() const { return treater_.held_packets() + fragments_.held_packets(); }
  std::uint64_t held_bytes() const { return treater_.held_bytes() + fragments_.held_bytes(); }
  std::uint32_t flows() const { return table_.size(); }
  std::size_t memory() const { return table_.memory(); }  // bytes of the flow table

 private:
  Worker(const Config& config, std::vector<Wire> wires, const Snapshot& snapshot, std::unique_ptr<Commons> own,
         Commons* commons, Witness* witness);

  // The walk of a packet, in order.
  std::uint32_t receive(std::uint8_t wire, Side side) noexcept;
  void parse_burst(Burst& burst) noexcept;
  void prefetch(const Burst& burst) noexcept;
  void advance(Nanos now) noexcept;
  void step(Packet* packet) noexcept;
  void walk(Packet* packet) noexcept;
  Flow* join(Packet& packet) noexcept;
  bool judge(Flow& flow, const Packet& packet) noexcept;
  void treat(Flow& flow, Packet* packet, Direction direction, bool trigger) noexcept;
  void send(Packet* packet) noexcept;
  void drop(Packet* packet, DropReason reason) noexcept;
  std::uint32_t release(Nanos until) noexcept;

  // Another book (worker_reload.cc).
  void adopt(const Snapshot& next) noexcept;
  void reopen(Flow& flow) noexcept;
  Verdict verdict_of(Flow& flow) noexcept;
  void recall_payload(const Flow& flow, Verdict& verdict) const noexcept;
  bool inherits(const Flow& flow) const noexcept;
  bool keeps_class(Flow& flow) noexcept;
  void change_observed(Flow& flow, const Verdict& verdict, Nanos now) noexcept;
  void count_flow(Flow& flow) noexcept;
  void enter(Flow& flow, ClassId cls) noexcept;
  void move(Flow& flow, ClassId cls) noexcept;
  static FlowTable::IdleTimes idle_times(const FlowRules& rules) noexcept {
    return {rules.idle_syn, rules.idle_udp, rules.idle};
  }
  static FlowTable::IdleTimes short_idle_times(const FlowRules& rules) noexcept {
    return {rules.idle_syn, rules.idle_udp, std::min(rules.idle, rules.idle_syn)};
  }

  // Between workers and on wires (worker_wires.cc).
  void obey() noexcept;
  void note_origin(Burst& burst, std::uint8_t wire, Side side) noexcept;
  void spread_burst(Burst& burst) noexcept;
  std::uint32_t receive_spread() noexcept;
  bool is_elsewhere(const Packet& packet) const noexcept;
  void put_out(Packet* packet) noexcept;
  void flush(std::size_t out) noexcept;
  void flush_all() noexcept;

  // Fragments (worker_flows.cc, as all below).
  bool holds_fragment(Packet& packet) noexcept;
  bool take_fragment(Packet* packet) noexcept;
  void take_released(const Fragments::Released& released, Nanos now) noexcept;

  // How flows begin, get their verdict and end.
  Flow* begin(const Packet& packet) noexcept;
  void fill(Flow& flow, const Packet& packet) noexcept;
  bool apply(Flow& flow, const Verdict& verdict, const Packet& packet) noexcept;
  void put_under(Flow& flow, const Verdict& verdict, Nanos now) noexcept;
  void hit(RuleId rule, Nanos now) noexcept;
  void note_observed(Flow& flow, const Verdict& verdict, Nanos now) noexcept;
  void note_deciding_name(Flow& flow) noexcept;
  std::optional<FlowEnd> over(const Flow& flow, const Packet& packet) noexcept;
  void restart(Flow& flow, const Packet& packet, FlowEnd why) noexcept;
  void restart_hold_on_trigger(Flow& flow, const Packet& packet) noexcept;
  void close(Flow& flow, FlowEnd why) noexcept;
  void end(Flow& flow, FlowEnd why) noexcept;
  void tick(Nanos now) noexcept;
  bool client_is_inside(const Flow& flow, const Packet& packet) const noexcept;
  Side side_without_flow(const Packet& packet) const noexcept;

  // Counting.
  void count_arrival(const Packet& packet) noexcept;
  void count_unjudged(const Packet& packet) noexcept;
  void count_observed(Flow& flow, const Packet& packet, Direction direction, bool trigger) noexcept;
  void count_sent(const Packet& packet) noexcept;
  void take_back_sent(const Packet& packet) noexcept;
  void count_dropped(const Packet& packet, DropReason reason) noexcept;

  const Config config_;
  const std::vector<Wire> wires_;
  const std::unique_ptr<Commons> own_commons_;  // null where control made them
  Commons& commons_;
  const Snapshot* snapshot_;
  const Inspection* inspection_;
  const FlowRules* flow_rules_;
  Witness* const witness_;
  FlowTable::IdleTimes idle_;
  FlowTable::IdleTimes short_idle_;

  Counters counters_;
  std::vector<ClassCounts> class_counts_;
  std::vector<RuleCounts> rule_counts_;
  Names names_;
  std::unique_ptr<Classifier> classifier_;
  RuleSet::Scratch* scratch_;  // the snapshot's for this worker
  FlowTable table_;
  Fragments fragments_;
  Inspector inspector_;
  Treater treater_;
  Clerk clerk_;
  std::vector<Burst> out_;  // of each wire two, by the side packets leave on
  bool bypassing_ = false;
  Nanos holds_fragments_since_ = 0;
  Nanos now_;
  Count turns_;
  std::uint64_t next_flow_id_ = 1;
  Nanos next_tick_;
  std::array<std::uint64_t, 1024> unjudged_seen_{};
};

}  // namespace slowlane

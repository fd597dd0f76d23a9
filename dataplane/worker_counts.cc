#include "dataplane/worker.h"

// What a worker counts.

namespace slowlane {
namespace {

constexpr std::uint32_t kLongestUntagged = 1522;  // what is longer is a jumbo frame or was merged by an offload

}  // namespace

void Worker::count_arrival(const Packet& packet) noexcept {
  counters_[Counter::received_packets].add();
  counters_[Counter::received_bytes].add(packet.counted_bytes());
  if (packet.bytes().size() < packet.wire_length) counters_[Counter::truncated].add();
  if (packet.wire_length > kLongestUntagged) counters_[Counter::offloaded].add();
  if (packet.time_backwards) counters_[Counter::time_backwards].add();
  if (bypassing_) return counters_[Counter::bypassed_packets].add();
  if (packet.parsed.kind == Parsed::Kind::not_ip) counters_[Counter::not_ip].add();
  if (packet.parsed.kind == Parsed::Kind::malformed || packet.parsed.damaged)
    counters_.malformed[static_cast<std::size_t>(packet.parsed.reason)].add();
}

// There is no record to remember an unjudged flow by: a small filter of hashes counts most of them once.
void Worker::count_unjudged(const Packet& packet) noexcept {
  counters_[Counter::unjudged_packets].add();
  std::uint64_t& seen = unjudged_seen_[packet.hash % unjudged_seen_.size()];
  if (seen == packet.hash) return;
  seen = packet.hash;
  counters_[Counter::unjudged_flows].add();
}

void Worker::count_observed(Flow& flow, const Packet& packet, Direction direction, bool trigger) noexcept {
  for (std::size_t i = 0; i < flow.observed_count; ++i) {
    RuleCounts& counts = rule_counts_[flow.observed[i]];
    counts.bytes.add(packet.parsed.headers.ip_bytes);
    if (treater_.would_drop(packet, flow, i, direction, trigger))
      counts.would_drop_bytes.add(packet.parsed.headers.ip_bytes);
  }
}

// A tap's packets end here, but what its classes let through is counted as on a wire.
void Worker::count_sent(const Packet& packet) noexcept {
  const std::uint32_t bytes = packet.counted_bytes() - packet.cut_bytes;
  const bool leaves = wires_[packet.wire].mode == Wire::Mode::forward;
  constexpr auto kTap = static_cast<std::size_t>(DropReason::tap);
  (leaves ? counters_[Counter::sent_packets] : counters_.dropped_packets[kTap]).add();
  (leaves ? counters_[Counter::sent_bytes] : counters_.dropped_bytes[kTap]).add(bytes);
  counters_[Counter::cut_bytes].add(packet.cut_bytes);
  if (packet.flow_id == 0) return;
  const std::size_t d = packet.side == Side::inside ? 0 : 1;
  class_counts_[packet.cls].sent_packets[d].add();
  class_counts_[packet.cls].sent_bytes[d].add(bytes);
}

void Worker::take_back_sent(const Packet& packet) noexcept {
  const std::uint32_t bytes = packet.counted_bytes() - packet.cut_bytes;
  counters_[Counter::sent_packets].take_back(1);
  counters_[Counter::sent_bytes].take_back(bytes);
  counters_[Counter::cut_bytes].take_back(packet.cut_bytes);
  if (packet.flow_id == 0) return;
  const std::size_t d = packet.side == Side::inside ? 0 : 1;
  class_counts_[packet.cls].sent_packets[d].take_back(1);
  class_counts_[packet.cls].sent_bytes[d].take_back(bytes);
}

void Worker::count_dropped(const Packet& packet, DropReason reason) noexcept {
  const std::uint32_t bytes = packet.counted_bytes() - packet.cut_bytes;
  const auto row = static_cast<std::size_t>(reason);
  counters_.dropped_packets[row].add();
  counters_.dropped_bytes[row].add(bytes);
  counters_[Counter::cut_bytes].add(packet.cut_bytes);
  if (packet.flow_id == 0) return;
  const std::size_t d = packet.side == Side::inside ? 0 : 1;
  class_counts_[packet.cls].dropped_packets[d].add();
  class_counts_[packet.cls].dropped_bytes[d].add(bytes);
}

}  // namespace slowlane

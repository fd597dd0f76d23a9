#include <algorithm>
#include <vector>

#include "dataplane/flow_keeper.h"
#include "dataplane/worker.h"

namespace slowlane {
namespace {

constexpr Nanos kTick = 10 * kMillisecond;
constexpr std::uint32_t kExpiriesPerTick = 1024;
constexpr std::uint32_t kLongestUntagged = 1522;  // what is longer is a jumbo frame or was merged by an offload

bool contains(const std::vector<Prefix>& prefixes, const Address& address) {
  return std::any_of(prefixes.begin(), prefixes.end(), [&](const Prefix& prefix) { return prefix.contains(address); });
}

}  // namespace

// --- Fragments.

// True: the packet is taken care of.
bool Worker::take_fragment(Packet* packet) noexcept {
  if (inspection_.fragments == Inspection::Fragments::hold) {
    take_released(fragments_.hold(packet, inspection_), packet->arrival);
    return true;
  }
  if (packet->parsed.headers.fragment == FragmentKind::first) {
    if (!fragments_.learn(*packet)) counters_[Counter::fragments_no_room].add();
    return false;
  }
  if (fragments_.follow(*packet)) {
    packet->hash = table_.hash(packet->parsed.key);
    counters_[Counter::fragments_followed].add();
    return false;
  }
  counters_[Counter::fragments_early].add();
  packet->side = side_without_flow(*packet);
  send(packet);
  return true;
}

void Worker::take_released(const Fragments::Released& released, Nanos now) noexcept {
  if (released.fate == Fragments::Released::Fate::none) return;
  for (Packet* packet = released.chain; packet != nullptr;) {
    Packet* const next = packet->next;
    packet->next = nullptr;
    packet->arrival = now;  // what is treated is the whole datagram, when it is whole
    if (released.fate == Fragments::Released::Fate::drop) {
      packet->side = side_without_flow(*packet);
      drop(packet, released.reason);
    } else {
      if (packet->parsed.headers.fragment == FragmentKind::first)
        fragments_.learn(*packet);
      else
        fragments_.follow(*packet);
      packet->hash = table_.hash(packet->parsed.key);
      walk(packet);
    }
    packet = next;
  }
}

// --- How flows begin, get their verdict and end.

Flow* Worker::begin(const Packet& packet) noexcept {
  const IdleClass idle = packet.parsed.headers.transport == 6 ? IdleClass::syn : IdleClass::udp;
  Flow* flow = table_.add(packet.parsed.key, packet.hash, idle, packet.arrival);
  if (flow == nullptr) {
    Flow* victim = table_.evictable(short_idle_, packet.hash, packet.arrival);
    if (victim == nullptr) return nullptr;
    counters_[Counter::flows_evicted].add();
    end(*victim, FlowEnd::evicted);
    flow = table_.add(packet.parsed.key, packet.hash, idle, packet.arrival);
    if (flow == nullptr) return nullptr;
  }
  fill(*flow, packet);
  return flow;
}

void Worker::fill(Flow& flow, const Packet& packet) noexcept {
  begin_flow(flow, packet, flow_rules_);
  flow.id = next_flow_id_++;
  flow.client_inside = client_is_inside(flow, packet);
  counters_[Counter::flows_begun].add();
  inspector_.begin(flow, snapshot_.rules->needs());
  if (!flow.midstream || flow_rules_.midstream) return;
  inspector_.end(flow, NotFound::midstream);
  flow.generation = snapshot_.generation;
  flow.settled = true;
  flow.cls = kPass;
}

// Puts a verdict in force. True: this packet brought it.
bool Worker::apply(Flow& flow, const Verdict& verdict, const Packet& packet) noexcept {
  flow.wants_application = verdict.wants_application;
  flow.wants_payload = verdict.wants_payload;
  note_observed(flow, verdict);
  if (flow.settled) {
    // Only a hold that goes on from an earlier connection is settled before it is judged.
    if (flow.holding && verdict.cls == flow.cls && treater_.restarts_on_trigger(flow))
      treater_.restart_hold(flow, packet.arrival);
    return false;
  }
  flow.settled = verdict.settled;
  if (!verdict.settled) {
    if (flow.cls != verdict.cls) treater_.enter(flow, verdict.cls);
    return false;
  }
  treater_.enter(flow, verdict.cls);
  flow.rule = verdict.rule;
  class_counts_[verdict.cls].flows.add();
  note_deciding_name(flow);
  if (!verdict.wants_payload) inspector_.settle(flow);
  if (verdict.rule == kNoRule) return verdict.cls != kPass;
  rule_counts_[verdict.rule].hits.add();
  flow.trigger_frame = packet.frame;
  flow.trigger_time = packet.arrival;
  flow.trigger_side = direction_of(flow, packet.parsed) == Direction::up ? Side::inside : Side::outside;
  return true;
}

void Worker::note_observed(Flow& flow, const Verdict& verdict) noexcept {
  for (const RuleId rule : verdict.observed_rules()) {
    const auto known = flow.observed.begin() + flow.observed_count;
    if (std::find(flow.observed.begin(), known, rule) != known) continue;
    if (flow.observed_count == flow.observed.size()) return;
    flow.observed[flow.observed_count] = rule;
    rule_counts_[rule].hits.add();
    treater_.observe(flow, flow.observed_count++);
  }
}

// With several names on one flow, the one that decides is the first that alone leads to the same rule.
void Worker::note_deciding_name(Flow& flow) noexcept {
  if (flow.rule == kNoRule || flow.name_count == 0) return;
  flow.deciding_name = static_cast<std::uint8_t>(flow.name_count - 1);
  if (flow.name_count == 1) return;
  Facts facts = inspector_.facts(flow);
  const std::span<const HostName> names = facts.names;
  facts.more_names = false;
  for (std::size_t i = 0; i < names.size(); ++i) {
    facts.names = names.subspan(i, 1);
    if (snapshot_.rules->judge(facts, *scratch_).rule != flow.rule) continue;
    flow.deciding_name = static_cast<std::uint8_t>(i);
    return;
  }
}

// Whether the flow that was found is a past one, and this packet begins another on the same 5-tuple.
std::optional<FlowEnd> Worker::over(const Flow& flow, const Packet& packet) noexcept {
  if (treater_.hold_of(flow, packet.arrival) == Treater::Hold::over) return FlowEnd::hold_over;
  if (!flow.holding && packet.arrival - flow.last > idle_[static_cast<std::size_t>(flow.idle)]) return FlowEnd::idle;
  if (is_new_connection(flow, packet.parsed, flow_rules_)) return FlowEnd::new_syn;
  return std::nullopt;
}

// The next flow takes over the record in place: packets that are still held stay ahead of it, and a hold that runs
// goes on for the 5-tuple (contract §2 "hold").
void Worker::restart(Flow& flow, const Packet& packet, FlowEnd why) noexcept {
  const bool keeps_hold = why == FlowEnd::new_syn && treater_.hold_of(flow, packet.arrival) == Treater::Hold::running;
  if (keeps_hold) treater_.detach(flow);
  const Flow past = flow;
  close(flow, why);
  flow = Flow{};
  flow.key = past.key;
  flow.last = packet.arrival;
  flow.newer = past.newer;
  flow.older = past.older;
  flow.listed_at = past.listed_at;
  flow.idle = past.idle;
  flow.held = past.held;
  fill(flow, packet);
  if (keeps_hold) {
    flow.cls = past.cls;
    flow.rule = past.rule;
    flow.settled = true;
    treater_.attach(flow);
  }
  treater_.keep_holding(flow);
}

void Worker::restart_hold_on_trigger(Flow& flow, const Packet& packet) noexcept {
  if (flow.looking || packet.parsed.headers.captured_payload == 0 || !treater_.restarts_on_trigger(flow)) return;
  if (treater_.hold_of(flow, packet.arrival) != Treater::Hold::running) return;
  const std::optional<HostName> name = inspector_.glance(flow, packet);
  if (!name) return;
  Facts facts = inspector_.facts(flow);
  facts.names = {&*name, 1};
  if (snapshot_.rules->judge(facts, *scratch_).cls == flow.cls) treater_.restart_hold(flow, packet.arrival);
}

// Says that a flow is over and gives back what it used, all but its record.
void Worker::close(Flow& flow, FlowEnd why) noexcept {
  if (flow.looking) inspector_.end(flow, flow.had_payload ? NotFound::incomplete : NotFound::no_payload);
  if (flow.name_count == 0) counters_.not_found[static_cast<std::size_t>(flow.not_found)].add();
  counters_[Counter::flows_ended].add();
  if (witness_ != nullptr) witness_->flow_done(flow, why);
  inspector_.forget(flow);
  treater_.forget(flow);
}

void Worker::end(Flow& flow, FlowEnd why) noexcept {
  close(flow, why);
  table_.remove(flow);
}

void Worker::tick(Nanos now) noexcept {
  next_tick_ = (now / kTick + 1) * kTick;
  treater_.sweep(now);
  for (std::uint32_t i = 0; i < kExpiriesPerTick; ++i) {
    Flow* flow = table_.expired(idle_, now);
    if (flow == nullptr) return;
    end(*flow, FlowEnd::idle);
  }
}

void Worker::finish() noexcept {
  flush(out_[0], *wire_.outside);
  flush(out_[1], *wire_.inside);
  std::vector<Flow*> left;
  left.reserve(table_.size());
  table_.for_each([&](Flow& flow) { left.push_back(&flow); });
  std::sort(left.begin(), left.end(), [](const Flow* a, const Flow* b) { return a->id < b->id; });
  for (Flow* flow : left) end(*flow, FlowEnd::end_of_run);
}

Nanos Worker::next_due() const noexcept { return std::min(treater_.next_due(), fragments_.next_due()); }

bool Worker::client_is_inside(const Flow& flow, const Packet& packet) const noexcept {
  if (wire_.inside != wire_.outside) return (packet.side == Side::inside) == from_client(flow, packet.parsed);
  return wire_.inside_prefixes.empty() || contains(wire_.inside_prefixes, flow.client()) ||
         !contains(wire_.inside_prefixes, flow.server());
}

// In a replay, the side of a packet that has no flow is its sender's, where addresses tell.
Side Worker::side_without_flow(const Packet& packet) const noexcept {
  if (wire_.inside != wire_.outside || packet.parsed.kind != Parsed::Kind::ip) return packet.side;
  const FlowKey& key = packet.parsed.key;
  const Address& sender = packet.parsed.from_low ? key.low : key.high;
  const Address& receiver = packet.parsed.from_low ? key.high : key.low;
  const bool outside = !contains(wire_.inside_prefixes, sender) && contains(wire_.inside_prefixes, receiver);
  return outside ? Side::outside : Side::inside;
}

// --- Counting.

void Worker::count_arrival(const Packet& packet) noexcept {
  counters_[Counter::received_packets].add();
  counters_[Counter::received_bytes].add(packet.counted_bytes());
  if (packet.bytes().size() < packet.wire_length) counters_[Counter::truncated].add();
  if (packet.wire_length > kLongestUntagged) counters_[Counter::offloaded].add();
  if (packet.time_backwards) counters_[Counter::time_backwards].add();
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

void Worker::count_sent(const Packet& packet) noexcept {
  const std::uint32_t bytes = packet.counted_bytes() - packet.cut_bytes;
  counters_[Counter::sent_packets].add();
  counters_[Counter::sent_bytes].add(bytes);
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

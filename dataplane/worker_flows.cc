#include <algorithm>
#include <vector>

#include "dataplane/flow_keeper.h"
#include "dataplane/worker.h"

namespace slowlane {
namespace {

constexpr Nanos kTick = 10 * kMillisecond;
constexpr std::uint32_t kExpiriesPerTick = 1024;

}  // namespace

// --- Fragments.

// What the book before had taken in hand stays so: no datagram is lost to a change of `fragments`.
bool Worker::holds_fragment(Packet& packet) noexcept {
  if (inspection_->fragments == Inspection::Fragments::follow)
    return fragments_.held_packets() > 0 && fragments_.knows(packet);
  return holds_fragments_since_ == 0 || !fragments_.follow(packet, holds_fragments_since_);
}

// True: the packet is taken care of.
bool Worker::take_fragment(Packet* packet) noexcept {
  if (holds_fragment(*packet)) {
    take_released(fragments_.hold(packet, *inspection_), packet->arrival);
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
  begin_flow(flow, packet, *flow_rules_);
  flow.id = next_flow_id_++;
  flow.client_inside = client_is_inside(flow, packet);
  counters_[Counter::flows_begun].add();
  class_counts_[flow.cls].flows_now.add();
  if (witness_ != nullptr) witness_->flow_begun(flow);
  inspector_.begin(flow, snapshot_->rules->needs());
  if (!flow.midstream || flow_rules_->midstream) return;
  inspector_.end(flow, NotFound::midstream);
  flow.generation = snapshot_->generation;
  flow.settled = true;
  move(flow, kPass);
}

// Puts a verdict in force. True: this packet brought it.
bool Worker::apply(Flow& flow, const Verdict& verdict, const Packet& packet) noexcept {
  const bool again = flow.generation != 0 && flow.generation != snapshot_->generation;
  flow.wants_application = verdict.wants_application;
  flow.wants_payload = verdict.wants_payload;
  if (again)
    change_observed(flow, verdict, packet.arrival);
  else
    note_observed(flow, verdict, packet.arrival);
  if (flow.settled) {
    // Only a hold that goes on from an earlier connection is settled before it is judged.
    if (again) treater_.stay(flow);
    if (flow.holding && verdict.cls == flow.cls && treater_.restarts_on_trigger(flow))
      treater_.restart_hold(flow, packet.arrival);
    return false;
  }
  const bool other_class = flow.cls != verdict.cls;
  put_under(flow, verdict, packet.arrival);
  if (!verdict.settled) return false;
  note_deciding_name(flow);
  if (!verdict.wants_payload) inspector_.settle(flow);
  if (!other_class) return false;
  if (verdict.rule == kNoRule) return verdict.cls != kPass;
  flow.trigger_frame = packet.frame;
  flow.trigger_time = packet.arrival;
  flow.trigger_side = direction_of(flow, packet.parsed) == Direction::up ? Side::inside : Side::outside;
  return true;
}

// The class and the rule of a verdict. What is kept of the flow goes on where it has the class already.
void Worker::put_under(Flow& flow, const Verdict& verdict, Nanos now) noexcept {
  const bool same_rule = flow.rule == verdict.rule && snapshot_->has_rule(verdict.rule, flow.generation);
  if (flow.cls != verdict.cls)
    enter(flow, verdict.cls);
  else
    treater_.stay(flow);
  flow.settled = verdict.settled;
  flow.rule = verdict.rule;
  if (!verdict.settled) return;
  count_flow(flow);
  if (verdict.rule != kNoRule && !same_rule) hit(verdict.rule, now);
}

void Worker::hit(RuleId rule, Nanos now) noexcept {
  rule_counts_[rule].hits.add();
  rule_counts_[rule].last_hit.set(static_cast<std::uint64_t>(now));
}

void Worker::note_observed(Flow& flow, const Verdict& verdict, Nanos now) noexcept {
  for (const RuleId rule : verdict.observed_rules()) {
    const auto known = flow.observed.begin() + flow.observed_count;
    if (std::find(flow.observed.begin(), known, rule) != known) continue;
    if (flow.observed_count == flow.observed.size()) return;
    flow.observed[flow.observed_count] = rule;
    hit(rule, now);
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
    if (snapshot_->judge(facts, *scratch_).rule != flow.rule) continue;
    flow.deciding_name = static_cast<std::uint8_t>(i);
    return;
  }
}

// Whether the flow that was found is a past one, and this packet begins another on the same 5-tuple.
std::optional<FlowEnd> Worker::over(const Flow& flow, const Packet& packet) noexcept {
  if (treater_.hold_of(flow, packet.arrival) == Treater::Hold::over) return FlowEnd::hold_over;
  if (!flow.holding && packet.arrival - flow.last > idle_[static_cast<std::size_t>(flow.idle)]) return FlowEnd::idle;
  if (is_new_connection(flow, packet.parsed, *flow_rules_)) return FlowEnd::new_syn;
  return std::nullopt;
}

// The next flow takes over the record in place: packets that are still held stay ahead of it, and a hold that runs
// goes on for the 5-tuple (contract §2 "hold").
void Worker::restart(Flow& flow, const Packet& packet, FlowEnd why) noexcept {
  const bool keeps_hold =
      why == FlowEnd::new_syn && treater_.hold_of(flow, packet.arrival) == Treater::Hold::running && keeps_class(flow);
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
    move(flow, past.cls);
    flow.rule = past.rule;
    flow.settled = true;
    flow.inherited_hold = true;
    treater_.attach(flow);
  }
  treater_.keep_holding(flow);
}

void Worker::restart_hold_on_trigger(Flow& flow, const Packet& packet) noexcept {
  if (flow.looking || packet.parsed.headers.captured_payload == 0 || !treater_.restarts_on_trigger(flow)) return;
  if (treater_.hold_of(flow, packet.arrival) != Treater::Hold::running) return;
  const std::optional<HostName> name = inspector_.glance(flow, packet, *inspection_);
  if (!name) return;
  Facts facts = inspector_.facts(flow);
  facts.names = {&*name, 1};
  if (snapshot_->judge(facts, *scratch_).cls == flow.cls) treater_.restart_hold(flow, packet.arrival);
}

// Says that a flow is over and gives back what it used, all but its record.
void Worker::close(Flow& flow, FlowEnd why) noexcept {
  if (flow.looking) inspector_.end(flow, flow.had_payload ? NotFound::incomplete : NotFound::no_payload);
  if (flow.name_count == 0) counters_.not_found[static_cast<std::size_t>(flow.not_found)].add();
  counters_[Counter::flows_ended].add();
  if (witness_ != nullptr) witness_->flow_done(flow, why);
  inspector_.forget(flow);
  treater_.forget(flow);
  class_counts_[flow.cls].flows_now.take_back(1);
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
  flush_all();
  std::vector<Flow*> left;
  left.reserve(table_.size());
  table_.for_each([&](Flow& flow) { left.push_back(&flow); });
  std::sort(left.begin(), left.end(), [](const Flow* a, const Flow* b) { return a->id < b->id; });
  for (Flow* flow : left) end(*flow, FlowEnd::end_of_run);
}

Nanos Worker::next_due() const noexcept { return std::min(treater_.next_due(), fragments_.next_due()); }

bool Worker::client_is_inside(const Flow& flow, const Packet& packet) const noexcept {
  const Wire& wire = wires_[packet.wire];
  if (!wire.one_armed()) return (packet.side == Side::inside) == from_client(flow, packet.parsed);
  return wire.inside_prefixes.empty() || contains(wire.inside_prefixes, flow.client()) ||
         !contains(wire.inside_prefixes, flow.server());
}

// On one port, the side of a packet that has no flow is its sender's, where addresses tell.
Side Worker::side_without_flow(const Packet& packet) const noexcept {
  const Wire& wire = wires_[packet.wire];
  if (!wire.one_armed() || packet.parsed.kind != Parsed::Kind::ip) return packet.side;
  const FlowKey& key = packet.parsed.key;
  const Address& sender = packet.parsed.from_low ? key.low : key.high;
  const Address& receiver = packet.parsed.from_low ? key.high : key.low;
  const bool outside = !contains(wire.inside_prefixes, sender) && contains(wire.inside_prefixes, receiver);
  return outside ? Side::outside : Side::inside;
}

}  // namespace slowlane

#include "dataplane/worker.h"

#include <algorithm>
#include <limits>

#include "dataplane/flow_keeper.h"

namespace slowlane {
namespace {

bool wants_classifier(const Worker::Config& config, const Snapshot& snapshot) {
  return config.classify == Worker::Config::Classify::always || snapshot.rules->needs().application;
}

}  // namespace

Worker::Worker(const Config& config, std::vector<Wire> wires, const Snapshot& snapshot, std::unique_ptr<Commons> own,
               Commons* commons, Witness* witness)
    : config_(config),
      wires_(std::move(wires)),
      own_commons_(std::move(own)),
      commons_(own_commons_ ? *own_commons_ : *commons),
      snapshot_(&snapshot),
      inspection_(&snapshot.rules->book().inspection),
      flow_rules_(&snapshot.rules->book().flows),
      witness_(witness),
      idle_(idle_times(*flow_rules_)),
      short_idle_(short_idle_times(*flow_rules_)),
      class_counts_(commons_.rates.size()),
      rule_counts_(std::max<std::size_t>(config.rules, snapshot.rule_slots.size())),
      names_(config.names != 0 ? config.names : config.flows, config.names_bytes, config.hash_seed),
      classifier_(wants_classifier(config, snapshot) ? std::make_unique<Classifier>(config.probes) : nullptr),
      scratch_(snapshot.scratch[config.index].get()),
      table_(config.flows, config.hash_seed),
      fragments_(config.datagrams, config.treater.held.held_bytes, config.hash_seed),
      inspector_(config.inspector, names_, classifier_.get(), counters_),
      treater_(config.treater, snapshot, commons_.rates, config.start, counters_),
      clerk_(table_, names_, treater_, static_cast<std::uint16_t>(config.index)),
      out_(2 * wires_.size()),
      now_(config.start),
      next_tick_(config.start) {}

Worker::Worker(const Config& config, std::vector<Wire> wires, const Snapshot& snapshot, Commons& commons,
               Witness* witness)
    : Worker(config, std::move(wires), snapshot, nullptr, &commons, witness) {}

Worker::Worker(const Config& config, const Wire& wire, const Snapshot& snapshot, Witness* witness)
    : Worker(config, {wire}, snapshot, std::make_unique<Commons>(snapshot, 1, Spread::By::pair), nullptr, witness) {}

Worker::~Worker() = default;

// --- A packet's way, from top to bottom.

std::uint32_t Worker::turn(Nanos now) noexcept {
  now_ = now;
  turns_.add();
  obey();
  std::uint32_t done = 0;
  for (std::size_t wire = 0; wire < wires_.size(); ++wire)
    for (const Side side : {Side::inside, Side::outside}) done += receive(static_cast<std::uint8_t>(wire), side);
  done += receive_spread();
  if (now >= next_tick_ || next_due() <= now) {
    const std::uint64_t sent = counters_[Counter::sent_packets].read();
    advance(now);
    done += static_cast<std::uint32_t>(counters_[Counter::sent_packets].read() - sent);
  }
  flush_all();
  return done + clerk_.serve(done, now);
}

std::uint32_t Worker::receive(std::uint8_t number, Side side) noexcept {
  const Wire& wire = wires_[number];
  const std::uint16_t queue = wire.receive_queue[at(side)];
  if (queue == Wire::kNoQueue || (wire.one_armed() && side == Side::outside)) return 0;
  Burst burst;
  burst.limit = config_.burst;
  wire.port(side)->receive(queue, burst);
  const std::uint32_t received = burst.count;
  note_origin(burst, number, side);
  if (!bypassing_) {
    parse_burst(burst);
    spread_burst(burst);
    prefetch(burst);
  }
  for (Packet* packet : burst) step(packet);
  return received;
}

void Worker::parse_burst(Burst& burst) noexcept {
  const bool by_vlan = flow_rules_->key == FlowRules::Key::vlan;
  for (Packet* packet : burst) {
    packet->parsed = parse(packet->link, packet->bytes(), packet->wire_length);
    if (packet->parsed.kind != Parsed::Kind::ip) continue;
    if (by_vlan && packet->parsed.headers.vlan_count > 0) packet->parsed.key.vlan = packet->parsed.headers.vlans[0];
    packet->hash = table_.hash(packet->parsed.key);
  }
}

// Two passes, so that the memory of a whole burst's flows is fetched while others are worked on.
void Worker::prefetch(const Burst& burst) noexcept {
  for (std::uint16_t i = 0; i < burst.count; ++i)
    if (burst.packets[i]->parsed.kind == Parsed::Kind::ip) table_.prefetch_bucket(burst.packets[i]->hash);
  for (std::uint16_t i = 0; i < burst.count; ++i)
    if (burst.packets[i]->parsed.kind == Parsed::Kind::ip) table_.prefetch_record(burst.packets[i]->hash);
}

// Everything that time alone brings about happens before the packet that arrives at `now`, so that results do not
// depend on how packets fall into bursts.
void Worker::advance(Nanos now) noexcept {
  while (true) {
    const Nanos shaped = treater_.next_due();
    const Nanos fragment = fragments_.next_due();
    if (std::min(shaped, fragment) > now) break;
    if (shaped <= fragment)
      release(std::min(fragment, now));
    else
      take_released(fragments_.expired(now, *inspection_), now);
  }
  if (now >= next_tick_) tick(now);
}

void Worker::step(Packet* packet) noexcept {
  advance(packet->arrival);
  count_arrival(*packet);
  if (bypassing_) return send(packet);
  if (packet->parsed.kind != Parsed::Kind::ip) {
    packet->side = side_without_flow(*packet);
    return send(packet);
  }
  if (is_elsewhere(*packet)) {
    counters_[Counter::elsewhere_packets].add();
    return send(packet);
  }
  if (packet->parsed.headers.fragment != FragmentKind::none && take_fragment(packet)) return;
  walk(packet);
}

void Worker::walk(Packet* packet) noexcept {
  Flow* flow = join(*packet);
  if (flow == nullptr) {
    count_unjudged(*packet);
    if (clerk_.tracer().on()) clerk_.tracer().unjudged(*packet);
    return send(packet);
  }
  const Direction direction = direction_of(*flow, packet->parsed);
  packet->side = direction == Direction::up ? Side::inside : Side::outside;
  packet->flow = flow;
  packet->flow_id = flow->id;
  account(*flow, *packet, direction);
  const bool by_client = from_client(*flow, packet->parsed);
  table_.touch(*flow, idle_class_of(*flow, packet->parsed, by_client), packet->arrival);
  const bool open = !flow->settled || flow->looking || flow->generation != snapshot_->generation;
  const bool trigger = open && judge(*flow, *packet);
  if (flow->holding) restart_hold_on_trigger(*flow, *packet);
  packet->cls = flow->cls;
  packet->rule = flow->rule;
  if (clerk_.tracer().on()) clerk_.tracer().judged(*packet, *flow, {open, trigger});
  treat(*flow, packet, direction, trigger);
  if (flow_rules_->forget_on_close && is_closed(*flow) && !flow->holding) end(*flow, FlowEnd::closed);
}

Flow* Worker::join(Packet& packet) noexcept {
  Flow* flow = table_.find(packet.parsed.key, packet.hash);
  if (flow == nullptr) return begin(packet);
  if (const std::optional<FlowEnd> why = over(*flow, packet)) restart(*flow, packet, *why);
  return flow;
}

// Looks at the packet while the flow is looked at, and asks the rules again when facts were learned. True: this
// packet brought the verdict.
bool Worker::judge(Flow& flow, const Packet& packet) noexcept {
  bool grew = flow.generation != snapshot_->generation;
  const bool again = grew && flow.generation != 0;
  if (again) reopen(flow);
  grew |= outside_begins(flow, packet.parsed, *flow_rules_);
  if (flow.looking)
    grew |= inspector_.look(flow, packet, from_client(flow, packet.parsed), *inspection_, snapshot_->seed);
  if (!grew) return false;
  counters_[Counter::judged].add();
  const ClassId before = flow.cls;
  const bool was_settled = flow.settled;
  const bool trigger = apply(flow, verdict_of(flow), packet);
  flow.generation = snapshot_->generation;
  const bool is_new = again ? flow.cls != before : !was_settled;
  if (witness_ != nullptr && flow.settled && is_new) witness_->flow_settled(flow);
  return trigger;
}

void Worker::treat(Flow& flow, Packet* packet, Direction direction, bool trigger) noexcept {
  const std::size_t d = at(direction);
  ClassCounts& counts = class_counts_[flow.cls];
  counts.offered_packets[d].add();
  counts.offered_bytes[d].add(packet->parsed.headers.ip_bytes);
  if (flow.rule != kNoRule) rule_counts_[flow.rule].bytes.add(packet->parsed.headers.ip_bytes);
  if (flow.observed_count > 0) count_observed(flow, *packet, direction, trigger);
  const Treater::Outcome outcome = treater_.treat(*packet, flow, direction, trigger);
  switch (outcome.what) {
    case Treater::Outcome::What::send: return send(packet);
    case Treater::Outcome::What::held: return counts.held_packets.add();
    case Treater::Outcome::What::drop: break;
  }
  ++flow.dropped_packets[d];
  flow.dropped_bytes[d] += packet->parsed.headers.ip_bytes;
  if (flow.first_drop[d] < 0) flow.first_drop[d] = packet->arrival;
  drop(packet, outcome.reason);
}

std::uint32_t Worker::release(Nanos until) noexcept {
  Burst due;
  treater_.release(until, due);
  for (Packet* packet : due) {
    Flow& flow = *packet->flow;
    const std::size_t d = at(packet->side == Side::inside ? Direction::up : Direction::down);
    class_counts_[packet->cls].held_packets.take_back(1);
    ++flow.delayed_packets[d];
    flow.delay_max[d] = std::max(flow.delay_max[d], packet->departure - packet->arrival);
    send(packet);
  }
  return due.count;
}

void Worker::send(Packet* packet) noexcept {
  packet->departure = std::max(packet->departure, packet->arrival);
  if (packet->marked) counters_[Counter::marked_packets].add();
  if (packet->reset) counters_[Counter::reset_packets].add();
  if (packet->traced != 0) clerk_.tracer().done(*packet, true, {});
  if (witness_ != nullptr) witness_->packet_done(*packet, {true, {}});
  put_out(packet);
}

void Worker::drop(Packet* packet, DropReason reason) noexcept {
  count_dropped(*packet, reason);
  packet->departure = std::max(packet->departure, packet->arrival);
  // What is lost between workers and on the way out was told as sent, or never looked at.
  const bool late = reason == DropReason::tx_full || reason == DropReason::spread_full;
  if (packet->traced != 0 && !late) clerk_.tracer().done(*packet, false, reason);
  if (witness_ != nullptr && !late) witness_->packet_done(*packet, {false, reason});
  free_packet(packet);
}

}  // namespace slowlane

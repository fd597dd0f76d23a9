#include <limits>

#include "dataplane/worker.h"

// How packets come in from wires and other workers, and how they leave.

namespace slowlane {

// What control asked for. A box that forwards without looking has nothing held: packets must not overtake any.
void Worker::obey() noexcept {
  const bool bypass = commons_.bypass.load(std::memory_order_relaxed);
  if (bypass && !bypassing_) drain();
  bypassing_ = bypass;
  const Snapshot* const current = commons_.publisher.current();
  if (current != snapshot_) adopt(*current);
}

void Worker::drain() noexcept {
  constexpr Nanos kEnd = std::numeric_limits<Nanos>::max() - 1;  // the maximum means never
  while (receive_spread() > 0) continue;
  while (fragments_.held_packets() > 0) take_released(fragments_.expired(kEnd, *inspection_), now_);
  while (treater_.held_packets() > 0) release(kEnd);
  flush_all();
}

void Worker::note_origin(Burst& burst, std::uint8_t wire, Side side) noexcept {
  const bool live = config_.arrivals == Config::Arrivals::of_turn;
  for (Packet* packet : burst) {
    packet->wire = wire;
    packet->side = side;
    if (live) packet->arrival = packet->stamp = now_;
  }
}

// Keeps what belongs to this worker and gives the rest to the others. What is not IP stays where it came in.
void Worker::spread_burst(Burst& burst) noexcept {
  Spread& spread = commons_.spread;
  if (spread.workers() == 1 || spread.by() == Spread::By::port) return;
  std::uint64_t given_to = 0;
  std::uint16_t kept = 0;
  for (Packet* packet : burst) {
    const std::uint32_t owner =
        packet->parsed.kind == Parsed::Kind::ip ? spread.owner(packet->parsed, packet->side) : config_.index;
    if (owner == config_.index) {
      burst.packets[kept++] = packet;
    } else if (spread.give(config_.index, owner, packet)) {
      given_to |= std::uint64_t{1} << owner;
    } else {
      count_arrival(*packet);
      drop(packet, DropReason::spread_full);
    }
  }
  burst.count = kept;
  for (std::uint32_t worker = 0; worker < spread.workers(); ++worker)
    if (given_to >> worker & 1) spread.wake(worker);
}

std::uint32_t Worker::receive_spread() noexcept {
  if (commons_.spread.workers() == 1) return 0;
  Burst burst;
  burst.limit = config_.burst;
  commons_.spread.take(config_.index, burst);
  const std::uint32_t received = burst.count;
  std::uint16_t fresh = 0;
  for (Packet* packet : burst) {
    if (packet->treated) {
      put_out(packet);
      continue;
    }
    // Workers read their clocks one after another: time must not go back for this one.
    packet->arrival = now_;
    burst.packets[fresh++] = packet;
  }
  burst.count = fresh;
  counters_[Counter::spread_packets].add(fresh);
  if (!bypassing_) prefetch(burst);
  for (Packet* packet : burst) step(packet);
  return received;
}

// Whether a bench's guard lets nothing be done to a packet (contract §7).
bool Worker::is_elsewhere(const Packet& packet) const noexcept {
  const Wire& wire = wires_[packet.wire];
  if (wire.elsewhere == Wire::Elsewhere::treat) return false;
  const FlowKey& key = packet.parsed.key;
  if (wire.one_armed()) return !contains(wire.inside_prefixes, key.low) && !contains(wire.inside_prefixes, key.high);
  const bool low_is_inside = packet.parsed.from_low == (packet.side == Side::inside);
  return !contains(wire.inside_prefixes, low_is_inside ? key.low : key.high);
}

// Puts a packet that leaves into the burst of its way out, which may be another worker's.
void Worker::put_out(Packet* packet) noexcept {
  const Wire& wire = wires_[packet->wire];
  const Side side = wire.one_armed() ? Side::outside : other(packet->side);
  if (wire.send_queue[at(side)] == Wire::kNoQueue && !packet->treated) {
    packet->treated = true;
    const std::uint32_t sender = wire.sender[at(side)];
    if (!commons_.spread.give(config_.index, sender, packet)) return drop(packet, DropReason::spread_full);
    return commons_.spread.wake(sender);
  }
  const std::size_t out = 2 * std::size_t{packet->wire} + at(side);
  out_[out].add(packet);
  if (out_[out].count >= config_.burst) flush(out);
}

// What the port does not take at the second try is dropped: the box never waits for a wire.
void Worker::flush(std::size_t out) noexcept {
  Burst& burst = out_[out];
  if (burst.count == 0) return;
  const Wire& wire = wires_[out / 2];
  const auto side = static_cast<Side>(out % 2);
  const std::uint16_t queue = wire.send_queue[at(side)];
  for (const Packet* packet : burst) count_sent(*packet);
  if (wire.mode == Wire::Mode::tap) {
    for (Packet* packet : burst) free_packet(packet);
    return burst.clear();
  }
  wire.port(side)->send(queue, burst);
  if (burst.count > 0) wire.port(side)->send(queue, burst);
  for (Packet* packet : burst) {
    take_back_sent(*packet);
    drop(packet, DropReason::tx_full);
  }
  burst.clear();
}

void Worker::flush_all() noexcept {
  for (std::size_t out = 0; out < out_.size(); ++out) flush(out);
}

}  // namespace slowlane

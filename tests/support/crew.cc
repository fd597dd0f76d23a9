#include "tests/support/crew.h"

#include <gtest/gtest.h>

#include "tests/support/box.h"

namespace slowlane {

void QueuePort::receive(std::uint16_t queue, Burst& burst) noexcept {
  std::deque<Bytes>& frames = waiting[queue];
  for (; !frames.empty() && !burst.full(); frames.pop_front()) burst.add(make_loose(frames.front()).release());
}

void QueuePort::send(std::uint16_t queue, Burst& burst) noexcept {
  for (Packet* packet : burst) {
    sent.push_back({Bytes(packet->bytes().begin(), packet->bytes().end()), queue, packet->departure});
    free_packet(packet);
  }
  burst.clear();
}

Crew::Crew(std::string_view book, const Shape& shape)
    : snapshot_(Snapshot::make(rules_of(book), 1, 1, shape.workers)),
      commons_(std::make_unique<Commons>(*snapshot_, shape.workers, shape.by)),
      loose_before_(loose_packets()) {
  for (std::uint32_t i = 0; i < shape.workers; ++i) {
    Worker::Config config = small_config();
    config.index = i;
    config.arrivals = Worker::Config::Arrivals::of_turn;
    Wire wire = shape.wire;
    wire.inside = &inside;
    wire.outside = &outside;
    const auto queue = static_cast<std::uint16_t>(i);
    for (const Side side : {Side::inside, Side::outside}) {
      wire.receive_queue[at(side)] = i < shape.receive_queues ? queue : Wire::kNoQueue;
      wire.send_queue[at(side)] = i < shape.send_queues ? queue : Wire::kNoQueue;
      wire.sender[at(side)] = i % shape.send_queues;
    }
    workers_.push_back(std::make_unique<Worker>(config, std::vector<Wire>{wire}, *snapshot_, *commons_, nullptr));
  }
}

Crew::~Crew() = default;

void Crew::turn(Nanos now) {
  for (const auto& worker : workers_) worker->turn(now);
}

void Crew::finish() {
  for (int round = 0; round < 2; ++round)  // what one gives to another leaves in the second
    for (const auto& worker : workers_) worker->drain();
  for (const auto& worker : workers_) worker->finish();
  std::uint64_t gone = total(Counter::sent_packets);
  for (std::size_t reason = 0; reason < kDropReasons; ++reason) gone += dropped(static_cast<DropReason>(reason));
  EXPECT_EQ(total(Counter::received_packets), gone);
  EXPECT_EQ(loose_packets(), loose_before_);
}

std::uint64_t Crew::total(Counter counter) const {
  std::uint64_t sum = 0;
  for (const auto& worker : workers_) sum += worker->counters()[counter].read();
  return sum;
}

std::uint64_t Crew::dropped(DropReason reason) const {
  std::uint64_t sum = 0;
  for (const auto& worker : workers_)
    sum += worker->counters().dropped_packets[static_cast<std::size_t>(reason)].read();
  return sum;
}

}  // namespace slowlane

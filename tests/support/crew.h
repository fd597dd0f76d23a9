#pragma once

#include <array>
#include <deque>
#include <memory>
#include <string_view>
#include <vector>

#include "dataplane/worker.h"
#include "tests/support/loose_packet.h"
#include "tests/support/packet_builder.h"

namespace slowlane {

// A port with queues that a test fills, and that keeps what is sent.
class QueuePort final : public Port {
 public:
  struct Sent {
    Bytes bytes;
    std::uint16_t queue;
    Nanos time;
  };
  void put(std::uint16_t queue, Bytes frame) { waiting[queue].push_back(std::move(frame)); }
  void receive(std::uint16_t queue, Burst& burst) noexcept override;
  void send(std::uint16_t queue, Burst& burst) noexcept override;

  std::array<std::deque<Bytes>, 8> waiting;
  std::vector<Sent> sent;
};

// Several workers on one wire, turned one after another in virtual time.
class Crew {
 public:
  struct Shape {
    std::uint32_t workers = 4;
    Spread::By by = Spread::By::pair;
    std::uint16_t receive_queues = 1;
    std::uint16_t send_queues = 1;
    Wire wire = {};  // its prefixes and modes; ports are the crew's
  };
  Crew(std::string_view book, const Shape& shape);
  ~Crew();

  // One round of every worker.
  void turn(Nanos now);
  // Sends what is held, ends all flows, and checks conservation.
  void finish();

  std::uint64_t total(Counter counter) const;
  std::uint64_t dropped(DropReason reason) const;
  Worker& worker(std::size_t index) { return *workers_[index]; }
  Commons& commons() { return *commons_; }

  QueuePort inside;
  QueuePort outside;

 private:
  std::unique_ptr<const Snapshot> snapshot_;
  std::unique_ptr<Commons> commons_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::size_t loose_before_;
};

}  // namespace slowlane

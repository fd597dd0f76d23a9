#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "control/bench.h"
#include "control/bench_frames.h"
#include "dataplane/region.h"
#include "dataplane/snapshot.h"
#include "dataplane/worker.h"
#include "hw/memory_port.h"

namespace slowlane::bench {

// A book in a file of its own, which goes with it.
class BookFile {
 public:
  // Throws Failure where it cannot be written.
  explicit BookFile(const std::string& text);
  ~BookFile();
  BookFile(const BookFile&) = delete;
  BookFile& operator=(const BookFile&) = delete;
  // Writes a file beside the book, for its lists.
  void add(const std::string& name, const std::string& text);
  std::string path() const { return folder_ + "/bench.cfg"; }

 private:
  std::string folder_;
};

// Dresses a round of frames as the packets of many flows: `per_flow` frames in a row belong to one flow.
class Crowd final : public MemoryPort::Dresser {
 public:
  enum class Order : std::uint8_t { one_by_one, random };
  Crowd(Side from, std::uint64_t flows, std::uint32_t per_flow, Order order);
  // Where in the frame to write the flow's number in eight digits, so that each has a name of its own.
  void number_names_at(std::size_t offset) { name_at_ = offset; }
  void dress(Packet& packet) noexcept override;

 private:
  std::uint64_t next() noexcept;

  Side from_;
  std::uint64_t flows_;
  std::uint32_t per_flow_;
  Order order_;
  std::size_t name_at_ = 0;
  std::uint32_t frame_ = 0;
  std::uint64_t current_ = 0;
  std::uint64_t begun_ = 0;
  std::uint64_t random_;
};

// One side of the wire: hands out what the crowd in front of it sends.
class Entrance final : public Port {
 public:
  explicit Entrance(PacketPool& pool) : pool_(pool) {}

  // From now on: these frames, round and round.
  void use(const std::vector<Bytes>& frames, std::unique_ptr<Crowd> crowd);
  void set_now(Nanos now) noexcept;
  // So many packets more; without it, no end.
  void let(std::uint64_t packets) noexcept;

  void receive(std::uint16_t queue, Burst& burst) noexcept override;
  void send(std::uint16_t queue, Burst& burst) noexcept override;

 private:
  PacketPool& pool_;
  std::unique_ptr<Crowd> crowd_;
  std::unique_ptr<MemoryPort> port_;
};

// A worker between two entrances, its virtual time, and the floors: the same packets through the bare port loop, and
// through parse and one access to a flow-sized record in memory.
class Box {
 public:
  Box(PacketPool& pool, const std::string& book, const Worker::Config& config, Witness* witness = nullptr);

  Entrance& inside() { return inside_; }
  Entrance& outside() { return outside_; }
  Worker& worker() { return *worker_; }

  // Sends at least so many packets through the worker, `gap` apart; nanoseconds of real time for each.
  double run(std::uint64_t packets, Nanos gap);
  double port_loop(std::uint64_t packets);
  double touch_loop(std::uint64_t packets);
  // The name and the value of a run and its floors.
  Figure measure(const Settings& settings, const std::string& name, std::uint64_t packets, Nanos gap);

 private:
  std::unique_ptr<const Snapshot> snapshot_;
  Entrance inside_;
  Entrance outside_;
  std::unique_ptr<Worker> worker_;
  std::uint64_t records_;
  Slab<Flow> memory_;
  Nanos now_ = 0;
};

}  // namespace slowlane::bench

#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "dataplane/port.h"
#include "hw/capture_reader.h"
#include "hw/capture_writer.h"
#include "hw/pool.h"
#include "rules/result.h"

namespace slowlane {

// What came out of one capture file so far.
struct CaptureInput {
  std::string file;
  std::uint64_t packets = 0;         // handed out
  std::uint64_t time_backwards = 0;  // of them: whose time was held to the clock
  Nanos shift = 0;                   // added to its times, because it starts before the file ahead of it ends
  Nanos first = 0;                   // arrivals
  Nanos last = 0;
  std::uint64_t bytes_read = 0;  // for a progress bar
  std::uint64_t size = 0;        // 0: not known
  bool finished = false;
  std::string warning;  // why the rest of it could not be read; empty: all was
};

// Port over capture files, read one after another in virtual time; both ends of a replay's wire. Frames come out in
// the files' order with arrival = max(its time, the clock), up to the limit that the run loop sets; what is sent goes
// to a writer, if there is one, and back to its pool. One thread.
class CapturePort final : public Port {
 public:
  static constexpr Nanos kNever = std::numeric_limits<Nanos>::max();

  // Opens all files; every one that is no capture is a diagnostic. `pool` must outlive the port and all its packets.
  static Result<std::unique_ptr<CapturePort>> open(const std::vector<std::string>& files, PacketPool& pool);
  CapturePort(std::vector<std::unique_ptr<CaptureReader>> readers, PacketPool& pool);

  // What leaves is written there, on the side it leaves on, at its departure. nullptr: nowhere.
  void write_to(CaptureWriter* writer) noexcept { writer_ = writer; }

  // receive() hands out nothing that arrives later. At first nothing at all comes out.
  void set_limit(Nanos limit) noexcept { limit_ = limit; }
  // At most so many packets a receive(), 1 to Burst::kCapacity.
  void set_burst(std::uint16_t packets) noexcept { burst_ = packets; }
  // When the next frame arrives; kNever behind the last.
  Nanos next_arrival() const noexcept { return next_ == nullptr ? kNever : next_arrival_; }

  // Stops short where the pool is empty, and goes on with the same frame when it is not.
  void receive(std::uint16_t queue, Burst& burst) noexcept override;
  void send(std::uint16_t queue, Burst& burst) noexcept override;

  // Whether the last receive() found the pool empty: it is too small for what is held.
  bool starved() const noexcept { return starved_; }
  // In order; valid until the port goes.
  const std::vector<CaptureInput>& inputs() const noexcept { return inputs_; }
  std::uint64_t packets() const noexcept { return packets_; }

 private:
  void look_ahead();
  void begin_input();
  void end_input();
  Nanos shifted() const noexcept;
  Packet* take() noexcept;

  PacketPool& pool_;
  CaptureWriter* writer_ = nullptr;
  std::vector<std::unique_ptr<CaptureReader>> readers_;  // those that are finished are gone
  std::vector<CaptureInput> inputs_;
  std::size_t current_ = 0;
  const CapturedFrame* next_ = nullptr;  // of the current reader
  Nanos next_arrival_ = 0;
  Nanos clock_ = 0;  // the latest arrival
  Nanos limit_ = -1;
  std::uint64_t packets_ = 0;
  std::uint16_t burst_ = Burst::kCapacity;
  bool starved_ = false;
};

}  // namespace slowlane

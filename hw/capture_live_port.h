#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "hw/capture_port.h"
#include "hw/capture_writer.h"
#include "hw/live_port.h"
#include "hw/pool.h"

namespace slowlane {

// Kind `capture`: one end of a wire of a live run that plays captures once, one after another, from the first receive()
// on, and writes what leaves through it to another. Options: write=FILE; pace=real (the default: frames come as far
// apart as they were recorded) or pace=fast. One queue each way.
class CaptureLivePort final : public LivePort {
 public:
  // The captures that a `device` names, parted by commas.
  static std::vector<std::string> files_of(const std::string& device);
  static Result<std::unique_ptr<LivePort>> open(const PortSpec& spec, PacketPool& pool);
  // Completes the capture that was written.
  ~CaptureLivePort() override;

  void receive(std::uint16_t queue, Burst& burst) noexcept override;
  void send(std::uint16_t queue, Burst& burst) noexcept override;
  std::uint16_t receive_queues() const noexcept override { return 1; }
  std::uint16_t send_queues() const noexcept override { return 1; }
  bool link_up() const noexcept override { return true; }
  PortStatistics statistics() const noexcept override;
  std::vector<std::string> degraded() const override;

  // Whether all was played.
  bool finished() const noexcept { return finished_.load(std::memory_order_relaxed); }

 private:
  enum class Pace { real, fast };
  CaptureLivePort(std::unique_ptr<CapturePort> port, std::unique_ptr<CaptureWriter> writer, Pace pace);

  std::unique_ptr<CapturePort> port_;
  std::unique_ptr<CaptureWriter> writer_;
  const Pace pace_;
  const Nanos first_;  // arrival
  std::chrono::steady_clock::time_point begin_{};
  Count received_packets_, received_bytes_, sent_packets_, sent_bytes_;
  std::atomic<bool> finished_{false};
};

}  // namespace slowlane

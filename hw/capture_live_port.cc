#include "hw/capture_live_port.h"

#include <algorithm>
#include <utility>

#include "hw/port_options.h"

namespace slowlane {

std::vector<std::string> CaptureLivePort::files_of(const std::string& device) {
  std::vector<std::string> files;
  for (std::size_t at = 0; at <= device.size();) {
    const std::size_t end = std::min(device.find(',', at), device.size());
    if (end > at) files.push_back(device.substr(at, end - at));
    at = end + 1;
  }
  return files;
}

Result<std::unique_ptr<LivePort>> CaptureLivePort::open(const PortSpec& spec, PacketPool& pool) {
  const PortOptions options(spec.options);
  const std::string pace = options.get("pace").value_or("real");
  for (const auto& [name, value] : options.all())
    if (name != "write" && name != "pace")
      return Diagnostic{"", 0,
                        "port " + spec.name + ": no option " + name + "; there are write=FILE and pace=real or fast"};
  if (pace != "real" && pace != "fast") return Diagnostic{"", 0, "port " + spec.name + ": pace is real or fast"};
  const std::vector<std::string> files = files_of(spec.device);
  const auto file = options.get("write");
  if (file && std::find(files.begin(), files.end(), *file) != files.end())
    return Diagnostic{"", 0, "port " + spec.name + ": would overwrite what it plays"};
  auto port = CapturePort::open(files, pool);
  if (!port) return port.diagnostics();
  std::unique_ptr<CaptureWriter> writer;
  if (file) {
    auto made = CaptureWriter::create(*file, "slowlane");
    if (!made) return made.diagnostics();
    writer = std::move(made.value());
  }
  return std::unique_ptr<LivePort>(
      new CaptureLivePort(std::move(port.value()), std::move(writer), pace == "fast" ? Pace::fast : Pace::real));
}

CaptureLivePort::CaptureLivePort(std::unique_ptr<CapturePort> port, std::unique_ptr<CaptureWriter> writer, Pace pace)
    : port_(std::move(port)), writer_(std::move(writer)), pace_(pace), first_(port_->next_arrival()) {
  port_->write_to(writer_.get());
  if (pace_ == Pace::fast) port_->set_limit(CapturePort::kNever - 1);
}

CaptureLivePort::~CaptureLivePort() {
  if (writer_ != nullptr) writer_->finish();
}

void CaptureLivePort::receive(std::uint16_t queue, Burst& burst) noexcept {
  if (pace_ == Pace::real && port_->next_arrival() != CapturePort::kNever) {
    const auto now = std::chrono::steady_clock::now();
    if (begin_ == std::chrono::steady_clock::time_point{}) begin_ = now;
    port_->set_limit(first_ + std::chrono::nanoseconds(now - begin_).count());
  }
  const std::uint16_t before = burst.count;
  port_->receive(queue, burst);
  for (std::uint16_t i = before; i < burst.count; ++i) {
    Packet& packet = *burst.packets[i];
    received_packets_.add();
    received_bytes_.add(packet.wire_length);
    // As every live port: the run loop knows the time, and there is no capture to speak of.
    packet.arrival = packet.stamp = packet.departure = 0;
    packet.number = packet.frame = 0;
    packet.time_backwards = false;
  }
  if (port_->next_arrival() == CapturePort::kNever) finished_.store(true, std::memory_order_relaxed);
}

void CaptureLivePort::send(std::uint16_t queue, Burst& burst) noexcept {
  for (Packet* packet : burst) {
    sent_packets_.add();
    sent_bytes_.add(packet->bytes().size());
  }
  port_->send(queue, burst);
}

PortStatistics CaptureLivePort::statistics() const noexcept {
  PortStatistics all;
  all.received_packets = received_packets_.read();
  all.received_bytes = received_bytes_.read();
  all.sent_packets = sent_packets_.read();
  all.sent_bytes = sent_bytes_.read();
  return all;
}

std::vector<std::string> CaptureLivePort::degraded() const {
  if (finished()) return {"the capture was played to its end"};
  return {};
}

}  // namespace slowlane

#include "hw/capture_port.h"

#include <algorithm>
#include <utility>

namespace slowlane {

Result<std::unique_ptr<CapturePort>> CapturePort::open(const std::vector<std::string>& files, PacketPool& pool) {
  std::vector<std::unique_ptr<CaptureReader>> readers;
  Diagnostics wrong;
  for (const std::string& file : files) {
    auto reader = CaptureReader::open(file);
    if (reader)
      readers.push_back(std::move(reader.value()));
    else
      wrong.insert(wrong.end(), reader.diagnostics().begin(), reader.diagnostics().end());
  }
  if (!wrong.empty()) return wrong;
  return std::make_unique<CapturePort>(std::move(readers), pool);
}

CapturePort::CapturePort(std::vector<std::unique_ptr<CaptureReader>> readers, PacketPool& pool)
    : pool_(pool), readers_(std::move(readers)) {
  for (const auto& reader : readers_) {
    CaptureInput input;
    input.file = reader->name();
    input.size = reader->size();
    inputs_.push_back(std::move(input));
  }
  look_ahead();
}

// Finds the next frame, in this file or a later one, and when it arrives.
void CapturePort::look_ahead() {
  next_ = nullptr;
  while (current_ < readers_.size()) {
    CaptureInput& input = inputs_[current_];
    next_ = readers_[current_]->next();
    input.bytes_read = readers_[current_]->bytes_read();
    if (next_ != nullptr) break;
    end_input();
  }
  if (next_ == nullptr) return;
  if (inputs_[current_].packets == 0) begin_input();
  next_arrival_ = std::max(shifted(), clock_);
}

Nanos CapturePort::shifted() const noexcept { return bounded(WideNanos{next_->time} + inputs_[current_].shift); }

// A file that starts before the one ahead of it ends follows it at once (contract §3).
void CapturePort::begin_input() {
  CaptureInput& input = inputs_[current_];
  if (next_->time < clock_) input.shift = clock_ - next_->time;
  input.first = shifted();
}

void CapturePort::end_input() {
  CaptureInput& input = inputs_[current_];
  input.finished = true;
  input.warning = readers_[current_]->warning();
  readers_[current_].reset();
  ++current_;
}

// The next frame as a packet; nullptr where the pool is empty.
Packet* CapturePort::take() noexcept {
  Packet* packet = pool_.make_packet(next_->bytes);
  if (packet == nullptr) return nullptr;
  CaptureInput& input = inputs_[current_];
  packet->arrival = next_arrival_;
  packet->departure = next_arrival_;
  packet->stamp = next_->time;
  packet->number = ++packets_;
  packet->frame = next_->number;
  packet->wire_length = next_->wire_length;
  packet->capture = static_cast<std::uint16_t>(current_);
  packet->link = next_->link;
  packet->dlt = next_->dlt;
  packet->time_backwards = shifted() < clock_;
  if (packet->time_backwards) ++input.time_backwards;
  ++input.packets;
  input.last = clock_ = next_arrival_;
  return packet;
}

void CapturePort::receive(std::uint16_t, Burst& burst) noexcept {
  starved_ = false;
  for (std::uint16_t i = 0; i < burst_ && !burst.full() && next_ != nullptr && next_arrival_ <= limit_; ++i) {
    Packet* packet = take();
    if (packet == nullptr) {
      starved_ = true;
      return;
    }
    burst.add(packet);
    look_ahead();
  }
}

void CapturePort::send(std::uint16_t, Burst& burst) noexcept {
  for (Packet* packet : burst) {
    if (writer_ != nullptr) writer_->write(WrittenFrame::leaving(*packet));
    free_packet(packet);
  }
  burst.clear();
}

}  // namespace slowlane

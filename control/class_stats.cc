#include "control/class_stats.h"

#include <algorithm>

namespace slowlane {

void PeakMeter::move_to(std::int64_t slot) noexcept {
  if (slot_ < 0 || slot - slot_ >= static_cast<std::int64_t>(kSlots)) {
    slots_.fill(0);
    sum_ = 0;
    slot_ = slot;
  }
  while (slot_ < slot) {
    std::uint64_t& oldest = slots_[static_cast<std::size_t>(++slot_) % kSlots];
    sum_ -= oldest;
    oldest = 0;
  }
}

void PeakMeter::add(Nanos time, std::uint64_t bytes) noexcept {
  move_to(std::max(time / (100 * kMillisecond), slot_));
  slots_[static_cast<std::size_t>(slot_) % kSlots] += bytes;
  sum_ += bytes;
  peak_ = std::max(peak_, sum_);
}

void ClassTimes::packet(const Packet& packet, Fate fate) noexcept {
  const std::size_t direction = packet.side == Side::inside ? at(Direction::up) : at(Direction::down);
  const std::uint64_t sent = fate.sent ? packet.counted_bytes() - packet.cut_bytes : 0;
  if (first_number == 0 || packet.number < first_number) {
    first_number = packet.number;
    first = packet.arrival;
    first_sent = {};
    first_sent[direction] = sent;
  }
  last = std::max(last, packet.departure);
  if (!fate.sent) return;
  sent_bytes[direction] += sent;
  sent_peak[direction].add(packet.departure, sent);
  delay.add(packet.departure - packet.arrival);
}

double ClassTimes::sent_bps(Direction direction) const {
  const std::size_t i = at(direction);
  if (last <= first) return 0;
  const auto bits = static_cast<double>((sent_bytes[i] - first_sent[i]) * 8);
  return bits * static_cast<double>(kSecond) / static_cast<double>(last - first);
}

}  // namespace slowlane

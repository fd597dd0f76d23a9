#include "control/packet_record.h"

#include <algorithm>

namespace slowlane {

PacketRecord PacketRecord::of(const Packet& packet, Fate fate) noexcept {
  const Headers& headers = packet.parsed.headers;
  PacketRecord record;
  record.number = packet.number;
  record.frame = packet.frame;
  record.arrival = packet.arrival;
  record.departure = std::max(packet.departure, packet.arrival);
  record.flow_id = packet.flow_id;
  record.bytes = packet.counted_bytes();
  record.cut_bytes = packet.cut_bytes;
  record.cls = packet.cls;
  record.rule = packet.rule;
  record.capture = packet.capture;
  record.reason = fate.reason;
  record.side = packet.side;
  record.is_ip = packet.parsed.kind == Parsed::Kind::ip;
  record.sent = fate.sent;
  record.marked = packet.marked;
  record.reset = packet.reset;
  if (record.is_ip) {
    record.is_fragment = headers.fragment != FragmentKind::none;
    record.payload_bytes = headers.payload_bytes;
    record.is_tcp = headers.transport == 6 && headers.l4 != 0;
    record.tcp_seq = headers.tcp_seq;
  }
  return record;
}

void ReceptionOrder::hand_on(const PacketRecord& record) noexcept {
  for (RecordSink* sink : sinks_) sink->record(record);
}

void ReceptionOrder::add(const PacketRecord& record) noexcept {
  if (record.number == next_ && waiting_.empty()) {  // the usual case: nothing is held
    ++next_;
    hand_on(record);
    return;
  }
  if (record.number < next_) return;
  const auto index = static_cast<std::size_t>(record.number - next_);
  if (index >= waiting_.size()) waiting_.resize(index + 1);
  waiting_[index] = record;
  while (!waiting_.empty() && waiting_.front().has_value()) {
    hand_on(*waiting_.front());
    waiting_.pop_front();
    ++next_;
  }
}

void ReceptionOrder::finish() noexcept {
  for (const auto& record : waiting_)
    if (record.has_value()) hand_on(*record);
  next_ += waiting_.size();
  waiting_.clear();
}

}  // namespace slowlane

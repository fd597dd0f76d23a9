#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "dataplane/packet.h"
#include "dataplane/witness.h"

namespace slowlane {

// What the outputs keep of a packet once its fate is certain.
struct PacketRecord {
  std::uint64_t number = 0;
  std::uint64_t frame = 0;
  Nanos arrival = 0;
  Nanos departure = 0;
  std::uint64_t flow_id = 0;  // 0: not judged
  std::uint32_t bytes = 0;    // counted bytes as received
  std::uint32_t cut_bytes = 0;
  std::uint32_t payload_bytes = 0;
  std::uint32_t tcp_seq = 0;
  ClassId cls = kPass;
  RuleId rule = kNoRule;
  std::uint16_t capture = 0;
  DropReason reason = DropReason::police;
  Side side = Side::inside;
  bool is_ip = false;
  bool is_fragment = false;
  bool is_tcp = false;  // with a TCP header: tcp_seq is one
  bool sent = true;
  bool marked = false;
  bool reset = false;

  static PacketRecord of(const Packet& packet, Fate fate) noexcept;
  Direction direction() const { return side == Side::inside ? Direction::up : Direction::down; }
};

// Who takes records one by one, in the order of reception.
class RecordSink {
 public:
  virtual ~RecordSink() = default;
  virtual void record(const PacketRecord& record) noexcept = 0;
};

// Puts packets back into the order of reception: records whose forerunners are still held wait here, which is bounded
// because what can be held is.
class ReceptionOrder {
 public:
  void add_sink(RecordSink& sink) { sinks_.push_back(&sink); }
  bool has_sinks() const { return !sinks_.empty(); }

  void add(const PacketRecord& record) noexcept;
  // The run is over: hands on what still waits behind packets that were never done.
  void finish() noexcept;

 private:
  void hand_on(const PacketRecord& record) noexcept;

  std::vector<RecordSink*> sinks_;
  std::deque<std::optional<PacketRecord>> waiting_;  // [0] has the number next_
  std::uint64_t next_ = 1;
};

}  // namespace slowlane

#include "dataplane/flow_keeper.h"

#include <algorithm>

namespace slowlane {
namespace {

constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kUdp = 17;
constexpr std::uint16_t kSystemPorts = 1024;

// Bits of Flow::connection: whose FIN was seen, whose was acknowledged by the other end, and whether the handshake
// is over.
constexpr std::uint8_t kFinSeen[2] = {1, 2};
constexpr std::uint8_t kFinAcked[2] = {4, 8};
constexpr std::uint8_t kBothAcked = 4 | 8;
constexpr std::uint8_t kEstablished = 16;

bool is_syn(const Headers& headers) { return headers.transport == kTcp && (headers.tcp_flags & kSyn) != 0; }

void note_close(Flow& flow, const Headers& headers, std::size_t end) {
  const std::size_t peer = 1 - end;
  if ((flow.connection & kFinSeen[peer]) && (headers.tcp_flags & kAck) &&
      static_cast<std::int32_t>(headers.tcp_ack - flow.fin_seq[peer]) > 0)
    flow.connection |= kFinAcked[peer];
  if (headers.tcp_flags & kFin) {
    flow.connection |= kFinSeen[end];
    flow.fin_seq[end] = headers.tcp_seq + headers.payload_bytes;
  }
}

}  // namespace

Initiator initiator_of(const Parsed& first, FlowRules::MidstreamInitiator rule) noexcept {
  const Headers& headers = first.headers;
  if (is_syn(headers)) {
    if (headers.tcp_flags & kAck) return {!first.from_low, ClientBy::syn_ack};
    return {first.from_low, ClientBy::syn};
  }
  const bool has_ports = headers.transport == kTcp || headers.transport == kUdp;
  const bool low_is_system = first.key.low_port < kSystemPorts;
  const bool high_is_system = first.key.high_port < kSystemPorts;
  if (rule == FlowRules::MidstreamInitiator::port && has_ports && low_is_system != high_is_system)
    return {high_is_system, ClientBy::port};
  return {first.from_low, ClientBy::first};
}

void begin_flow(Flow& flow, const Packet& first, const FlowRules& rules) noexcept {
  const Headers& headers = first.parsed.headers;
  const Initiator initiator = initiator_of(first.parsed, rules.midstream_initiator);
  flow.client_is_low = initiator.is_low;
  flow.client_by = initiator.by;
  flow.midstream = headers.transport == kTcp && !is_syn(headers);
  if (initiator.by == ClientBy::syn) flow.first_syn_seq = headers.tcp_seq;
  if (initiator.by == ClientBy::syn_ack) flow.first_syn_seq = headers.tcp_ack - 1;
  flow.first = first.arrival;
  flow.first_frame = first.frame;
  flow.first_capture = first.capture;
  flow.vlan_count = headers.vlan_count;
  flow.vlans = headers.vlans;
  flow.encap_count = headers.encap_count;
  flow.encaps = headers.encaps;
}

bool is_new_connection(const Flow& flow, const Parsed& packet, const FlowRules& rules) noexcept {
  const Headers& headers = packet.headers;
  if (rules.new_syn == FlowRules::NewSyn::same || !is_syn(headers) || (headers.tcp_flags & kAck)) return false;
  if (!from_client(flow, packet)) return is_closed(flow);
  const bool syn_known = flow.client_by == ClientBy::syn || flow.client_by == ClientBy::syn_ack;
  return !syn_known || headers.tcp_seq != flow.first_syn_seq;
}

bool outside_begins(Flow& flow, const Parsed& packet, const FlowRules& rules) noexcept {
  if (rules.split_handshake == FlowRules::SplitHandshake::first || flow.settled) return false;
  const Headers& headers = packet.headers;
  if (headers.transport != kTcp || flow.initiator() == Side::outside) return false;
  if (direction_of(flow, packet) != Direction::down) return false;
  const bool is_opening = is_syn(headers) && (headers.tcp_flags & kAck) == 0;
  if (!is_opening && flow.packet_count() != 1) return false;
  flow.connection |= Flow::kOutsideBegan;
  return true;
}

void account(Flow& flow, const Packet& packet, Direction direction) noexcept {
  const std::size_t d = at(direction);
  const Headers& headers = packet.parsed.headers;
  if (flow.packets[d] > 0) flow.longest_gap[d] = std::max(flow.longest_gap[d], packet.arrival - flow.last_of[d]);
  flow.last_of[d] = packet.arrival;
  ++flow.packets[d];
  flow.bytes[d] += headers.ip_bytes;
  flow.last_frame = packet.frame;
  if (headers.payload_bytes > 0) flow.had_payload = true;
  if (headers.transport != kTcp) return;
  flow.tcp_seen |= headers.tcp_flags;
  note_close(flow, headers, packet.parsed.from_low ? 0 : 1);
}

IdleClass idle_class_of(Flow& flow, const Parsed& packet, bool by_client) noexcept {
  if (flow.key.transport != kTcp) return IdleClass::udp;
  if (flow.connection & kEstablished) return IdleClass::established;
  // The handshake is over with the initiator's ACK to a SYN/ACK (RFC 9293 §3.5).
  const std::uint8_t flags = packet.headers.tcp_flags;
  const bool answered = (flow.tcp_seen & (kSyn | kAck)) == (kSyn | kAck);
  const bool acknowledged = answered && by_client && !(flags & kSyn) && (flags & kAck);
  if (!flow.had_payload && !acknowledged && !flow.midstream) return IdleClass::syn;
  flow.connection |= kEstablished;
  return IdleClass::established;
}

bool is_closed(const Flow& flow) noexcept {
  return (flow.tcp_seen & kRst) != 0 || (flow.connection & kBothAcked) == kBothAcked;
}

}  // namespace slowlane

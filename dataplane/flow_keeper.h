#pragma once

#include <cstdint>

#include "dataplane/counters.h"
#include "dataplane/flow.h"
#include "dataplane/flow_table.h"
#include "dataplane/packet.h"
#include "rules/book.h"

namespace slowlane {

// What a packet's headers say about the flow it belongs to (contract §3): who the initiator is, when a flow is another
// one, which idle time it is under. Pure; the worker decides what follows.

// The initiator of a flow whose first packet this is.
struct Initiator {
  bool is_low = true;  // it is key.low
  ClientBy by = ClientBy::first;
};
Initiator initiator_of(const Parsed& first, FlowRules::MidstreamInitiator rule) noexcept;

// Fills a fresh record from its first packet. `client_inside` has been found out by the caller.
void begin_flow(Flow& flow, const Packet& first, const FlowRules& rules) noexcept;

// A SYN that begins another connection on the same 5-tuple: from the initiator with another sequence number than the
// flow's first, or from either end once the connection was closed.
bool is_new_connection(const Flow& flow, const Parsed& packet, const FlowRules& rules) noexcept;

// Whether a packet, already accounted, shows that the outside began a connection which the inside began too, where the
// book asks (`split_handshake`): it is the connection's first, or a SYN without ACK, and no verdict stands (facts G1,
// G2). Notes it in the flow.
bool outside_begins(Flow& flow, const Parsed& packet, const FlowRules& rules) noexcept;

// Counts a packet into its flow: bytes, gaps, TCP flags.
void account(Flow& flow, const Packet& packet, Direction direction) noexcept;

// The idle class a flow is under after this packet, which has been accounted.
IdleClass idle_class_of(Flow& flow, const Parsed& packet, bool from_client) noexcept;

// RST, or FINs of both ends acknowledged: what `forget_on_close` waits for.
bool is_closed(const Flow& flow) noexcept;

inline bool from_client(const Flow& flow, const Parsed& packet) noexcept {
  return packet.from_low == flow.client_is_low;
}
inline Direction direction_of(const Flow& flow, const Parsed& packet) noexcept {
  return from_client(flow, packet) == flow.client_inside ? Direction::up : Direction::down;
}

}  // namespace slowlane

#pragma once

#include <cstdint>

#include "dataplane/packet.h"

namespace slowlane {

// Changes a packet in place. False: its encapsulation cannot be rewritten; nothing was changed.

// Sets the six DSCP bits of the innermost IP header; ECN stays (RFC 2474 §3, RFC 3168 §5). The IPv4 header checksum
// is updated incrementally (RFC 1624). Refused for IPv6 under an outer UDP or GRE checksum.
bool set_dscp(Packet& packet, std::uint8_t dscp) noexcept;

// Turns a TCP packet into RST/ACK: payload and TCP options cut, seq, ack, TTL and IP id kept, window 0, lengths of IP
// and of PPPoE and checksums put right (facts F1, F1b). Sets packet.reset and packet.cut_bytes. Refused in IP tunnels
// and for later fragments.
bool make_reset(Packet& packet) noexcept;

}  // namespace slowlane

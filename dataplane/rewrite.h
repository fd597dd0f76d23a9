#pragma once

#include <cstdint>

#include "dataplane/packet.h"

namespace slowlane {

// Changes a packet in place. False: its encapsulation cannot be rewritten; nothing was changed.

// Sets the six DSCP bits of the innermost IP header; ECN stays (RFC 2474 §3, RFC 3168 §5). The IPv4 header checksum
// is updated incrementally (RFC 1624). Refused for IPv6 under an outer UDP or GRE checksum.
bool set_dscp(Packet& packet, std::uint8_t dscp) noexcept;

// Turns a TCP packet into RST/ACK: payload and TCP options cut, seq, ack, TTL and IP id kept, window 0, lengths of IP,
// of PPPoE and of 802.3 and checksums put right from scratch (facts F1, F1b); a first fragment becomes a whole
// datagram. Sets packet.reset, packet.cut_bytes and packet.wire_length; `parsed` goes on telling of the packet as it
// came, but that no payload is captured. Refused in IP tunnels, for later fragments, where the TCP header was not
// captured or could not be read, and where an authentication or an unfinished routing header covers what would change.
bool make_reset(Packet& packet) noexcept;

}  // namespace slowlane

#pragma once

#include <cstdint>
#include <string>

#include "dataplane/flow.h"

namespace slowlane {

// The type and code of the ICMP or ICMPv6 message that began a flow, seen from its client.
struct IcmpHead {
  std::uint8_t type = 0;
  std::uint8_t code = 0;
};

// Community ID version 1, seed 0 ("1:…"), as Zeek, Suricata and Arkime print it, of a flow's innermost 5-tuple.
// `icmp` counts for ICMP and ICMPv6 alone.
std::string community_id(const Flow& flow, IcmpHead icmp);

}  // namespace slowlane

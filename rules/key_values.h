#pragma once

#include "rules/book.h"
#include "rules/node.h"
#include "rules/result.h"

namespace slowlane {

// Readers of the values of match keys, for the table of rules/keys.cc. Each takes one value or a list of them where a
// list means any of, and answers with the alternative of TermValue that belongs to its key, or with every mistake.
using ReadTerm = Result<TermValue>;

ReadTerm read_hosts(const Node& value);          // HostPatterns
ReadTerm read_list_names(const Node& value);     // Texts: names of lists, which the loader replaces by their patterns
ReadTerm read_sources(const Node& value);        // Sources
ReadTerm read_applications(const Node& value);   // Texts, lower case
ReadTerm read_transports(const Node& value);     // NumberRanges
ReadTerm read_prefixes(const Node& value);       // Prefixes
ReadTerm read_ports(const Node& value);          // PortRanges
ReadTerm read_side(const Node& value);           // Side
ReadTerm read_vlans(const Node& value);          // NumberRanges
ReadTerm read_ech(const Node& value);            // bool
ReadTerm read_quic_versions(const Node& value);  // NumberRanges
ReadTerm read_payload_patterns(const Node& value);  // Texts without their slashes
ReadTerm read_payload_sizes(const Node& value);     // NumberRanges
ReadTerm read_share_value(const Node& value);       // Share

// What such values look like, for messages and the manual.
inline constexpr const char* kTransportsAllowed = "tcp, udp, icmp, icmp6, sctp or a protocol number from 0 to 255";
inline constexpr const char* kPrefixesAllowed = "prefixes or addresses like \"10.0.0.0/8\" or \"2001:db8::1\"";
inline constexpr const char* kPortsAllowed = "a port or ports like 443 or \"443,8000-8100\"";
inline constexpr const char* kVlansAllowed = "a VLAN number from 0 to 4095 or a range like \"100-199\"";
inline constexpr const char* kVersionsAllowed = "\"v1\", \"v2\", \"draft-29\" or a number like \"0xff00001d\"";
inline constexpr const char* kPayloadAllowed = "a regular expression in slashes like \"/^GET /\"";
inline constexpr const char* kPayloadSizesAllowed = "a size in bytes or a range like \"1001-\"";

}  // namespace slowlane

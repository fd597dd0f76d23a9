#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "rules/ip.h"

namespace slowlane {

// Three values of a key, and of a fact that may still come (contract §2 "How rules are read").
enum class Tri : std::uint8_t { no, yes, not_yet };

constexpr Tri operator!(Tri value) {
  if (value == Tri::not_yet) return value;
  return value == Tri::yes ? Tri::no : Tri::yes;
}

// The two ends of a wire: inside are the subscribers, outside the network.
enum class Side : std::uint8_t { inside, outside };
constexpr Side other(Side side) { return side == Side::inside ? Side::outside : Side::inside; }

// Where a server name was read.
enum class NameSource : std::uint8_t { tls, quic, http, dns, socks };

// One name a flow has shown. Lower case, without port; a trailing dot is kept as it was on the wire.
struct HostName {
  std::string_view text;
  NameSource source = NameSource::tls;
};

// Whether a fact has been learned: still looked for, looked for in vain, or known.
enum class Known : std::uint8_t { not_yet, absent, yes };

// Numbers of nDPI's protocols and categories; meaning comes from the Dictionary a rule set was compiled with.
using ProtocolId = std::uint16_t;
inline constexpr ProtocolId kUnknownProtocol = 0;

// Everything a rule may ask about a flow. Plain data that points into the flow it describes; grows, never shrinks,
// within one generation. "client" is the initiator (contract §3).
struct Facts {
  Address client;
  Address server;
  std::uint16_t client_port = 0;
  std::uint16_t server_port = 0;
  std::uint8_t transport = 0;  // IP protocol number
  Side initiator = Side::inside;
  std::span<const std::uint16_t> vlans;  // 12-bit tags, outermost first

  std::span<const HostName> names;  // in the order learned
  bool more_names = true;           // another name may still come; false: looking has ended

  Known application = Known::not_yet;  // nDPI's answer
  ProtocolId master = kUnknownProtocol;
  ProtocolId app = kUnknownProtocol;
  std::uint16_t category = 0;

  Known ech = Known::not_yet;  // yes: the encrypted_client_hello extension was seen

  Known quic = Known::not_yet;
  std::uint32_t quic_version = 0;

  Known payload = Known::not_yet;               // the initiator's first payload
  std::span<const std::uint8_t> payload_bytes;  // at most kPayloadLimit of it; empty when it is no longer at hand
  std::uint32_t payload_size = 0;
};

inline constexpr std::size_t kPayloadLimit = 1024;

}  // namespace slowlane

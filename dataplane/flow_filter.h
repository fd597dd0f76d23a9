#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "dataplane/flow.h"
#include "dataplane/names.h"
#include "rules/ip.h"

namespace slowlane {

// Which flows somebody asks for; all that is said must hold. Plain bytes: it crosses threads.
struct FlowFilter {
  static constexpr std::size_t kLongestHost = 255;
  enum class Host : std::uint8_t { any, exact, suffix, glob };
  enum class Protocol : std::uint8_t { any, none, named };

  std::optional<ClassId> cls;    // a slot (Snapshot)
  std::optional<RuleId> rule;    // a slot: it decides, or is observed
  std::optional<Prefix> either;  // the client or the server
  std::optional<Prefix> client;
  std::optional<Prefix> server;
  std::uint16_t server_port = 0;          // 0: any
  std::optional<std::uint8_t> transport;  // IP protocol number
  Protocol protocol = Protocol::any;      // none: nobody recognised one
  ProtocolId master = kUnknownProtocol;   // of named: both halves where both are given, else either
  ProtocolId app = kUnknownProtocol;
  std::optional<NameSource> spoken;  // of named: what our own readers call it
  Host host = Host::any;             // one of its names from the flow itself; names from DNS do not count
  std::uint8_t host_size = 0;
  std::array<char, kLongestHost> host_text{};  // as HostPattern::text

  // `text` longer than kLongestHost fits nothing.
  void set_host(Host kind, std::string_view text) noexcept;
  bool fits(const Flow& flow, const Names& names) const noexcept;
  // What its addresses and ports alone say.
  bool fits(const FlowKey& key, bool client_is_low) const noexcept;
  // Whether addresses and transport are all that it asks about.
  bool asks_addresses_only() const noexcept;
};

}  // namespace slowlane

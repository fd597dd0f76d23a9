#include "rules/keys.h"

#include <algorithm>
#include <array>

#include "rules/share.h"

namespace slowlane {
namespace {

constexpr Tri tri(bool value) { return value ? Tri::yes : Tri::no; }

// host, host_list, host_from

Tri test_host(const TermValue&, const Facts& facts, const TermContext& context) noexcept {
  if (context.fits) return Tri::yes;
  return facts.more_names ? Tri::not_yet : Tri::no;
}

Tri test_host_from(const TermValue& value, const Facts& facts, const TermContext&) noexcept {
  const auto& sources = *std::get_if<Sources>(&value);
  for (const HostName& name : facts.names)
    if (std::ranges::find(sources, name.source) != sources.end()) return Tri::yes;
  return facts.more_names ? Tri::not_yet : Tri::no;
}

// protocol, category

// Halves of an id that are 0 fit anything; an id of two zeros is none.
bool application_fits(std::uint32_t id, const Facts& facts) noexcept {
  const auto master = static_cast<ProtocolId>(id >> 16);
  const auto app = static_cast<ProtocolId>(id & 0xffff);
  if (id == 0) return false;
  return (master == kUnknownProtocol || master == facts.master) && (app == kUnknownProtocol || app == facts.app);
}

Tri test_protocol(const TermValue&, const Facts& facts, const TermContext& context) noexcept {
  // Names that this nDPI does not know can never become true; waiting for them would keep flows pending for nothing.
  if (context.ids.empty() && !context.wants_unknown) return Tri::no;
  if (facts.application == Known::not_yet) return Tri::not_yet;
  const bool unknown =
      facts.application == Known::absent || (facts.master == kUnknownProtocol && facts.app == kUnknownProtocol);
  if (unknown) return tri(context.wants_unknown);
  return tri(std::ranges::any_of(context.ids, [&](std::uint32_t id) { return application_fits(id, facts); }));
}

Tri test_category(const TermValue&, const Facts& facts, const TermContext& context) noexcept {
  if (context.ids.empty() || facts.application == Known::absent) return Tri::no;
  if (facts.application == Known::not_yet) return Tri::not_yet;
  return tri(std::ranges::find(context.ids, facts.category) != context.ids.end());
}

// Numbers and ranges: transport, vlan, payload_size, quic_version

Tri in_ranges(const TermValue& value, std::uint64_t number) noexcept {
  const auto& ranges = *std::get_if<NumberRanges>(&value);
  return tri(std::ranges::any_of(ranges, [&](NumberRange r) { return r.first <= number && number <= r.last; }));
}

Tri test_transport(const TermValue& value, const Facts& facts, const TermContext&) noexcept {
  return in_ranges(value, facts.transport);
}

Tri test_vlan(const TermValue& value, const Facts& facts, const TermContext&) noexcept {
  return tri(std::ranges::any_of(facts.vlans, [&](std::uint16_t tag) { return in_ranges(value, tag) == Tri::yes; }));
}

Tri test_quic_version(const TermValue& value, const Facts& facts, const TermContext&) noexcept {
  if (facts.quic == Known::not_yet) return Tri::not_yet;
  return facts.quic == Known::absent ? Tri::no : in_ranges(value, facts.quic_version);
}

Tri test_payload_size(const TermValue& value, const Facts& facts, const TermContext&) noexcept {
  if (facts.payload == Known::not_yet) return Tri::not_yet;
  return facts.payload == Known::absent ? Tri::no : in_ranges(value, facts.payload_size);
}

// server, client

Tri in_prefixes(const TermValue& value, const Address& address) noexcept {
  const auto& prefixes = *std::get_if<Prefixes>(&value);
  return tri(std::ranges::any_of(prefixes, [&](const Prefix& prefix) { return prefix.contains(address); }));
}

Tri test_server(const TermValue& value, const Facts& facts, const TermContext&) noexcept {
  return in_prefixes(value, facts.server);
}

Tri test_client(const TermValue& value, const Facts& facts, const TermContext&) noexcept {
  return in_prefixes(value, facts.client);
}

// server_port, client_port

Tri in_ports(const TermValue& value, std::uint16_t port) noexcept {
  const auto& ranges = *std::get_if<PortRanges>(&value);
  return tri(std::ranges::any_of(ranges, [&](const PortRange& range) { return range.contains(port); }));
}

Tri test_server_port(const TermValue& value, const Facts& facts, const TermContext&) noexcept {
  return in_ports(value, facts.server_port);
}

Tri test_client_port(const TermValue& value, const Facts& facts, const TermContext&) noexcept {
  return in_ports(value, facts.client_port);
}

// initiator, ech, payload, share

Tri test_initiator(const TermValue& value, const Facts& facts, const TermContext&) noexcept {
  return tri(*std::get_if<Side>(&value) == facts.initiator);
}

Tri test_ech(const TermValue& value, const Facts& facts, const TermContext&) noexcept {
  if (facts.ech == Known::not_yet) return Tri::not_yet;
  return tri(*std::get_if<bool>(&value) == (facts.ech == Known::yes));
}

Tri test_payload(const TermValue&, const Facts& facts, const TermContext& context) noexcept {
  if (context.fits) return Tri::yes;
  return facts.payload == Known::not_yet ? Tri::not_yet : Tri::no;
}

Tri test_share(const TermValue& value, const Facts& facts, const TermContext& context) noexcept {
  const Share& share = *std::get_if<Share>(&value);
  return tri(share_point(share.of, facts, context.seed) < share.part);
}

constexpr std::array<Key, 17> kKeys{{
    {"host", Fact::name, R"(names like "example.com", ".example.com", "*.example.com" or "/regex/")", read_hosts,
     test_host},
    {"host_list", Fact::name, R"(names of entries in lists, like "video"; one key together with host)", read_list_names,
     test_host},
    {"host_from", Fact::name, "tls, quic, http, dns or socks: where a name was read", read_sources, test_host_from},
    {"protocol", Fact::application, R"(nDPI protocol names like "BitTorrent", master or application, or "unknown")",
     read_applications, test_protocol},
    {"category", Fact::application, R"(nDPI category names like "Streaming")", read_applications, test_category},
    {"transport", Fact::none, kTransportsAllowed, read_transports, test_transport},
    {"server", Fact::none, kPrefixesAllowed, read_prefixes, test_server},
    {"client", Fact::none, kPrefixesAllowed, read_prefixes, test_client},
    {"server_port", Fact::none, kPortsAllowed, read_ports, test_server_port},
    {"client_port", Fact::none, kPortsAllowed, read_ports, test_client_port},
    {"initiator", Fact::none, "inside or outside", read_side, test_initiator},
    {"vlan", Fact::none, kVlansAllowed, read_vlans, test_vlan},
    {"ech", Fact::ech, "true or false", read_ech, test_ech},
    {"quic_version", Fact::quic, kVersionsAllowed, read_quic_versions, test_quic_version},
    {"payload", Fact::payload, kPayloadAllowed, read_payload_patterns, test_payload},
    {"payload_size", Fact::payload, kPayloadSizesAllowed, read_payload_sizes, test_payload_size},
    {"share", Fact::none, R"(a share of host pairs like 0.5, or { of = "pair" | "host" | "flow"; part = 0.5; })",
     read_share_value, test_share},
}};

}  // namespace

const char* name_of(Fact fact) {
  switch (fact) {
    case Fact::none: return "nothing";
    case Fact::name: return "a server name";
    case Fact::application: return "the application";
    case Fact::ech: return "the ClientHello";
    case Fact::quic: return "the QUIC version";
    case Fact::payload: return "the first payload";
  }
  return "";
}

std::span<const Key> keys() { return kKeys; }

int find_key(std::string_view name) {
  const auto at = std::ranges::find(kKeys, name, [](const Key& key) { return std::string_view(key.name); });
  return at == kKeys.end() ? -1 : static_cast<int>(at - kKeys.begin());
}

}  // namespace slowlane

#include "dataplane/flow_filter.h"

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "rules/patterns.h"

namespace slowlane {
namespace {

static_assert(std::is_trivially_copyable_v<FlowFilter>, "it is handed over as bytes");

bool host_fits(FlowFilter::Host kind, std::string_view pattern, std::string_view name) noexcept {
  switch (kind) {
    case FlowFilter::Host::any: return true;
    case FlowFilter::Host::exact: return name == pattern;
    case FlowFilter::Host::suffix:
      return name == pattern ||
             (name.size() > pattern.size() && name.ends_with(pattern) && name[name.size() - pattern.size() - 1] == '.');
    case FlowFilter::Host::glob: return glob_fits(pattern, name);
  }
  return false;
}

bool rule_fits(const Flow& flow, RuleId rule) noexcept {
  const auto end = flow.observed.begin() + flow.observed_count;
  return flow.rule == rule || std::find(flow.observed.begin(), end, rule) != end;
}

bool protocol_fits(const Flow& flow, const FlowFilter& filter) noexcept {
  constexpr std::uint8_t kNotSpoken = 0xff;
  switch (filter.protocol) {
    case FlowFilter::Protocol::any: return true;
    case FlowFilter::Protocol::none:
      return flow.master == kUnknownProtocol && flow.app == kUnknownProtocol && flow.spoken == kNotSpoken;
    case FlowFilter::Protocol::named: break;
  }
  if (filter.spoken && flow.spoken == static_cast<std::uint8_t>(*filter.spoken)) return true;
  if (filter.app != kUnknownProtocol) return flow.master == filter.master && flow.app == filter.app;
  return filter.master != kUnknownProtocol && (flow.master == filter.master || flow.app == filter.master);
}

}  // namespace

void FlowFilter::set_host(Host kind, std::string_view text) noexcept {
  host = kind;
  const bool fits = text.size() <= kLongestHost;
  host_size = fits ? static_cast<std::uint8_t>(text.size()) : 0;
  if (fits && !text.empty()) std::memcpy(host_text.data(), text.data(), text.size());
  if (!fits) host = Host::exact;  // no name is empty
}

bool FlowFilter::fits(const FlowKey& key, bool client_is_low) const noexcept {
  const Address& at_client = client_is_low ? key.low : key.high;
  const Address& at_server = client_is_low ? key.high : key.low;
  if (transport && key.transport != *transport) return false;
  if (either && !either->contains(at_client) && !either->contains(at_server)) return false;
  if (client && !client->contains(at_client)) return false;
  if (server && !server->contains(at_server)) return false;
  return server_port == 0 || (client_is_low ? key.high_port : key.low_port) == server_port;
}

bool FlowFilter::fits(const Flow& flow, const Names& names) const noexcept {
  if (cls && flow.cls != *cls) return false;
  if (rule && !rule_fits(flow, *rule)) return false;
  if (!fits(flow.key, flow.client_is_low) || !protocol_fits(flow, *this)) return false;
  if (host == Host::any) return true;
  const std::string_view pattern(host_text.data(), host_size);
  for (std::size_t i = 0; i < flow.name_count; ++i)
    if (flow.name_sources[i] != NameSource::dns && host_fits(host, pattern, names.text(flow.names[i]))) return true;
  return false;
}

bool FlowFilter::asks_addresses_only() const noexcept {
  return !cls && !rule && protocol == Protocol::any && host == Host::any;
}

}  // namespace slowlane

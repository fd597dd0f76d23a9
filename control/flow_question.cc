#include "control/flow_question.h"

#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "rules/host_pattern.h"
#include "rules/suggest.h"

namespace slowlane {
namespace {

using Json = nlohmann::ordered_json;
using Why = std::optional<std::string>;  // nullopt: nothing is wrong

constexpr std::uint16_t kUsualFlows = 50;
constexpr std::uint16_t kUsualPackets = 20;
constexpr std::uint8_t kCut4 = 96 + 24;  // bits of what is shown, in the 128-bit form
constexpr std::uint8_t kCut6 = 32;

std::string in_quotes(std::string_view text) { return "\"" + std::string(text) + "\""; }

// The text of a member; empty where it is not there.
Why text_of(const Json& request, const char* name, std::string& text) {
  const auto at = request.find(name);
  if (at == request.end() || at->is_null()) return {};
  if (!at->is_string() || at->get<std::string>().empty()) return std::string(name) + " takes a text";
  text = at->get<std::string>();
  return {};
}

Why number_of(const Json& request, const char* name, std::uint16_t most, std::uint16_t& number) {
  const auto at = request.find(name);
  if (at == request.end() || at->is_null()) return {};
  const bool fits = at->is_number_integer() && at->get<std::int64_t>() >= 1 && at->get<std::int64_t>() <= most;
  if (!fits) return std::string(name) + " takes a number from 1 to " + std::to_string(most) + ", not " + at->dump();
  number = at->get<std::uint16_t>();
  return {};
}

Why unknown_members(const Json& request, const std::vector<std::string_view>& known) {
  for (const auto& [name, value] : request.items())
    if (name != "command" && std::ranges::find(known, std::string_view(name)) == known.end())
      return "there is no " + in_quotes(name) + did_you_mean(name, known) + " (known: " + one_of(known) + ")";
  return {};
}

Why read_host(const Json& request, FlowFilter& filter) {
  std::string text;
  if (Why why = text_of(request, "host", text)) return why;
  if (text.empty()) return {};
  const ReadHostPattern read = read_host_pattern(text);
  if (const auto* why = std::get_if<std::string>(&read)) return "host: " + *why;
  const auto& pattern = std::get<HostPattern>(read);
  switch (pattern.kind) {
    case HostPattern::Kind::exact: filter.set_host(FlowFilter::Host::exact, pattern.text); break;
    case HostPattern::Kind::suffix: filter.set_host(FlowFilter::Host::suffix, pattern.text); break;
    case HostPattern::Kind::glob:
    case HostPattern::Kind::any: filter.set_host(FlowFilter::Host::glob, pattern.text); break;
    case HostPattern::Kind::regex: return "host: a name, .name or a pattern with stars, not a regular expression";
  }
  return {};
}

// The slot of the class or rule that the request names; none where it names none.
template <class Id>
Why read_name(const Json& request, const char* member, const auto& all, const auto& slots, std::optional<Id>& out) {
  std::string text;
  if (Why why = text_of(request, member, text)) return why;
  if (text.empty()) return {};
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].name == text) out = slots[i];
    names.emplace_back(all[i].name);
  }
  if (out) return {};
  return std::string("the book has no ") + member + " " + in_quotes(text) + did_you_mean(text, names);
}

std::optional<NameSource> reader_of(const std::string& protocol) {
  static constexpr std::array<const char*, 5> kReaders = {"tls", "quic", "http", "dns", "socks"};  // by NameSource
  for (std::size_t i = 0; i < kReaders.size(); ++i)
    if (protocol == kReaders[i]) return static_cast<NameSource>(i);
  return {};
}

std::optional<std::uint8_t> transport_of(const std::string& protocol) {
  static constexpr std::array<std::pair<const char*, std::uint8_t>, 4> kTransports = {
      {{"icmp", 1}, {"tcp", 6}, {"udp", 17}, {"icmp6", 58}}};
  for (const auto& [name, number] : kTransports)
    if (protocol == name) return number;
  return {};
}

Why read_protocol(const Json& request, const Dictionary* dictionary, FlowFilter& filter) {
  std::string written;
  if (Why why = text_of(request, "protocol", written)) return why;
  if (written.empty()) return {};
  const std::string text = lower_case(written);
  filter.transport = transport_of(text);
  if (filter.transport) return {};
  filter.protocol = FlowFilter::Protocol::named;
  if (is_unknown_protocol(text)) {
    filter.protocol = FlowFilter::Protocol::none;
    return {};
  }
  filter.spoken = reader_of(text);
  const auto name = dictionary == nullptr ? std::nullopt : find_protocol(*dictionary, text);
  if (name) {
    filter.master = name->master;
    filter.app = name->app;
  }
  if (name || filter.spoken) return {};
  return "there is no protocol " + in_quotes(written) + "; nDPI's names, unknown, tcp, udp, icmp and icmp6 are";
}

Why read_address(const Json& request, const QuestionContext& context, FlowFilter& filter) {
  std::string text;
  if (Why why = text_of(request, "address", text)) return why;
  if (text.empty()) return {};
  filter.either = parse_prefix(text);
  if (!filter.either) return "address: " + in_quotes(text) + " is no prefix like \"192.0.2.0/24\" or \"2001:db8::/32\"";
  if (context.addresses == Addresses::none) return std::string("address: this box shows no addresses");
  if (context.addresses == Addresses::truncated && says_more_than_is_shown(*filter.either))
    return std::string(
        "address: this box shows addresses cut to /24 and /32 of IPv6, so no longer prefix can be asked for");
  return {};
}

// An address, a prefix, or ADDRESS:PORT where `port` is there to take it.
std::optional<Prefix> end_of(const std::string& text, std::uint16_t* port) {
  if (auto prefix = parse_prefix(text)) return prefix;
  const auto endpoint = parse_endpoint(text);
  if (!endpoint || (endpoint->port != 0 && port == nullptr)) return {};
  if (port != nullptr) *port = endpoint->port;
  return Prefix{endpoint->address, 128};
}

Why read_ends(const Json& request, FlowFilter& filter) {
  std::string client;
  std::string server;
  if (Why why = text_of(request, "client", client)) return why;
  if (Why why = text_of(request, "server", server)) return why;
  if (!client.empty()) filter.client = end_of(client, nullptr);
  if (!client.empty() && !filter.client) return "client: " + in_quotes(client) + " is no address or prefix";
  if (!server.empty()) filter.server = end_of(server, &filter.server_port);
  if (!server.empty() && !filter.server)
    return "server: " + in_quotes(server) + " is no ADDRESS, ADDRESS:PORT or prefix";
  return {};
}

Why read_sort(const Json& request, FlowOrder& order) {
  std::string text;
  if (Why why = text_of(request, "sort", text)) return why;
  if (text.empty() || text == "bytes") return {};
  if (text != "packets" && text != "age") return "sort: bytes, packets or age, not " + in_quotes(text);
  order = text == "age" ? FlowOrder::age : FlowOrder::packets;
  return {};
}

}  // namespace

bool says_more_than_is_shown(const Prefix& prefix) { return prefix.bits > (prefix.base.is_v4() ? kCut4 : kCut6); }

ReadRequest read_flows(const Json& request, const QuestionContext& context) {
  Request read;
  read.most = kUsualFlows;
  FlowFilter& filter = read.filter;
  if (Why why = unknown_members(request, {"host", "class", "rule", "address", "protocol", "top", "sort"})) return *why;
  if (Why why = read_host(request, filter)) return *why;
  const RuleSet& book = context.book.running();
  const auto& slots = context.book.snapshot();
  if (Why why = read_name(request, "class", book.classes(), slots.class_slot, filter.cls)) return *why;
  if (Why why = read_name(request, "rule", book.rules(), slots.rule_slot, filter.rule)) return *why;
  if (Why why = read_address(request, context, filter)) return *why;
  if (Why why = read_protocol(request, context.dictionary, filter)) return *why;
  if (Why why = number_of(request, "top", Request::kMostFlows, read.most)) return *why;
  if (Why why = read_sort(request, read.order)) return *why;
  return read;
}

ReadRequest read_trace(const Json& request, const QuestionContext& context) {
  Request read;
  read.kind = Request::Kind::trace;
  read.most = kUsualPackets;
  FlowFilter& filter = read.filter;
  if (Why why = unknown_members(request, {"host", "client", "server", "packets", "for"})) return *why;
  if (Why why = read_host(request, filter)) return *why;
  if (Why why = read_ends(request, filter)) return *why;
  if (Why why = number_of(request, "packets", Request::kMostPackets, read.most)) return *why;
  const bool whose = filter.client && says_more_than_is_shown(*filter.client);
  if (context.addresses != Addresses::full && whose && filter.host != FlowFilter::Host::any)
    return std::string(
        "a client's address and a name together would tell who visits what; ask for one of them (a client may be "
        "given as a /24, or a /32 of IPv6)");
  return read;
}

}  // namespace slowlane

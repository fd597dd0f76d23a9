#include "rules/key_values.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "rules/fields.h"
#include "rules/host_pattern.h"
#include "rules/suggest.h"

namespace slowlane {
namespace {

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

// A key's value: one or a list of what `read` takes from a node as Result<std::vector<T>>; all mistakes at once.
template <class T, class Read>
ReadTerm read_list(const Node& value, Read read) {
  const auto items = read_items(value);
  if (!items) return items.diagnostics();
  std::vector<T> out;
  Diagnostics mistakes;
  for (const Node* item : *items) {
    Result<std::vector<T>> one = read(*item);
    if (one)
      std::ranges::move(*one, std::back_inserter(out));
    else
      std::ranges::copy(one.diagnostics(), std::back_inserter(mistakes));
  }
  if (!mistakes.empty()) return mistakes;
  return TermValue(std::move(out));
}

Diagnostic takes(const Node& node, std::string_view allowed) {
  return mistake(node, "takes " + std::string(allowed) + ", not " + describe(node));
}

Result<HostPatterns> host_of(const Node& node) {
  if (node.kind != Node::Kind::text) return takes(node, "names in quotes like \"example.com\"");
  auto read = read_host_pattern(node.text);
  if (auto* sentence = std::get_if<std::string>(&read)) return mistake(node, std::move(*sentence));
  HostPattern out = std::get<HostPattern>(std::move(read));
  out.place = node.place;
  return HostPatterns{std::move(out)};
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
  const bool hex = text.starts_with("0x") || text.starts_with("0X");
  if (hex) text.remove_prefix(2);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, hex ? 16 : 10);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<NumberRange> parse_range(std::string_view text, std::uint64_t most) {
  const std::size_t dash = text.find('-');
  const auto first = parse_number(text.substr(0, dash));
  auto last = first;
  if (dash != std::string_view::npos) last = dash + 1 == text.size() ? most : parse_number(text.substr(dash + 1));
  if (!first || !last || *first > *last || *last > most) return std::nullopt;
  return NumberRange{*first, *last};
}

// A number, or a text of numbers and ranges: "7", "10-20", "1001-", "1,5-9".
Result<NumberRanges> ranges_of(const Node& node, std::uint64_t most, std::string_view allowed) {
  NumberRanges out;
  if (node.kind != Node::Kind::text) {
    const auto number = read_number(node, 0, most);
    if (number) return NumberRanges{{*number, *number}};
    if (node.wrapped) return number.diagnostics();
    return takes(node, allowed);
  }
  std::string text = node.text;
  std::erase(text, ' ');
  for (std::string_view rest = text;;) {
    const std::size_t comma = rest.find(',');
    const auto range = parse_range(rest.substr(0, comma), most);
    if (!range) return takes(node, allowed);
    out.push_back(*range);
    if (comma == std::string_view::npos) return out;
    rest.remove_prefix(comma + 1);
  }
}

Result<NumberRanges> transport_of(const Node& node) {
  constexpr std::array<std::pair<std::string_view, std::uint64_t>, 5> kNames{
      {{"tcp", 6}, {"udp", 17}, {"icmp", 1}, {"icmp6", 58}, {"sctp", 132}}};
  if (node.kind == Node::Kind::text) {
    const std::string word = lower(node.text);
    for (const auto& [name, number] : kNames)
      if (word == name) return NumberRanges{{number, number}};
    const auto number = parse_number(word);
    if (number && *number <= 255) return NumberRanges{{*number, *number}};
    constexpr std::array<std::string_view, 5> kWords{"tcp", "udp", "icmp", "icmp6", "sctp"};
    return mistake(node, takes(node, kTransportsAllowed).text + did_you_mean(word, kWords));
  }
  return ranges_of(node, 255, kTransportsAllowed);
}

Result<NumberRanges> vlan_of(const Node& node) { return ranges_of(node, 4095, kVlansAllowed); }

Result<NumberRanges> payload_size_of(const Node& node) {
  return ranges_of(node, std::numeric_limits<std::uint32_t>::max(), kPayloadSizesAllowed);
}

Result<NumberRanges> quic_version_of(const Node& node) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint32_t>::max();
  if (node.kind != Node::Kind::text) return ranges_of(node, kMost, kVersionsAllowed);
  const std::string word = lower(node.text);
  std::optional<std::uint64_t> version;
  if (word == "v1") version = 1;           // RFC 9000 §15
  if (word == "v2") version = 0x6b3343cf;  // RFC 9369 §3.1
  if (word.starts_with("0x")) version = parse_number(word);
  if (word.starts_with("draft-")) {
    version = parse_number(std::string_view(word).substr(6));
    if (version && (*version < 1 || *version > 255)) version.reset();
    if (version) *version |= 0xff000000;  // RFC 9000 §15: drafts
  }
  if (!version || *version > kMost) return takes(node, kVersionsAllowed);
  return NumberRanges{{*version, *version}};
}

Result<Prefixes> prefix_of(const Node& node) {
  if (node.kind != Node::Kind::text) return takes(node, kPrefixesAllowed);
  if (const auto prefix = parse_prefix(node.text)) return Prefixes{*prefix};
  const std::size_t slash = node.text.find('/');
  const auto address = parse_address(std::string_view(node.text).substr(0, slash));
  const auto bits =
      slash == std::string::npos ? std::nullopt : parse_number(std::string_view(node.text).substr(slash + 1));
  if (!address || !bits || *bits > (address->is_v4() ? 32u : 128u)) return takes(node, kPrefixesAllowed);
  const auto width = static_cast<unsigned>(*bits);
  return mistake(node, describe(node) + " has bits set behind the prefix; write \"" +
                           truncate(*address, width, width).print() + "/" + std::to_string(width) + "\" or \"" +
                           address->print() + "\"");
}

Result<PortRanges> ports_of(const Node& node) {
  if (node.kind == Node::Kind::text) {
    auto ports = parse_ports(node.text);
    if (!ports) return takes(node, kPortsAllowed);
    return *std::move(ports);
  }
  const auto number = read_number(node, 0, 65535);
  if (!number) return node.wrapped ? number.diagnostics() : Diagnostics{takes(node, kPortsAllowed)};
  const auto port = static_cast<std::uint16_t>(*number);
  return PortRanges{{port, port}};
}

}  // namespace

ReadTerm read_hosts(const Node& value) { return read_list<HostPattern>(value, host_of); }

// The names of lists; the loader turns them into their patterns.
ReadTerm read_list_names(const Node& value) {
  return read_list<std::string>(value, [](const Node& node) -> Result<Texts> {
    auto text = read_text(node);
    if (!text) return text.diagnostics();
    return Texts{std::move(*text)};
  });
}

ReadTerm read_sources(const Node& value) {
  return read_list<NameSource>(value, [](const Node& node) -> Result<Sources> {
    // In the order of NameSource.
    const auto index = read_word(node, {"tls", "quic", "http", "dns", "socks"});
    if (!index) return index.diagnostics();
    return Sources{static_cast<NameSource>(*index)};
  });
}

ReadTerm read_applications(const Node& value) {
  return read_list<std::string>(value, [](const Node& node) -> Result<Texts> {
    auto text = read_text(node);
    if (!text) return text.diagnostics();
    return Texts{lower(std::move(*text))};
  });
}

ReadTerm read_prefixes(const Node& value) { return read_list<Prefix>(value, prefix_of); }

ReadTerm read_ports(const Node& value) { return read_list<PortRange>(value, ports_of); }

ReadTerm read_side(const Node& value) {
  const auto index = read_word(value, {"inside", "outside"});
  if (!index) return index.diagnostics();
  return TermValue(*index == 0 ? Side::inside : Side::outside);
}

ReadTerm read_ech(const Node& value) {
  const auto read = read_boolean(value);
  if (!read) return read.diagnostics();
  return TermValue(*read);
}

ReadTerm read_payload_patterns(const Node& value) {
  return read_list<std::string>(value, [](const Node& node) -> Result<Texts> {
    const std::string_view text = node.text;
    if (node.kind != Node::Kind::text || text.size() < 3 || !text.starts_with('/') || !text.ends_with('/'))
      return takes(node, kPayloadAllowed);
    return Texts{std::string(text.substr(1, text.size() - 2))};
  });
}

ReadTerm read_share_value(const Node& value) {
  if (value.kind != Node::Kind::group) {
    const auto part = read_share(value);
    if (!part) return part.diagnostics();
    return TermValue(Share{Share::Of::pair, *part});
  }
  Fields fields(value, "share group");
  Share out;
  fields.require("part", "part = 0.5");
  out.of =
      fields.word<Share::Of>("of", {{"pair", Share::Of::pair}, {"host", Share::Of::host}, {"flow", Share::Of::flow}})
          .value_or(out.of);
  out.part = fields.share("part").value_or(out.part);
  Diagnostics mistakes = fields.finish();
  if (!mistakes.empty()) return mistakes;
  return TermValue(out);
}

ReadTerm read_transports(const Node& value) { return read_list<NumberRange>(value, transport_of); }

ReadTerm read_vlans(const Node& value) { return read_list<NumberRange>(value, vlan_of); }

ReadTerm read_quic_versions(const Node& value) { return read_list<NumberRange>(value, quic_version_of); }

ReadTerm read_payload_sizes(const Node& value) { return read_list<NumberRange>(value, payload_size_of); }

}  // namespace slowlane

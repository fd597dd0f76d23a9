#include "rules/describe.h"

#include <cstdio>
#include <string_view>

#include "rules/keys.h"

namespace slowlane {
namespace {

constexpr std::size_t kShown = 3;  // members of a list

// The first members of a list, and how many more there are.
template <class List, class Print>
std::string shortened(const List& list, Print print) {
  std::string text;
  std::size_t shown = 0;
  for (const auto& one : list) {
    if (shown == kShown && list.size() > kShown + 1)
      return text + " and " + std::to_string(list.size() - shown) + " more";
    if (shown++ > 0) text += ", ";
    text += print(one);
  }
  return text;
}

const char* source_name(NameSource source) {
  switch (source) {
    case NameSource::tls: return "tls";
    case NameSource::quic: return "quic";
    case NameSource::http: return "http";
    case NameSource::dns: return "dns";
    case NameSource::socks: return "socks";
  }
  return "";
}

std::string print_range(std::uint64_t first, std::uint64_t last) {
  if (first == last) return std::to_string(first);
  // An open end is written without a number: "1001-".
  return std::to_string(first) + "-" + (last >= 0xffffffff ? "" : std::to_string(last));
}

std::string print_transport(std::uint64_t number) {
  switch (number) {
    case 1: return "icmp";
    case 6: return "tcp";
    case 17: return "udp";
    case 58: return "icmp6";
    default: return std::to_string(number);
  }
}

std::string print_quic_version(std::uint64_t version) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%08llx", static_cast<unsigned long long>(version));
  return text;
}

struct Print {
  std::string_view key;

  std::string operator()(const HostPatterns& patterns) const {
    return shortened(patterns,
                     [](const HostPattern& one) { return '"' + (one.written.empty() ? one.text : one.written) + '"'; });
  }
  std::string operator()(const Sources& sources) const { return shortened(sources, source_name); }
  std::string operator()(const Texts& texts) const {
    const char quote = key == "payload" ? '/' : '"';
    return shortened(texts, [quote](const std::string& text) { return quote + text + quote; });
  }
  std::string operator()(const Prefixes& prefixes) const {
    return shortened(prefixes, [](const Prefix& prefix) { return prefix.print(); });
  }
  std::string operator()(const PortRanges& ports) const {
    return shortened(ports, [](PortRange range) { return print_range(range.first, range.last); });
  }
  std::string operator()(const NumberRanges& ranges) const {
    return shortened(ranges, [this](NumberRange range) {
      if (range.first == range.last && key == "transport") return print_transport(range.first);
      if (range.first == range.last && key == "quic_version") return print_quic_version(range.first);
      return print_range(range.first, range.last);
    });
  }
  std::string operator()(Side side) const { return side == Side::inside ? "inside" : "outside"; }
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(Share share) const {
    char text[32];
    std::snprintf(text, sizeof text, "%g of ", share.part);
    switch (share.of) {
      case Share::Of::pair: return std::string(text) + "pairs";
      case Share::Of::host: return std::string(text) + "hosts";
      case Share::Of::flow: return std::string(text) + "flows";
    }
    return text;
  }
};

}  // namespace

std::string describe(const Term& term) { return std::visit(Print{keys()[term.key].name}, term.value); }

}  // namespace slowlane

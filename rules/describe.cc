#include "rules/describe.h"

#include <cstdio>
#include <optional>
#include <string_view>

#include "rules/keys.h"
#include "rules/units.h"

namespace slowlane {
namespace {

constexpr std::size_t kShown = 3;  // members of a list
constexpr std::size_t kAll = static_cast<std::size_t>(-2);

// The first members of a list, and how many more there are.
template <class List, class Print>
std::string listed(const List& list, std::size_t most, Print print) {
  std::string text;
  std::size_t shown = 0;
  for (const auto& one : list) {
    if (shown == most && list.size() > most + 1) return text + " and " + std::to_string(list.size() - shown) + " more";
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

std::string print_share(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%.10g", share);
  return text;
}

std::string print_quic_version(std::uint64_t version) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%08llx", static_cast<unsigned long long>(version));
  return text;
}

struct Print {
  std::string_view key;
  std::size_t most;

  std::string operator()(const HostPatterns& patterns) const {
    return listed(patterns, most,
                  [](const HostPattern& one) { return '"' + (one.written.empty() ? one.text : one.written) + '"'; });
  }
  std::string operator()(const Sources& sources) const { return listed(sources, most, source_name); }
  std::string operator()(const Texts& texts) const {
    const char quote = key == "payload" ? '/' : '"';
    return listed(texts, most, [quote](const std::string& text) { return quote + text + quote; });
  }
  std::string operator()(const Prefixes& prefixes) const {
    return listed(prefixes, most, [](const Prefix& prefix) { return prefix.print(); });
  }
  std::string operator()(const PortRanges& ports) const {
    return listed(ports, most, [](PortRange range) { return print_range(range.first, range.last); });
  }
  std::string operator()(const NumberRanges& ranges) const {
    return listed(ranges, most, [this](NumberRange range) {
      if (range.first == range.last && key == "transport") return print_transport(range.first);
      if (range.first == range.last && key == "quic_version") return print_quic_version(range.first);
      return print_range(range.first, range.last);
    });
  }
  std::string operator()(Side side) const { return side == Side::inside ? "inside" : "outside"; }
  std::string operator()(bool value) const { return value ? "true" : "false"; }
  std::string operator()(Share share) const {
    std::string text = print_share(share.part) + " of ";
    switch (share.of) {
      case Share::Of::pair: return text + "pairs";
      case Share::Of::host: return text + "hosts";
      case Share::Of::flow: return text + "flows";
    }
    return text;
  }
};

const char* name_of(Scope scope) {
  switch (scope) {
    case Scope::flow: return "flow";
    case Scope::host: return "host";
    case Scope::cls: return "class";
  }
  return "";
}

const char* name_of(Directions directions) {
  switch (directions) {
    case Directions::each: return "each";
    case Directions::shared: return "shared";
    case Directions::up: return "up";
    case Directions::down: return "down";
  }
  return "";
}

const char* name_of(Restart restart) {
  switch (restart) {
    case Restart::never: return "never";
    case Restart::trigger: return "trigger";
    case Restart::packet: return "packet";
  }
  return "";
}

const char* yes_or_no(bool value) { return value ? "true" : "false"; }

// Settings, collected.
struct Settings {
  std::vector<std::pair<std::string, std::string>> list;

  Settings& add(std::string name, std::string value) {
    list.emplace_back(std::move(name), std::move(value));
    return *this;
  }
  Settings& direction(const std::string& of, Directions value) { return add(of + ".direction", name_of(value)); }
  Settings& hold(const std::string& of, const std::optional<Nanos>& time, Restart restart) {
    if (!time) return *this;
    return add(of + ".hold", print_time(*time)).add(of + ".restart", name_of(restart));
  }
  Settings& queue(const std::string& of, std::uint64_t bytes, std::uint32_t packets) {
    return add(of + ".queue", print_size(bytes)).add(of + ".queue_packets", std::to_string(packets));
  }
  template <class Treatment>
  Settings& bucket(const std::string& of, const Treatment& spec) {
    add(of + ".rate", print_rate(spec.rate)).add(of + ".burst", print_size(spec.burst));
    add(of + ".scope", name_of(spec.scope));
    if (spec.scope == Scope::host) add(of + ".scope_prefix6", std::to_string(spec.scope_prefix6));
    return direction(of, spec.direction);
  }
};

}  // namespace

std::string print_transport(std::uint64_t number) {
  switch (number) {
    case 1: return "icmp";
    case 6: return "tcp";
    case 17: return "udp";
    case 58: return "icmp6";
    default: return std::to_string(number);
  }
}

std::string describe(const Term& term) { return std::visit(Print{keys()[term.key].name, kShown}, term.value); }
std::string describe_whole(const Term& term) { return std::visit(Print{keys()[term.key].name, kAll}, term.value); }

std::vector<std::pair<std::string, std::string>> settings_of(const ClassSpec& spec) {
  Settings out;
  if (spec.mark) out.add("mark.dscp", std::to_string(spec.mark->dscp)).direction("mark", spec.mark->direction);
  if (spec.allow) {
    if (spec.allow->bytes) out.add("allow.bytes", print_size(*spec.allow->bytes));
    if (spec.allow->packets) out.add("allow.packets", std::to_string(*spec.allow->packets));
    out.hold("allow", spec.allow->hold, spec.allow->restart).direction("allow", spec.allow->direction);
  }
  if (spec.drop) {
    out.add("drop.after_packets",
            spec.drop->counts_trigger ? "none" : print_range(spec.drop->after_min, spec.drop->after_max));
    out.hold("drop", spec.drop->hold, spec.drop->restart).direction("drop", spec.drop->direction);
  }
  if (spec.reset) out.add("reset", "yes").hold("reset", spec.reset->hold, spec.reset->restart);
  if (spec.lose) out.add("lose.share", print_share(spec.lose->share)).direction("lose", spec.lose->direction);
  if (spec.police) out.bucket("police", *spec.police);
  if (spec.shape) {
    out.bucket("shape", *spec.shape);
    out.queue("shape", spec.shape->queue_bytes, spec.shape->queue_packets);
  }
  if (spec.delay) {
    out.add("delay.time", print_time(spec.delay->time)).add("delay.jitter", print_time(spec.delay->jitter));
    out.queue("delay", spec.delay->queue_bytes, spec.delay->queue_packets).direction("delay", spec.delay->direction);
  }
  return std::move(out.list);
}

std::vector<std::pair<std::string, std::string>> settings_of(const Inspection& how) {
  using I = Inspection;
  Settings out;
  out.add("inspection.hello", how.hello == I::Hello::stream ? "stream" : "packet");
  out.add("inspection.reassemble", yes_or_no(how.reassemble));
  out.add("inspection.clienthello_from", how.hello_from == I::HelloFrom::client ? "client" : "either");
  out.add("inspection.trailing_dot", how.trailing_dot == I::TrailingDot::ignore ? "ignore" : "keep");
  out.add("inspection.names", how.names == I::Names::first ? "first" : "every");
  out.add("inspection.fragments", how.fragments == I::Fragments::follow ? "follow" : "hold");
  if (how.fragments == I::Fragments::hold) {
    out.add("inspection.fragments.limit", std::to_string(how.fragment_limit));
    out.add("inspection.fragments.timeout", print_time(how.fragment_timeout));
    out.add("inspection.fragments.ttl", how.fragment_ttl_first ? "first" : "own");
  }
  out.add("inspection.unknown_max", print_size(how.unknown_max));
  out.add("inspection.max_packets", print_range(how.max_packets, how.max_packets_most));
  out.add("inspection.max_bytes", print_size(how.max_bytes));
  out.add("inspection.ndpi_packets", std::to_string(how.ndpi_packets));
  return std::move(out.list);
}

std::vector<std::pair<std::string, std::string>> settings_of(const FlowRules& how) {
  using F = FlowRules;
  Settings out;
  out.add("flows.idle", print_time(how.idle)).add("flows.idle_syn", print_time(how.idle_syn));
  out.add("flows.idle_udp", print_time(how.idle_udp));
  out.add("flows.new_syn", how.new_syn == F::NewSyn::fresh ? "new" : "same");
  out.add("flows.forget_on_close", yes_or_no(how.forget_on_close));
  out.add("flows.midstream", yes_or_no(how.midstream));
  out.add("flows.midstream_initiator", how.midstream_initiator == F::MidstreamInitiator::port ? "port" : "first");
  out.add("flows.split_handshake", how.split_handshake == F::SplitHandshake::first ? "first" : "outside");
  out.add("flows.key", how.key == F::Key::tuple ? "tuple" : "vlan");
  return std::move(out.list);
}

}  // namespace slowlane

#include "control/flow_record.h"

#include <array>
#include <nlohmann/json.hpp>

#include "control/text.h"
#include "rules/describe.h"

namespace slowlane {
namespace {

using Json = nlohmann::ordered_json;
// An object as it is made: its keys are all different, so none is looked for.
using Fields = Json::object_t;

const char* print_client_by(ClientBy by) {
  switch (by) {
    case ClientBy::syn: return "syn";
    case ClientBy::syn_ack: return "syn_ack";
    case ClientBy::port: return "port";
    case ClientBy::first: break;
  }
  return "first";
}

const char* print_side(Side side) { return side == Side::inside ? "inside" : "outside"; }

Json print_address(const Address& address, Addresses how) {
  switch (how) {
    case Addresses::full: return address.print();
    case Addresses::truncated: return truncate(address, 24, 32).print();
    case Addresses::none: break;
  }
  return nullptr;
}

Json print_outer(const Flow& flow) {
  std::string text;
  for (std::size_t i = 0; i < flow.encap_count; ++i) text += (i > 0 ? "/" : "") + std::string(name_of(flow.encaps[i]));
  return text.empty() ? Json(nullptr) : Json(text);
}

std::string print_found(const Flow& flow) {
  switch (flow.found) {
    case FoundBy::whole: return "whole";
    case FoundBy::segments: return "segments";
    case FoundBy::records: return "records";
    case FoundBy::initials: return "initials";
    case FoundBy::none: break;
  }
  return std::string("none:") + name_of(flow.not_found);
}

// The master protocol that our own readers recognised, in nDPI's spelling; null where they did not.
Json reader_master(const Flow& flow) {
  static constexpr std::array kMasters = {"TLS", "QUIC", "HTTP", "DNS", "SOCKS"};  // by NameSource
  return flow.spoken < kMasters.size() ? Json(kMasters[flow.spoken]) : Json(nullptr);
}

Json print_protocol(const FlowView& view) {
  const Flow& flow = view.flow;
  const bool answered = flow.application == Known::yes || flow.master != kUnknownProtocol;
  if (answered && view.classifier != nullptr) return view.classifier->print(flow.master, flow.app);
  if (Json master = reader_master(flow); !master.is_null()) return master;
  return view.classifier != nullptr && flow.probed_packets > 0 ? Json("Unknown") : Json(nullptr);
}

void add_ends(Fields& record, const Flow& flow, IcmpHead icmp, Addresses how) {
  record.emplace_back("community_id", how == Addresses::full ? Json(community_id(flow, icmp)) : Json(nullptr));
  record.emplace_back("transport", print_transport(flow.key.transport));
  record.emplace_back("ip", flow.key.version);
  record.emplace_back("client", print_address(flow.client(), how));
  record.emplace_back("client_port", how == Addresses::full ? flow.client_port() : 0);
  record.emplace_back("server", print_address(flow.server(), how));
  record.emplace_back("server_port", flow.server_port());
  record.emplace_back("initiator", print_side(flow.initiator()));
  record.emplace_back("client_by", print_client_by(flow.client_by));
  record.emplace_back("midstream", flow.midstream);
  record.emplace_back("outer", print_outer(flow));
}

void add_facts(Fields& record, const FlowView& view) {
  const Flow& flow = view.flow;
  const int shown = shown_name(flow);
  Json host, from, more = Json::array();
  for (int i = 0; i < flow.name_count; ++i) {
    const auto index = static_cast<std::size_t>(i);
    const std::string text(view.names[index]);
    if (i == shown) {
      host = text;
      from = name_of(flow.name_sources[index]);
    } else {
      more.push_back(text);
    }
  }
  record.emplace_back("host", std::move(host));
  record.emplace_back("host_from", std::move(from));
  record.emplace_back("more_hosts", std::move(more));
  record.emplace_back("protocol", print_protocol(view));
  record.emplace_back("ech", flow.ech == Known::yes);
  record.emplace_back("quic_version", flow.quic == Known::yes ? Json(flow.quic_version) : Json(nullptr));
  record.emplace_back("found", print_found(flow));
  record.emplace_back("inspected_packets", flow.inspected_packets);
}

void add_verdict(Fields& record, const Flow& flow, const Labels& labels) {
  const auto rule = labels.rule(flow.rule, flow.generation);
  record.emplace_back("rule", rule ? Json(rule->name) : Json(nullptr));
  record.emplace_back("class", labels.cls(flow.cls));
  record.emplace_back("mode", rule ? Json("enforce") : Json(nullptr));
  Json observed = Json::array();
  for (std::size_t i = 0; i < flow.observed_count; ++i)
    if (const auto seen = labels.rule(flow.observed[i], flow.generation))
      observed.push_back({{"rule", seen->name}, {"class", seen->then}});
  record.emplace_back("observed", std::move(observed));
  Json trigger;
  if (flow.trigger_time >= 0)
    trigger = {{"frame", flow.trigger_frame},
               {"time", print_seconds(flow.trigger_time)},
               {"side", print_side(flow.trigger_side)}};
  record.emplace_back("trigger", std::move(trigger));
  Json drawn = Json::object();
  if (flow.drawn_after != kNoIndex) drawn["after_packets"] = flow.drawn_after;
  if (flow.drawn_window != kNoIndex) drawn["max_packets"] = flow.drawn_window;
  record.emplace_back("drawn", std::move(drawn));
}

Json direction_record(const Flow& flow, Direction direction) {
  const std::size_t i = at(direction);
  return {{"packets", flow.packets[i]},
          {"bytes", flow.bytes[i]},
          {"dropped_packets", flow.dropped_packets[i]},
          {"dropped_bytes", flow.dropped_bytes[i]},
          {"delayed_packets", flow.delayed_packets[i]},
          {"delay_max_ms", to_milliseconds(flow.delay_max[i])},
          {"first_drop", flow.first_drop[i] < 0 ? Json(nullptr) : Json(print_seconds(flow.first_drop[i]))},
          {"longest_gap_ms", to_milliseconds(flow.longest_gap[i])}};
}

std::string cell_of(const Json& value) {
  if (value.is_null()) return "";
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_array()) return value.dump();
  std::string text;
  for (const Json& one : value) {
    if (!text.empty()) text += ' ';
    text += one.is_object() ? one.value("rule", "") + ":" + one.value("class", "") : cell_of(one);
  }
  return text;
}

// The value behind "up.bytes"; null where a part of the way is missing.
Json value_at(const Json& record, const std::string& column) {
  const std::size_t dot = column.find('.');
  const auto found = record.find(column.substr(0, dot));
  if (found == record.end()) return nullptr;
  if (dot == std::string::npos) return *found;
  return found->is_object() ? found->value(column.substr(dot + 1), Json()) : Json();
}

}  // namespace

Json flow_record(const FlowView& view) {
  const Flow& flow = view.flow;
  Fields record;
  record.reserve(flow_columns().size());
  record.emplace_back("id", flow.id);
  add_ends(record, flow, view.icmp, view.addresses);
  add_facts(record, view);
  add_verdict(record, flow, view.labels);
  record.emplace_back("up", direction_record(flow, Direction::up));
  record.emplace_back("down", direction_record(flow, Direction::down));
  record.emplace_back("made", 0);
  record.emplace_back("frames", Json{{"first", flow.first_frame}, {"last", flow.last_frame}});
  record.emplace_back("first", print_seconds(flow.first));
  record.emplace_back("last", print_seconds(flow.last));
  record.emplace_back("end", name_of(view.why));
  return Json(std::move(record));
}

Json flow_record(const Flow& flow, FlowEnd why, IcmpHead icmp, const FlowContext& context) {
  FlowNames names;
  for (std::size_t i = 0; i < flow.name_count; ++i) names[i] = context.names.text(flow.names[i]);
  return flow_record({flow, names, context.labels, context.classifier, context.addresses, why, icmp});
}

int shown_name(const Flow& flow) {
  if (flow.deciding_name < flow.name_count) return flow.deciding_name;
  int dns = -1;
  for (int i = flow.name_count - 1; i >= 0; --i) {
    if (flow.name_sources[static_cast<std::size_t>(i)] != NameSource::dns) return i;
    if (dns < 0) dns = i;
  }
  return dns;
}

std::string_view shown_class(const RuleSet& rules, ClassId cls) {
  return cls == kPending || cls >= rules.classes().size() ? "pass" : std::string_view(rules.classes()[cls].name);
}

const char* name_of(NameSource source) {
  switch (source) {
    case NameSource::tls: return "tls";
    case NameSource::quic: return "quic";
    case NameSource::http: return "http";
    case NameSource::dns: return "dns";
    case NameSource::socks: break;
  }
  return "socks";
}

const char* name_of(FlowEnd why) {
  switch (why) {
    case FlowEnd::idle: return "idle";
    case FlowEnd::new_syn: return "new_syn";
    case FlowEnd::closed: return "closed";
    case FlowEnd::hold_over: return "hold_over";
    case FlowEnd::evicted: return "evicted";
    case FlowEnd::end_of_run: break;
  }
  return "end_of_run";
}

const std::vector<std::string>& flow_columns() {
  static const std::vector<std::string> columns = [] {
    std::vector<std::string> all = {"id",
                                    "community_id",
                                    "transport",
                                    "ip",
                                    "client",
                                    "client_port",
                                    "server",
                                    "server_port",
                                    "initiator",
                                    "client_by",
                                    "midstream",
                                    "outer",
                                    "host",
                                    "host_from",
                                    "more_hosts",
                                    "protocol",
                                    "ech",
                                    "quic_version",
                                    "found",
                                    "inspected_packets",
                                    "rule",
                                    "class",
                                    "mode",
                                    "observed",
                                    "trigger.frame",
                                    "trigger.time",
                                    "trigger.side",
                                    "drawn.after_packets",
                                    "drawn.max_packets"};
    for (const char* direction : {"up.", "down."})
      for (const char* column : {"packets", "bytes", "dropped_packets", "dropped_bytes", "delayed_packets",
                                 "delay_max_ms", "first_drop", "longest_gap_ms"})
        all.push_back(std::string(direction) + column);
    for (const char* column : {"made", "frames.first", "frames.last", "first", "last", "end"}) all.push_back(column);
    return all;
  }();
  return columns;
}

std::vector<std::string> flow_cells(const Json& record) {
  std::vector<std::string> cells;
  for (const std::string& column : flow_columns()) cells.push_back(cell_of(value_at(record, column)));
  return cells;
}

}  // namespace slowlane

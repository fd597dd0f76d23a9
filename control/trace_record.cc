#include "control/trace_record.h"

#include <array>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "control/flow_question.h"
#include "control/text.h"
#include "dataplane/flow_facts.h"
#include "rules/describe.h"

namespace slowlane {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint8_t kTcp = 6;
constexpr std::size_t kMostRules = 64;  // told of one packet

double milliseconds(Nanos time) { return std::round(static_cast<double>(time) / 1e3) / 1e3; }

std::string flags_of(std::uint8_t flags) {
  constexpr std::array<std::pair<std::uint8_t, char>, 5> kLetters = {
      {{kSyn, 'S'}, {kFin, 'F'}, {kRst, 'R'}, {kPsh, 'P'}, {kAck, '.'}}};  // as tcpdump writes them
  std::string text;
  for (const auto& [bit, letter] : kLetters)
    if ((flags & bit) != 0) text += letter;
  return text;
}

Json address_of(const Address& address, Addresses how) {
  switch (how) {
    case Addresses::full: return address.print();
    case Addresses::truncated: return truncate(address, 24, 32).print();
    case Addresses::none: break;
  }
  return nullptr;
}

// Whether it is known whose packet it is, though addresses are cut: the trace was asked for by his. A server inside is
// a subscriber too.
bool is_singled_out(const TraceStep& step, const TraceContext& context) {
  if (context.live.addresses == Addresses::full) return false;
  const auto whole = [](const std::optional<Prefix>& prefix) { return prefix && says_more_than_is_shown(*prefix); };
  const bool sent_by_server = step.sender_is_low != step.client_is_low;
  const bool server_is_inside = sent_by_server == (step.side == Side::inside);
  return whole(context.asked.client) || (server_is_inside && whole(context.asked.server));
}

Json packet_view(const TraceStep& step, const TraceContext& context) {
  const Headers& headers = step.headers;
  const bool from_client = step.sender_is_low == step.client_is_low;
  const bool full = context.live.addresses == Addresses::full;
  const Address& client = step.client_is_low ? step.key.low : step.key.high;
  const Address& server = step.client_is_low ? step.key.high : step.key.low;
  Json view = {{"wire", step.wire < context.wires.size() ? Json(context.wires[step.wire]) : Json(step.wire)},
               {"side", step.side == Side::inside ? "inside" : "outside"},
               {"direction", step.side == Side::inside ? "up" : "down"},
               {"from", from_client ? "client" : "server"},
               {"transport", print_transport(step.key.transport)},
               {"client", address_of(client, context.live.addresses)},
               {"client_port", full ? (step.client_is_low ? step.key.low_port : step.key.high_port) : 0},
               {"server", address_of(server, context.live.addresses)},
               {"server_port", step.client_is_low ? step.key.high_port : step.key.low_port},
               {"ip_bytes", headers.ip_bytes},
               {"payload_bytes", headers.payload_bytes},
               {"ttl", headers.ttl}};
  if (step.key.transport == kTcp)
    view["tcp"] = {{"flags", flags_of(headers.tcp_flags)}, {"seq", headers.tcp_seq}, {"ack", headers.tcp_ack}};
  if (headers.fragment != FragmentKind::none) view["fragment_offset"] = headers.fragment_offset;
  return view;
}

Json flow_view(const Answer& step, const TraceContext& context) {
  if (!step.step.has_flow) return nullptr;
  const Flow& flow = step.event.flow;
  const Json record = live_record(step.event, context.live);
  Json view = {{"id", record["id"]},
               {"worker", record["worker"]},
               {"new", step.step.is_new},
               {"packets", flow.packet_count()},
               {"looking", static_cast<bool>(flow.looking)},
               {"found", record["found"]},
               {"inspected_packets", record["inspected_packets"]},
               {"protocol", record["protocol"]},
               {"ech", record["ech"]}};
  if (is_singled_out(step.step, context)) {
    view.erase("id");  // by it a list of flows would tell the name
    view.erase("protocol");
  }
  if (context.live.addresses == Addresses::full) {
    view["host"] = record["host"];
    view["host_from"] = record["host_from"];
  }
  return view;
}

const char* word_of(Tri answer) {
  switch (answer) {
    case Tri::no: return "no";
    case Tri::yes: return "yes";
    case Tri::not_yet: break;
  }
  return "not_yet";
}

// The facts of a copied flow; the payload that rules may ask for is not copied. `names` is storage.
Facts facts_of(const FlowEvent& event, std::array<HostName, Flow::kMaxNames>& names) {
  const Flow& flow = event.flow;
  for (std::size_t i = 0; i < flow.name_count; ++i) names[i] = {event.name(i), flow.name_sources[i]};
  return facts_of(flow, {names.data(), flow.name_count});
}

Json terms_of(const RuleAnswer& rule, const Facts& facts) {
  Json terms = Json::array();
  for (const TermAnswer& term : rule.terms) {
    const bool gone = term.key.ends_with("payload") && facts.payload == Known::yes;
    Json one = {{"key", term.key}, {"expected", term.expected}, {"answer", gone ? "not_told" : word_of(term.answer)}};
    if (!term.needs.empty()) one["needs"] = term.needs;
    terms.push_back(std::move(one));
  }
  return terms;
}

// What each rule says of the flow as it is after this packet, down to the one that decided.
Json rules_view(const FlowEvent& event, const TraceContext& context) {
  const RuleSet& rules = context.book.running();
  std::array<HostName, Flow::kMaxNames> names;
  const Facts facts = facts_of(event, names);
  const RuleSet::ScratchPtr scratch = rules.make_scratch();
  Json all = Json::array();
  for (const RuleAnswer& answer : rules.explain(facts, *scratch)) {
    if (all.size() == kMostRules) break;
    const Rule& rule = rules.rules()[answer.rule];
    if (rule.mode == Mode::off) continue;
    const bool decided = context.book.snapshot().rule_slot[answer.rule] == event.flow.rule;
    all.push_back({{"rule", rule.name},
                   {"line", rule.place.line},
                   {"mode", rule.mode == Mode::observe ? "observe" : "enforce"},
                   {"answer", decided ? "yes" : word_of(answer.answer)},
                   {"terms", terms_of(answer, facts)}});
    if (decided) break;
  }
  return all;
}

Json verdict_view(const Answer& step, const TraceContext& context) {
  const Flow& flow = step.event.flow;
  const bool whole = !is_singled_out(step.step, context);
  const Json record = live_record(step.event, context.live);
  Json view = Json::object();
  if (whole) view = {{"class", flow.cls == kPending ? Json("pending") : record["class"]}, {"rule", record["rule"]}};
  view.update(
      {{"settled", static_cast<bool>(flow.settled)}, {"judged", step.step.was_open}, {"trigger", step.step.trigger}});
  if (!whole) return view;
  view["observed"] = record["observed"];
  const bool by_this_book = flow.generation == context.book.generation();
  if (step.step.was_open && by_this_book) view["rules"] = rules_view(step.event, context);
  return view;
}

Json fate_view(const TraceStep& fate, const TraceContext& context) {
  Json view = {{"fate", fate.sent ? "sent" : "dropped"},
               {"reason", fate.sent ? Json(nullptr) : Json(name_of(fate.reason))},
               {"class", context.live.labels.cls(fate.cls)},
               {"in_box_ms", milliseconds(fate.departure - fate.arrival)},
               {"marked", fate.marked},
               {"reset", fate.reset}};
  if (fate.bucket_bytes != TraceStep::kNoBucket)
    view["bucket"] = {{"bytes", fate.bucket_bytes}, {"burst", fate.bucket_burst}};
  view["queue"] = {{"flow_packets", fate.flow_waits}, {"class_packets", fate.class_waits}};
  return view;
}

Json record_of(const Answer& step, Json treatment, const TraceContext& context) {
  if (is_singled_out(step.step, context)) treatment.erase("class");
  Json record = {{"packet", step.step.packet},
                 {"at_ms", milliseconds(step.step.arrival - context.began)},
                 {"headers", packet_view(step.step, context)},
                 {"flow", flow_view(step, context)}};
  record["verdict"] = step.step.has_flow ? verdict_view(step, context) : Json(nullptr);
  record["treatment"] = std::move(treatment);
  return record;
}

}  // namespace

Json trace_record(const Answer& step, const Answer& fate, const TraceContext& context) {
  return record_of(step, fate_view(fate.step, context), context);
}

Json trace_record(const Answer& step, NoFate why, const TraceContext& context) {
  return record_of(step, {{"fate", why == NoFate::held ? "held" : "not_told"}}, context);
}

}  // namespace slowlane

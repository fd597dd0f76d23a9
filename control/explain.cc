#include "control/explain.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "control/flow_record.h"
#include "rules/describe.h"

namespace slowlane {
namespace {

constexpr std::uint8_t kUdp = 17;

const char* word_of(Tri answer) {
  switch (answer) {
    case Tri::no: return "no";
    case Tri::yes: return "yes";
    case Tri::not_yet: return "not yet known";
  }
  return "";
}

const char* name_of(Mode mode) {
  switch (mode) {
    case Mode::enforce: return "enforce";
    case Mode::observe: return "observe";
    case Mode::off: return "off";
  }
  return "";
}

// How far down the rules a verdict reaches.
std::size_t last_rule(const Explanation& explanation) {
  const RuleId rule = explanation.ended.rule;
  return rule == kNoRule ? explanation.answers.size() : std::size_t{rule} + 1;
}

std::vector<std::string> needs_of(const RuleSet& rules, const std::vector<RuleAnswer>& answers) {
  std::vector<std::string> needs;
  for (const RuleAnswer& answer : answers) {
    const Mode mode = rules.rules()[answer.rule].mode;
    if (mode == Mode::off) continue;
    if (mode == Mode::enforce && answer.answer == Tri::yes) break;
    if (answer.answer != Tri::not_yet) continue;
    for (const TermAnswer& term : answer.terms)
      if (!term.needs.empty() && std::find(needs.begin(), needs.end(), term.needs) == needs.end())
        needs.push_back(term.needs);
  }
  return needs;
}

std::string place_of(const Rule& rule) { return rule.place.file + ":" + std::to_string(rule.place.line); }

std::string quoted(const std::string& text) { return "\"" + text + "\""; }

std::string decision(const RuleSet& rules, const Verdict& verdict) {
  std::string text = "class " + quoted(rules.classes()[verdict.cls].name);
  if (verdict.cls == kPending) return text;
  if (verdict.rule == kNoRule) return text + ": no rule matches, and \"otherwise\" says so";
  const Rule& rule = rules.rules()[verdict.rule];
  return text + " by rule " + quoted(rule.name) + " (" + place_of(rule) + ")";
}

std::string list(const std::vector<std::string>& texts) {
  std::string all;
  for (std::size_t i = 0; i < texts.size(); ++i)
    all += (i == 0 ? "" : i + 1 == texts.size() ? " and " : ", ") + texts[i];
  return all;
}

std::string observed(const RuleSet& rules, const Verdict& verdict) {
  std::string text;
  for (const RuleId id : verdict.observed_rules()) {
    const Rule& rule = rules.rules()[id];
    text += "observed: rule " + quoted(rule.name) + " (" + place_of(rule) + ") would have given class " +
            quoted(rule.then) + "\n";
  }
  return text;
}

// "[2001:db8::1]:443"; empty for an address that was not said.
std::string print_end(const Address& address, std::uint16_t port) {
  if (address == Address{}) return "";
  const std::string text = address.is_v4() ? address.print() : "[" + address.print() + "]";
  return port == 0 ? text : text + ":" + std::to_string(port);
}

std::string print_flow(const Facts& facts) {
  std::string text = "flow: " + print_transport(facts.transport);
  const std::string client = print_end(facts.client, facts.client_port);
  const std::string server = print_end(facts.server, facts.server_port);
  if (!client.empty()) text += ", client " + client;
  if (!server.empty()) text += ", server " + server;
  text += facts.initiator == Side::inside ? ", from inside" : ", from outside";
  for (const HostName& name : facts.names)
    text += ", host " + std::string(name.text) + " (" + name_of(name.source) + ")";
  return text + (facts.more_names ? ", more names may come" : "") + "\n";
}

nlohmann::ordered_json flow_to_json(const Facts& facts) {
  const auto end = [](const Address& address) {
    return address == Address{} ? nlohmann::ordered_json() : nlohmann::ordered_json(address.print());
  };
  auto hosts = nlohmann::ordered_json::array();
  for (const HostName& name : facts.names) hosts.push_back({{"host", name.text}, {"host_from", name_of(name.source)}});
  return {{"transport", print_transport(facts.transport)},
          {"client", end(facts.client)},
          {"client_port", facts.client_port},
          {"server", end(facts.server)},
          {"server_port", facts.server_port},
          {"initiator", facts.initiator == Side::inside ? "inside" : "outside"},
          {"hosts", hosts},
          {"more_hosts_may_come", facts.more_names}};
}

std::string print(const RuleSet& rules, const RuleAnswer& answer) {
  const Rule& rule = rules.rules()[answer.rule];
  std::string text = "  " + quoted(rule.name) + " (" + place_of(rule) + ")";
  if (rule.mode == Mode::off) return text + ": off\n";
  if (rule.mode == Mode::observe) text += ", observe";
  text += std::string(": ") + word_of(answer.answer) + "\n";
  for (const TermAnswer& term : answer.terms) {
    text += "      " + term.key + " = " + term.expected + ": " + word_of(term.answer);
    text += term.needs.empty() ? "\n" : ", needs " + term.needs + "\n";
  }
  return text;
}

nlohmann::ordered_json rule_name(const RuleSet& rules, RuleId rule) {
  if (rule == kNoRule) return nullptr;
  return rules.rules()[rule].name;
}

nlohmann::ordered_json to_json(const RuleSet& rules, const RuleAnswer& answer) {
  const Rule& rule = rules.rules()[answer.rule];
  nlohmann::ordered_json terms = nlohmann::ordered_json::array();
  const auto word = [](Tri tri) { return tri == Tri::not_yet ? "not_yet" : word_of(tri); };
  for (const TermAnswer& term : answer.terms)
    terms.push_back({{"key", term.key},
                     {"expected", term.expected},
                     {"answer", word(term.answer)},
                     {"needs", term.needs.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(term.needs)}});
  return {
      {"rule", rule.name},  {"file", rule.place.file},       {"line", rule.place.line}, {"mode", name_of(rule.mode)},
      {"class", rule.then}, {"answer", word(answer.answer)}, {"terms", terms}};
}

}  // namespace

Facts facts_of(const RuleSet& rules, const FlowQuestion& question, HostName& name) {
  const Expectation& flow = question.flow;
  Facts facts = rules.facts_of(flow, name);
  const bool hello = flow.host && (flow.host_source == NameSource::tls || flow.host_source == NameSource::quic);
  facts.more_names = !flow.host;
  if (!flow.protocol) facts.application = Known::not_yet;
  if (!flow.ech && !hello) facts.ech = Known::not_yet;
  if (!flow.quic_version && facts.transport == kUdp) facts.quic = Known::not_yet;
  facts.payload = Known::not_yet;
  if (!question.payload) return facts;
  facts.payload = question.payload->empty() ? Known::absent : Known::yes;
  facts.payload_bytes = *question.payload;
  facts.payload_size = static_cast<std::uint32_t>(question.payload->size());
  return facts;
}

Facts after_looking(Facts known) {
  const auto end = [](Known& fact) {
    if (fact == Known::not_yet) fact = Known::absent;
  };
  known.more_names = false;
  end(known.application);
  end(known.ech);
  end(known.quic);
  end(known.payload);
  return known;
}

Explanation explain(const RuleSet& rules, const Facts& known) {
  const RuleSet::ScratchPtr scratch = rules.make_scratch();
  Explanation explanation{rules, known, rules.judge(after_looking(known), *scratch), rules.judge(known, *scratch),
                          {},    {}};
  explanation.answers = rules.explain(known, *scratch);
  if (explanation.now.wants_more) explanation.needs = needs_of(rules, explanation.answers);
  return explanation;
}

std::string print(const Explanation& explanation) {
  const RuleSet& rules = explanation.rules;
  std::string text =
      decision(rules, explanation.ended) + "\n" + print_flow(explanation.known) + observed(rules, explanation.ended);
  if (!explanation.now.settled)
    text += "until looking ends: " + decision(rules, explanation.now) + ", for more could change it\n";
  if (!explanation.needs.empty()) text += "not known, and could change this: " + list(explanation.needs) + "\n";
  const std::size_t last = last_rule(explanation);
  if (last > 0) text += "rules, in order:\n";
  for (std::size_t i = 0; i < last; ++i) text += print(rules, explanation.answers[i]);
  return text;
}

nlohmann::ordered_json to_json(const Explanation& explanation) {
  const RuleSet& rules = explanation.rules;
  auto answers = nlohmann::ordered_json::array();
  for (std::size_t i = 0; i < last_rule(explanation); ++i) answers.push_back(to_json(rules, explanation.answers[i]));
  auto observed = nlohmann::ordered_json::array();
  for (const RuleId id : explanation.ended.observed_rules())
    observed.push_back({{"rule", rules.rules()[id].name}, {"class", rules.rules()[id].then}});
  return {{"book", rules.book().name},
          {"flow", flow_to_json(explanation.known)},
          {"class", rules.classes()[explanation.ended.cls].name},
          {"rule", rule_name(rules, explanation.ended.rule)},
          {"observed", observed},
          {"settled", explanation.now.settled},
          {"while_looking",
           {{"class", rules.classes()[explanation.now.cls].name}, {"rule", rule_name(rules, explanation.now.rule)}}},
          {"needs", explanation.needs},
          {"rules", answers}};
}

}  // namespace slowlane

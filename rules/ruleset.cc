#include "rules/ruleset.h"

#include <new>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>

#include "rules/conditions.h"
#include "rules/describe.h"
#include "rules/reader.h"

namespace slowlane {
namespace {

constexpr std::size_t kMaxRules = 65'000;
constexpr std::size_t kMaxClasses = 65'000;

// A number that no dictionary gives out: an expectation about a protocol that nDPI does not know fits no rule.
constexpr ProtocolId kNoSuchProtocol = 0xffff;

Diagnostic too_many(const Book& book, std::size_t count, std::size_t most, const char* what) {
  return {book.files.empty() ? book.name : book.files.front(), 0,
          std::to_string(count) + " " + what + ": at most " + std::to_string(most) + " are possible"};
}

const char* protocol_of(NameSource source) {
  switch (source) {
    case NameSource::tls: return "tls";
    case NameSource::quic: return "quic";
    case NameSource::http: return "http";
    case NameSource::dns: return "dns";
    case NameSource::socks: return "socks";
  }
  return "";
}

std::string print(const Expectation& flow) {
  std::string text = "expect";
  if (flow.host) text += " host " + *flow.host;
  if (flow.protocol) text += " protocol " + *flow.protocol;
  if (flow.server) text += " server " + flow.server->address.print();
  if (flow.client) text += " client " + flow.client->address.print();
  return text;
}

}  // namespace

struct RuleSet::Compiled {
  Compiled(Book of, const Dictionary& names) : book(std::move(of)), dictionary(names), conditions(book, dictionary) {}

  const Book book;
  const Dictionary dictionary;
  std::vector<ClassSpec> classes;
  Conditions conditions;
  RuleLines rules;
  std::vector<GroupId> groups;  // by RuleId, rules that are off too
  FactSet needs = 0;

  std::optional<ClassId> find_class(std::string_view name) const;
  Diagnostics lay_out(PatternCache* cache);
  void add_rule(RuleId id, ClassId cls);
  void find_rows();
};

class RuleSet::Scratch : public ReadScratch {};

void RuleSet::ScratchDeleter::operator()(Scratch* scratch) const { delete scratch; }

std::optional<ClassId> RuleSet::Compiled::find_class(std::string_view name) const {
  for (std::size_t i = 0; i < classes.size(); ++i)
    if (classes[i].name == name && i != kPending) return static_cast<ClassId>(i);
  return std::nullopt;
}

void RuleSet::Compiled::add_rule(RuleId id, ClassId cls) {
  const Rule& rule = book.rules[id];
  groups.push_back(conditions.add(rule.when));
  if (rule.mode == Mode::off) return;
  const FactSet asks = conditions.needs(groups.back());
  needs |= asks;
  rules.asks_names = rules.asks_names || (asks & set_of(Fact::name)) != 0;
  rules.lines.push_back({groups.back(), id, cls, rule.mode == Mode::observe});
}

void RuleSet::Compiled::find_rows() {
  for (std::size_t i = rules.lines.size(); i-- > 0;) {
    RuleLine& line = rules.lines[i];
    const auto set = conditions.host_alone(line.when);
    if (!set) continue;
    line.row = 1;
    line.set = *set;
    if (i + 1 == rules.lines.size()) continue;
    const RuleLine& next = rules.lines[i + 1];
    if (next.row > 0 && next.set == *set + 1 && next.observe == line.observe) line.row = next.row + 1;
  }
}

Diagnostics RuleSet::Compiled::lay_out(PatternCache* cache) {
  Diagnostics wrong;
  if (book.rules.size() > kMaxRules) wrong.push_back(too_many(book, book.rules.size(), kMaxRules, "rules"));
  if (book.classes.size() > kMaxClasses) wrong.push_back(too_many(book, book.classes.size(), kMaxClasses, "classes"));
  if (!wrong.empty()) return wrong;
  const auto named = [](const char* name) {
    ClassSpec spec;
    spec.name = name;
    return spec;
  };
  classes = {named("pass"), named("pending")};
  classes.insert(classes.end(), book.classes.begin(), book.classes.end());
  const auto resolve = [&](const std::string& name, const Place& place) {
    const auto cls = find_class(name);
    if (!cls) wrong.push_back({place.file, place.line, "no class is called \"" + name + "\""});
    return cls.value_or(kPass);
  };
  for (std::size_t i = 0; i < book.rules.size(); ++i)
    add_rule(static_cast<RuleId>(i), resolve(book.rules[i].then, book.rules[i].place));
  find_rows();
  rules.otherwise = resolve(book.otherwise, book.otherwise_place);
  for (Diagnostic& diagnostic : conditions.compile(cache)) wrong.push_back(std::move(diagnostic));
  return wrong;
}

RuleSet::RuleSet(std::unique_ptr<Compiled> compiled) : compiled_(std::move(compiled)) {}
RuleSet::~RuleSet() = default;

Result<std::unique_ptr<const RuleSet>> RuleSet::compile(Book book, const Dictionary& dictionary, PatternCache* cache) {
  auto compiled = std::make_unique<Compiled>(std::move(book), dictionary);
  Diagnostics wrong = compiled->lay_out(cache);
  if (!wrong.empty()) return wrong;
  std::unique_ptr<const RuleSet> rules(new RuleSet(std::move(compiled)));
  wrong = rules->failed_expectations();
  if (!wrong.empty()) return wrong;
  return rules;
}

Diagnostics RuleSet::failed_expectations() const {
  Diagnostics failed;
  const ScratchPtr scratch = make_scratch();
  for (const Expectation& flow : book().expects) {
    HostName name;
    const Verdict verdict = judge(facts_of(flow, name), *scratch);
    const std::string& got = compiled_->classes[verdict.cls].name;
    if (got == flow.then) continue;
    const std::string by =
        verdict.rule == kNoRule ? "by \"otherwise\"" : "by rule \"" + book().rules[verdict.rule].name + "\"";
    std::string why = print(flow);
    why.append(": got class \"")
        .append(got)
        .append("\" ")
        .append(by)
        .append(", wanted \"")
        .append(flow.then)
        .append("\"");
    failed.push_back({flow.place.file, flow.place.line, why});
  }
  return failed;
}

RuleSet::ScratchPtr RuleSet::make_scratch() const {
  const Conditions& conditions = compiled_->conditions;
  ScratchPtr scratch(
      new Scratch{{conditions.make_name_hits(), conditions.make_name_hits(), conditions.make_payload_hits(), {}}});
  if (!conditions.fit(scratch->patterns)) throw std::bad_alloc();
  return scratch;
}

Verdict RuleSet::judge(const Facts& facts, Scratch& scratch) const noexcept {
  return Reader(compiled_->conditions, compiled_->rules, facts, scratch).read();
}

std::vector<RuleAnswer> RuleSet::explain(const Facts& facts, Scratch& scratch) const {
  const Conditions& conditions = compiled_->conditions;
  Reader reader(conditions, compiled_->rules, facts, scratch);
  reader.read();
  const Evidence evidence = reader.evidence();
  std::vector<RuleAnswer> answers;
  for (std::size_t i = 0; i < compiled_->groups.size(); ++i) {
    const GroupId group = compiled_->groups[i];
    RuleAnswer rule{static_cast<RuleId>(i), conditions.read(group, evidence).value, {}};
    for (const Conditions::TermReading& term : conditions.read_terms(group, evidence)) {
      std::string key;
      for (unsigned depth = 0; depth < term.depth; ++depth) key += "not.";
      const Key& row = keys()[term.term->key];
      rule.terms.push_back({key + row.name, describe(*term.term), term.answer.value,
                            term.answer.value == Tri::not_yet ? name_of(row.needs) : ""});
    }
    answers.push_back(std::move(rule));
  }
  return answers;
}

Facts RuleSet::facts_of(const Expectation& flow, HostName& name) const {
  Facts facts;
  facts.transport = flow.transport;
  facts.initiator = flow.initiator;
  facts.vlans = flow.vlans;
  if (flow.server) facts.server = flow.server->address, facts.server_port = flow.server->port;
  if (flow.client) facts.client = flow.client->address, facts.client_port = flow.client->port;
  facts.more_names = false;
  if (flow.host) {
    name = {*flow.host, flow.host_source};
    facts.names = {&name, 1};
  }
  facts.ech = flow.ech.value_or(false) ? Known::yes : Known::absent;
  facts.quic = flow.quic_version ? Known::yes : Known::absent;
  facts.quic_version = flow.quic_version.value_or(0);
  facts.payload = Known::absent;
  facts.application = Known::absent;
  if (flow.protocol && !is_unknown_protocol(*flow.protocol)) {
    facts.application = Known::yes;
    const auto found = find_protocol(compiled_->dictionary, *flow.protocol);
    const auto carrier = find_protocol(compiled_->dictionary, protocol_of(flow.host_source));
    facts.master = found ? found->master : kNoSuchProtocol;
    facts.app = found ? found->app : kNoSuchProtocol;
    if (found && found->app == kUnknownProtocol && flow.host && carrier && carrier->master != found->master)
      std::tie(facts.master, facts.app) = std::pair(carrier->master, found->master);
  }
  return facts;
}

const Book& RuleSet::book() const { return compiled_->book; }
std::span<const ClassSpec> RuleSet::classes() const { return compiled_->classes; }
std::span<const Rule> RuleSet::rules() const { return compiled_->book.rules; }

Needs RuleSet::needs() const {
  return {(compiled_->needs & set_of(Fact::application)) != 0, (compiled_->needs & set_of(Fact::payload)) != 0};
}

std::size_t RuleSet::memory() const { return compiled_->conditions.memory(); }

}  // namespace slowlane

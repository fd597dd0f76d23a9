#include "control/name_question.h"

#include <utility>

#include "control/explain.h"
#include "rules/host_pattern.h"

namespace slowlane {
namespace {

constexpr std::size_t kLongestName = 253;  // RFC 1035 §2.3.4, without the root's dot
constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kUdp = 17;
constexpr std::uint32_t kQuicVersion1 = 1;

struct Carrier {
  const char* name;
  NameSource source;
  std::uint8_t transport;
  std::uint16_t port;
};
constexpr Carrier kCarriers[] = {{"TLS over TCP", NameSource::tls, kTcp, 443},
                                 {"QUIC over UDP", NameSource::quic, kUdp, 443},
                                 {"HTTP without TLS", NameSource::http, kTcp, 80}};

NameDesk::Answer judge(const RuleSet& rules, RuleSet::Scratch& scratch, const Carrier& carrier,
                       const std::string& host) {
  FlowQuestion question;
  question.flow.host = host;
  question.flow.host_source = carrier.source;
  question.flow.transport = carrier.transport;
  question.flow.server = Endpoint{{}, carrier.port};
  if (carrier.source == NameSource::quic) question.flow.quic_version = kQuicVersion1;
  HostName name;
  const Facts known = facts_of(rules, question, name);
  const Verdict verdict = rules.judge(after_looking(known), scratch);
  NameDesk::Answer answer{carrier.name, verdict.cls, {}, {}, rules.judge(known, scratch).wants_more};
  if (verdict.rule != kNoRule) answer.rule = rules.rules()[verdict.rule].name;
  for (const RuleId id : verdict.observed_rules()) answer.observed.push_back(rules.rules()[id].name);
  return answer;
}

}  // namespace

Result<std::vector<NameDesk::Answer>> NameDesk::ask(const std::shared_ptr<const RuleSet>& rules,
                                                    const std::string& name) {
  if (name.empty() || name.size() > kLongestName)
    return Diagnostic{"name", 0, "write one whole name like www.example.com, of at most 253 characters"};
  auto read = read_host_pattern(name);
  if (auto* sentence = std::get_if<std::string>(&read)) return Diagnostic{"name", 0, std::move(*sentence)};
  const auto& pattern = std::get<HostPattern>(read);
  if (pattern.kind != HostPattern::Kind::exact)
    return Diagnostic{"name", 0,
                      "write one whole name like www.example.com, without dots at its ends, stars or slashes"};
  if (rules != rules_.lock()) {
    scratch_ = rules->make_scratch();
    rules_ = rules;
  }
  std::vector<Answer> answers;
  for (const Carrier& carrier : kCarriers) answers.push_back(judge(*rules, *scratch_, carrier, pattern.text));
  return answers;
}

}  // namespace slowlane

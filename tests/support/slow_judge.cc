#include "tests/support/slow_judge.h"

#include <algorithm>
#include <stdexcept>
#include <string_view>

#include "rules/keys.h"

namespace slowlane {
namespace {

bool glob(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '*') return glob(pattern.substr(1), text) || (!text.empty() && glob(pattern, text.substr(1)));
  return !text.empty() && pattern[0] == text[0] && glob(pattern.substr(1), text.substr(1));
}

// The two expressions that RandomBooks writes, read by hand.
bool regex(const std::string& expression, const std::string& name) {
  if (expression == "^[ab]\\.") return name.starts_with("a.") || name.starts_with("b.");
  if (expression == "org$") return name.ends_with("org");
  throw std::logic_error("the oracle does not know the expression " + expression);
}

bool fits(const HostPattern& pattern, const std::string& name) {
  switch (pattern.kind) {
    case HostPattern::Kind::exact: return name == pattern.text;
    case HostPattern::Kind::suffix: return name == pattern.text || name.ends_with("." + pattern.text);
    case HostPattern::Kind::glob: return glob(pattern.text, name);
    case HostPattern::Kind::regex: return regex(pattern.text, name);
    case HostPattern::Kind::any: return true;
  }
  return false;
}

template <class List, class T>
bool within(const List& list, const T& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

Tri known(Known state, bool if_yes, bool if_absent) {
  if (state == Known::not_yet) return Tri::not_yet;
  return (state == Known::yes ? if_yes : if_absent) ? Tri::yes : Tri::no;
}

// The names in view, and whether more may come.
struct View {
  std::vector<std::size_t> names;
  bool more = false;
};

struct Slow {
  const Book& book;
  const Dictionary& dictionary;
  const SlowFlow& flow;

  static std::string key_of(const Term& term) { return keys()[term.key].name; }

  Tri host(const Term& term, const std::set<NameSource>& counting, const View& view) const {
    for (const std::size_t i : view.names) {
      std::string name = flow.texts[i];
      if (book.inspection.trailing_dot == Inspection::TrailingDot::ignore && name.ends_with('.')) name.pop_back();
      if (!counting.contains(flow.sources[i])) continue;
      for (const HostPattern& pattern : std::get<HostPatterns>(term.value))
        if (fits(pattern, name)) return Tri::yes;
    }
    return view.more ? Tri::not_yet : Tri::no;
  }

  Tri host_from(const Term& term, const View& view) const {
    for (const std::size_t i : view.names)
      if (within(std::get<Sources>(term.value), flow.sources[i])) return Tri::yes;
    return view.more ? Tri::not_yet : Tri::no;
  }

  Tri protocol(const Term& term) const {
    bool possible = false;
    bool fit = false;
    const bool unknown = flow.rest.application == Known::absent || (flow.rest.master == 0 && flow.rest.app == 0);
    for (const std::string& name : std::get<Texts>(term.value)) {
      const std::string text = lower_case(name);
      const std::size_t dot = text.find('.');
      const auto id = [&](const std::string& one) {
        return dictionary.protocols.contains(one) ? dictionary.protocols.at(one) : ProtocolId{0};
      };
      if (text == "unknown") {
        possible = true;
        fit = fit || unknown;
      } else if (dot == std::string::npos) {
        possible = possible || id(text) != 0;
        fit = fit || (!unknown && id(text) != 0 && (flow.rest.master == id(text) || flow.rest.app == id(text)));
      } else {
        const ProtocolId master = id(text.substr(0, dot));
        const ProtocolId app = id(text.substr(dot + 1));
        possible = possible || (master != 0 && app != 0);
        fit = fit || (!unknown && master != 0 && app != 0 && flow.rest.master == master && flow.rest.app == app);
      }
    }
    return possible ? known(flow.rest.application, fit, fit) : Tri::no;
  }

  Tri value(const Term& term, const std::set<NameSource>& counting, const View& view) const {
    const std::string key = key_of(term);
    const auto in_ranges = [&](std::uint64_t number) {
      for (const NumberRange range : std::get<NumberRanges>(term.value))
        if (range.first <= number && number <= range.last) return true;
      return false;
    };
    if (key == "host") return host(term, counting, view);
    if (key == "host_from") return host_from(term, view);
    if (key == "protocol") return protocol(term);
    if (key == "transport") return in_ranges(flow.rest.transport) ? Tri::yes : Tri::no;
    if (key == "payload_size") return known(flow.rest.payload, in_ranges(flow.rest.payload_size), false);
    if (key == "quic_version") return known(flow.rest.quic, in_ranges(flow.rest.quic_version), false);
    if (key == "ech") return known(flow.rest.ech, std::get<bool>(term.value), !std::get<bool>(term.value));
    if (key == "initiator") return std::get<Side>(term.value) == flow.rest.initiator ? Tri::yes : Tri::no;
    if (key == "payload") {
      bool fit = false;
      for (const std::string& text : std::get<Texts>(term.value))
        fit = fit || flow.payload.find(text) != std::string::npos;
      return known(flow.rest.payload, fit, false);
    }
    throw std::logic_error("the oracle does not know the key " + key);
  }

  Tri value(const Condition& when, std::set<NameSource> counting, const View& view) const {
    for (const Term& term : when.terms)
      if (key_of(term) == "host_from")
        counting = {std::get<Sources>(term.value).begin(), std::get<Sources>(term.value).end()};
    std::vector<Tri> parts;
    for (const Term& term : when.terms) parts.push_back(value(term, counting, view));
    for (const Condition& negated : when.negated) parts.push_back(!value(negated, counting, view));
    if (within(parts, Tri::no)) return Tri::no;
    return within(parts, Tri::not_yet) ? Tri::not_yet : Tri::yes;
  }

  Tri value(std::size_t rule, const View& view) const {
    return value(book.rules[rule].when, {NameSource::tls, NameSource::quic, NameSource::http, NameSource::socks}, view);
  }

  // Whether the rule has a key about names, of its own, that the view's name makes true.
  bool named(std::size_t rule, const View& view) const {
    Condition alone;
    for (const Term& term : book.rules[rule].when.terms)
      if (key_of(term) == "host" || key_of(term) == "host_from") alone.terms.push_back(term);
    for (const Term& term : alone.terms) {
      Condition one;
      one.terms = {term};
      // A host key counts names by the host_from beside it.
      for (const Term& other : alone.terms)
        if (key_of(term) == "host" && key_of(other) == "host_from") one.terms.push_back(other);
      if (value(one, {NameSource::tls, NameSource::quic, NameSource::http, NameSource::socks}, view) == Tri::yes)
        return true;
    }
    return false;
  }

  // The enforcing rules that are not false, down to the first true one.
  std::vector<std::size_t> standing(const View& view) const {
    std::vector<std::size_t> rules;
    for (std::size_t i = 0; i < book.rules.size(); ++i) {
      if (book.rules[i].mode != Mode::enforce || value(i, view) == Tri::no) continue;
      rules.push_back(i);
      if (value(i, view) == Tri::yes) break;
    }
    return rules;
  }

  // True observe rules with no enforcing rule above them that stands.
  std::vector<std::size_t> observed(const View& view) const {
    const std::vector<std::size_t> rules = standing(view);
    std::vector<std::size_t> noted;
    for (std::size_t i = 0; i < book.rules.size() && (rules.empty() || i < rules.front()); ++i)
      if (book.rules[i].mode == Mode::observe && value(i, view) == Tri::yes) noted.push_back(i);
    return noted;
  }

  void settle(SlowVerdict& verdict, std::optional<std::size_t> rule, const View& view) const {
    verdict.settled = true;
    verdict.rule = rule;
    verdict.cls = rule ? book.rules[*rule].then : book.otherwise;
    for (const std::size_t one : observed(view)) verdict.observed.insert(one);
  }

  // One name at a time, in the order learned. True: this name decided, or may still.
  bool judge_name(std::size_t name, SlowVerdict& verdict) const {
    const View view{{name}, false};
    const std::vector<std::size_t> rules = standing(view);
    for (const std::size_t one : observed(view))
      if (named(one, view)) verdict.observed.insert(one);
    if (rules.empty()) return false;
    if (value(rules.front(), view) == Tri::yes && named(rules.front(), view)) {
      settle(verdict, rules.front(), view);
      return true;
    }
    if (std::none_of(rules.begin(), rules.end(), [&](std::size_t rule) { return named(rule, view); })) return false;
    for (const std::size_t one : observed(View{{}, true})) verdict.observed.insert(one);
    return true;
  }

  bool asks_names(const Condition& when) const {
    return std::any_of(when.terms.begin(), when.terms.end(),
                       [](const Term& term) { return key_of(term).starts_with("host"); }) ||
           std::any_of(when.negated.begin(), when.negated.end(), [&](const Condition& one) { return asks_names(one); });
  }

  SlowVerdict judge() const {
    SlowVerdict verdict;
    View all{{}, flow.rest.more_names};
    for (std::size_t i = 0; i < flow.texts.size(); ++i) all.names.push_back(i);
    const bool one_by_one = all.more || all.names.size() > 1;
    for (std::size_t i = 0; one_by_one && i < all.names.size(); ++i)
      if (judge_name(i, verdict)) return verdict;
    if (all.more) all.names.clear();
    const std::vector<std::size_t> rules = standing(all);
    if (rules.empty())
      settle(verdict, std::nullopt, all);
    else if (value(rules.front(), all) == Tri::yes)
      settle(verdict, rules.front(), all);
    else
      for (const std::size_t one : observed(all)) verdict.observed.insert(one);
    return verdict;
  }
};

}  // namespace

Facts SlowFlow::facts(std::vector<HostName>& names) const {
  names.clear();
  for (std::size_t i = 0; i < texts.size(); ++i) names.push_back({texts[i], sources[i]});
  Facts facts = rest;
  facts.names = names;
  facts.vlans = vlans;
  if (rest.payload == Known::yes)
    facts.payload_bytes = {reinterpret_cast<const std::uint8_t*>(payload.data()), payload.size()};
  return facts;
}

SlowVerdict slow_judge(const Book& book, const Dictionary& dictionary, const SlowFlow& flow) {
  return Slow{book, dictionary, flow}.judge();
}

}  // namespace slowlane

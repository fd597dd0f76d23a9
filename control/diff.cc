#include "control/diff.h"

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "control/flow_record.h"
#include "rules/describe.h"
#include "rules/keys.h"
#include "rules/patterns.h"

namespace slowlane {
namespace {

using Settings = std::vector<std::pair<std::string, std::string>>;

const char* name_of(Mode mode) {
  switch (mode) {
    case Mode::enforce: return "enforce";
    case Mode::observe: return "observe";
    case Mode::off: return "off";
  }
  return "";
}

// A long value by its first part.
std::string shortened(const std::string& text) {
  constexpr std::size_t kMost = 200;
  return text.size() <= kMost ? text : text.substr(0, kMost) + "…";
}

std::vector<SettingChange> changes(const Settings& from, const Settings& to) {
  const auto value = [](const Settings& list, const std::string& name) {
    const auto at = std::find_if(list.begin(), list.end(), [&](const auto& one) { return one.first == name; });
    return at == list.end() ? std::string() : at->second;
  };
  std::vector<SettingChange> out;
  for (const auto& [name, before] : from) {
    const std::string after = value(to, name);
    if (after != before) out.push_back({name, shortened(before), shortened(after)});
  }
  for (const auto& [name, after] : to)
    if (value(from, name).empty()) out.push_back({name, "", shortened(after)});
  return out;
}

// The first names of a list, and how many more there are.
std::string joined(const std::vector<std::string>& texts) {
  constexpr std::size_t kShown = 5;
  std::string all;
  for (std::size_t i = 0; i < std::min(texts.size(), kShown); ++i) all += (i == 0 ? "" : ", ") + texts[i];
  return all + (texts.size() > kShown ? " and " + std::to_string(texts.size() - kShown) + " more" : "");
}

std::string key_of(const HostPattern& pattern) { return std::to_string(static_cast<int>(pattern.kind)) + pattern.text; }

// What one list of patterns has and the other has not.
std::vector<std::string> missing(const HostPatterns& from, const HostPatterns& in) {
  std::unordered_set<std::string> there;
  for (const HostPattern& pattern : in) there.insert(key_of(pattern));
  std::vector<std::string> out;
  for (const HostPattern& pattern : from)
    if (!there.contains(key_of(pattern))) out.push_back('"' + pattern.written + '"');
  return out;
}

// Lists of names are told by what goes and what comes, other values whole.
void change_of_terms(const std::string& name, const Term* from, const Term* to, std::vector<SettingChange>& out) {
  const auto* before = from != nullptr ? std::get_if<HostPatterns>(&from->value) : nullptr;
  const auto* after = to != nullptr ? std::get_if<HostPatterns>(&to->value) : nullptr;
  if (before != nullptr && after != nullptr) {
    const std::vector<std::string> gone = missing(*before, *after);
    const std::vector<std::string> come = missing(*after, *before);
    if (!gone.empty() || !come.empty()) out.push_back({name, joined(gone), joined(come)});
    return;
  }
  const std::string was = from != nullptr ? describe_whole(*from) : "";
  const std::string is = to != nullptr ? describe_whole(*to) : "";
  if (was != is) out.push_back({name, shortened(was), shortened(is)});
}

// The terms of a condition and of those it negates, by "host", "not.server", …; groups of one name are counted.
void collect(const Condition& when, const std::string& prefix, std::map<std::string, const Term*>& out) {
  for (const Term& term : when.terms) out.emplace(prefix + keys()[term.key].name, &term);
  for (std::size_t i = 0; i < when.negated.size(); ++i)
    collect(when.negated[i], prefix + "not." + (i == 0 ? "" : std::to_string(i + 1) + "."), out);
}

std::vector<SettingChange> changes(const Rule& from, const Rule& to) {
  std::vector<SettingChange> out = changes(Settings{{"then", from.then}, {"mode", name_of(from.mode)}},
                                           {{"then", to.then}, {"mode", name_of(to.mode)}});
  std::map<std::string, const Term*> before;
  std::map<std::string, const Term*> after;
  collect(from.when, "", before);
  collect(to.when, "", after);
  const auto term = [](const std::map<std::string, const Term*>& terms, const std::string& name) {
    const auto at = terms.find(name);
    return at == terms.end() ? nullptr : at->second;
  };
  for (const auto& [name, one] : before) change_of_terms(name, one, term(after, name), out);
  for (const auto& [name, one] : after)
    if (!before.contains(name)) change_of_terms(name, nullptr, one, out);
  return out;
}

std::vector<SettingChange> changes(const ClassSpec& from, const ClassSpec& to) {
  return changes(settings_of(from), settings_of(to));
}

// Pairs entries by name.
template <class Entry>
std::vector<EntryChange> compare(const std::vector<Entry>& from, const std::vector<Entry>& to) {
  std::unordered_map<std::string, const Entry*> before;
  std::unordered_set<std::string> after;
  for (const Entry& one : from) before.emplace(one.name, &one);
  std::vector<EntryChange> out;
  for (const Entry& one : to) {
    after.insert(one.name);
    const auto at = before.find(one.name);
    if (at == before.end()) {
      out.push_back({EntryChange::What::added, one.name, one.place, {}});
    } else if (std::vector<SettingChange> settings = changes(*at->second, one); !settings.empty()) {
      out.push_back({EntryChange::What::changed, one.name, one.place, std::move(settings)});
    }
  }
  for (const Entry& one : from)
    if (!after.contains(one.name)) out.push_back({EntryChange::What::removed, one.name, one.place, {}});
  return out;
}

// Whether the rules that both books have stand in another order.
bool order_changed(const Book& from, const Book& to) {
  const auto common = [](const Book& of, const Book& other) {
    std::unordered_set<std::string> there;
    for (const Rule& rule : other.rules) there.insert(rule.name);
    std::vector<std::string> names;
    for (const Rule& rule : of.rules)
      if (there.contains(rule.name)) names.push_back(rule.name);
    return names;
  };
  return common(from, to) != common(to, from);
}

// Names that patterns stand for, each once, without copies of those that stand in the rules, which must outlive it:
// there may be millions.
class Hosts {
 public:
  void add(const Condition& when) {
    for (const Term& term : when.terms)
      if (const auto* patterns = std::get_if<HostPatterns>(&term.value))
        for (const HostPattern& pattern : *patterns) add(pattern);
    for (const Condition& negated : when.negated) add(negated);
  }
  const std::vector<std::string_view>& names() const { return names_; }

 private:
  void add(const HostPattern& pattern) {
    switch (pattern.kind) {
      case HostPattern::Kind::exact: return add(pattern.text);
      case HostPattern::Kind::suffix: add(pattern.text); return add(made_.emplace_back("www." + pattern.text));
      case HostPattern::Kind::glob: return add_glob(pattern.text);
      case HostPattern::Kind::regex:
      case HostPattern::Kind::any: return;
    }
  }
  void add_glob(const std::string& glob) {
    std::string name = glob.starts_with("*.") ? "www" + glob.substr(1) : glob;
    std::erase(name, '*');
    if (!name.empty() && glob_fits(glob, name)) add(made_.emplace_back(std::move(name)));
  }
  void add(std::string_view name) {
    if (seen_.insert(name).second) names_.push_back(name);
  }

  std::deque<std::string> made_;
  std::unordered_set<std::string_view> seen_;
  std::vector<std::string_view> names_;
};

bool tells_sources_apart(const Condition& when) {
  for (const Term& term : when.terms) {
    const std::string_view key = keys()[term.key].name;
    if (key == "host_from" || key == "transport" || key == "quic_version") return true;
  }
  return std::any_of(when.negated.begin(), when.negated.end(), tells_sources_apart);
}

// One name, as each of two rule sets judges it.
class Judges {
 public:
  Judges(const RuleSet& from, const RuleSet& to)
      : from_(from), to_(to), from_scratch_(from.make_scratch()), to_scratch_(to.make_scratch()) {}

  // The change, where there is one.
  std::optional<HostChange> compare(std::string_view host, NameSource source) {
    Expectation flow;
    flow.host = std::string(host);
    flow.host_source = source;
    flow.transport = source == NameSource::quic || source == NameSource::dns ? 17 : 6;
    const Answer before = judge(from_, *from_scratch_, flow);
    const Answer after = judge(to_, *to_scratch_, flow);
    if (before.cls == after.cls) return std::nullopt;
    return HostChange{*flow.host, name_of(source), before.cls, before.rule, after.cls, after.rule};
  }

 private:
  struct Answer {
    std::string cls;
    std::string rule;
  };
  static Answer judge(const RuleSet& rules, RuleSet::Scratch& scratch, const Expectation& flow) {
    HostName name;
    const Verdict verdict = rules.judge(rules.facts_of(flow, name), scratch);
    return {rules.classes()[verdict.cls].name, verdict.rule == kNoRule ? "" : rules.rules()[verdict.rule].name};
  }

  const RuleSet& from_;
  const RuleSet& to_;
  RuleSet::ScratchPtr from_scratch_;
  RuleSet::ScratchPtr to_scratch_;
};

void compare_hosts(const RuleSet& from, const RuleSet& to, std::size_t most, BookDiff& out) {
  Hosts hosts;
  bool apart = false;
  for (const RuleSet* rules : {&from, &to})
    for (const Rule& rule : rules->rules()) {
      hosts.add(rule.when);
      apart = apart || tells_sources_apart(rule.when);
    }
  // TLS stands for all sources where no rule tells them apart.
  std::vector<NameSource> sources{NameSource::tls};
  if (apart) sources.insert(sources.end(), {NameSource::quic, NameSource::http, NameSource::dns});
  Judges judges(from, to);
  for (const std::string_view host : hosts.names())
    for (const NameSource source : sources)
      if (auto change = judges.compare(host, source)) {
        ++out.hosts_changed;
        if (out.hosts.size() < most) out.hosts.push_back(std::move(*change));
      }
  out.hosts_judged = hosts.names().size();
}

}  // namespace

BookDiff diff(const RuleSet& from, const RuleSet& to, std::size_t most_hosts) {
  BookDiff out;
  out.rules = compare(from.book().rules, to.book().rules);
  out.order_changed = order_changed(from.book(), to.book());
  out.classes = compare(from.book().classes, to.book().classes);
  const auto settings = [](const Book& book) {
    Settings all{{"otherwise", book.otherwise}, {"seed", std::to_string(book.seed)}};
    for (const Settings& more : {settings_of(book.inspection), settings_of(book.flows)})
      all.insert(all.end(), more.begin(), more.end());
    return all;
  };
  out.settings = changes(settings(from.book()), settings(to.book()));
  compare_hosts(from, to, most_hosts, out);
  return out;
}

}  // namespace slowlane

#include "rules/lint_rules.h"

#include <algorithm>
#include <string_view>
#include <type_traits>
#include <vector>

#include "rules/keys.h"
#include "rules/suggest.h"

namespace slowlane {
namespace {

constexpr std::size_t kMaxCompared = 500;  // earlier rules that each rule is compared with
constexpr std::size_t kMaxPatterns = 64;   // host patterns compared each with each

bool is_key(const Term& term, std::string_view name) { return name == keys()[term.key].name; }

bool holds(const HostPattern& wide, const HostPattern& narrow) {
  return wide.kind == narrow.kind && wide.text == narrow.text;
}
bool holds(NumberRange wide, NumberRange narrow) { return wide.first <= narrow.first && narrow.last <= wide.last; }
bool holds(PortRange wide, PortRange narrow) { return wide.first <= narrow.first && narrow.last <= wide.last; }
bool holds(const Prefix& wide, const Prefix& narrow) { return wide.contains(narrow); }
bool holds(NameSource wide, NameSource narrow) { return wide == narrow; }
bool holds(const std::string& wide, const std::string& narrow) { return wide == narrow; }

// Whether every flow that fits `narrow` fits `wide`, as far as their parts compared one by one can tell.
struct Wider {
  template <class T>
  bool operator()(const std::vector<T>& wide, const std::vector<T>& narrow) const {
    if (std::is_same_v<T, HostPattern> && std::max(wide.size(), narrow.size()) > kMaxPatterns) return false;
    return std::all_of(narrow.begin(), narrow.end(), [&](const T& one) {
      return std::any_of(wide.begin(), wide.end(), [&](const T& other) { return holds(other, one); });
    });
  }
  bool operator()(Side wide, Side narrow) const { return wide == narrow; }
  bool operator()(bool wide, bool narrow) const { return wide == narrow; }
  bool operator()(Share wide, Share narrow) const { return wide.of == narrow.of && wide.part >= narrow.part; }
  template <class T, class U>
  bool operator()(const T&, const U&) const {
    return false;
  }
};

bool wider(const Condition& wide, const Condition& narrow);

// The sources a group names; where it names none, names from DNS do not count for it.
const Term* find_sources(const Condition& when) {
  const auto at =
      std::find_if(when.terms.begin(), when.terms.end(), [](const Term& term) { return is_key(term, "host_from"); });
  return at == when.terms.end() ? nullptr : &*at;
}

bool same_sources(const Condition& a, const Condition& b) {
  const Term* left = find_sources(a);
  const Term* right = find_sources(b);
  if (left == nullptr || right == nullptr) return left == right;
  return std::visit(Wider{}, left->value, right->value) && std::visit(Wider{}, right->value, left->value);
}

bool wider_term(const Term& wide, const Condition& narrow) {
  return std::any_of(narrow.terms.begin(), narrow.terms.end(), [&](const Term& term) {
    return term.key == wide.key && std::visit(Wider{}, wide.value, term.value);
  });
}

bool wider(const Condition& wide, const Condition& narrow) {
  const bool asks_host = std::any_of(wide.terms.begin(), wide.terms.end(),
                                     [](const Term& term) { return std::holds_alternative<HostPatterns>(term.value); });
  if ((asks_host || !wide.negated.empty()) && !same_sources(wide, narrow)) return false;
  return std::all_of(wide.terms.begin(), wide.terms.end(),
                     [&](const Term& term) { return wider_term(term, narrow); }) &&
         std::all_of(wide.negated.begin(), wide.negated.end(), [&](const Condition& negated) {
           // A group takes away no more than one that is wider.
           return std::any_of(narrow.negated.begin(), narrow.negated.end(),
                              [&](const Condition& other) { return wider(other, negated); });
         });
}

// How long a rule makes a flow wait.
enum class Wait : int { none, handshake, application };

Wait wait_of(Fact fact) {
  switch (fact) {
    case Fact::none: return Wait::none;
    case Fact::application: return Wait::application;
    case Fact::name:
    case Fact::ech:
    case Fact::quic:
    case Fact::payload: return Wait::handshake;
  }
  return Wait::none;
}

// The slowest fact of a condition.
Fact slowest(const Condition& when) {
  Fact worst = Fact::none;
  const auto consider = [&worst](Fact fact) {
    if (wait_of(fact) > wait_of(worst)) worst = fact;
  };
  for (const Term& term : when.terms) consider(keys()[term.key].needs);
  for (const Condition& negated : when.negated) consider(slowest(negated));
  return worst;
}

bool overlap(NumberRange a, NumberRange b) { return a.first <= b.last && b.first <= a.last; }
bool overlap(PortRange a, PortRange b) { return a.first <= b.last && b.first <= a.last; }
bool overlap(const Prefix& a, const Prefix& b) { return a.contains(b) || b.contains(a); }

// Whether no flow can fit both values of one quick key.
struct Disjoint {
  template <class T>
  bool operator()(const std::vector<T>& a, const std::vector<T>& b) const {
    if constexpr (requires(T one) { overlap(one, one); }) {
      return std::none_of(a.begin(), a.end(), [&](const T& left) {
        return std::any_of(b.begin(), b.end(), [&](const T& right) { return overlap(left, right); });
      });
    }
    return false;
  }
  bool operator()(Side a, Side b) const { return a != b; }
  template <class T, class U>
  bool operator()(const T&, const U&) const {
    return false;
  }
};

// Whether what is known of a flow from its first packet on keeps it from fitting both.
bool apart(const Condition& a, const Condition& b) {
  for (const Term& left : a.terms)
    for (const Term& right : b.terms) {
      // A flow may carry several tags.
      const bool quick = keys()[left.key].needs == Fact::none && !is_key(left, "vlan");
      if (quick && left.key == right.key && std::visit(Disjoint{}, left.value, right.value)) return true;
    }
  return false;
}

std::string quoted(const Rule& rule) { return "rule \"" + rule.name + "\""; }

// Says once per slow rule which quick ones it delays.
void add_delay(const Rule& slow, const std::vector<const Rule*>& quick, Diagnostics& out) {
  const Fact fact = slowest(slow.when);
  std::string text = quoted(slow) + " waits for " + name_of(fact) + " and keeps " + quoted(*quick.front());
  if (quick.size() > 1) text += " and " + std::to_string(quick.size() - 1) + " more";
  text += " below it waiting, which would be decided sooner; put quick rules first";
  out.push_back({slow.place.file, slow.place.line, std::move(text)});
}

class ProtocolNames {
 public:
  explicit ProtocolNames(const Dictionary& dictionary) : dictionary_(dictionary) {
    for (const auto& [name, id] : dictionary.protocols) protocols_.push_back(name);
    for (const auto& [name, id] : dictionary.categories) categories_.push_back(name);
    std::sort(protocols_.begin(), protocols_.end());
    std::sort(categories_.begin(), categories_.end());
  }

  void check(const Condition& when, Diagnostics& out) const {
    for (const Term& term : when.terms) {
      if (is_key(term, "protocol"))
        for (const std::string& name : std::get<Texts>(term.value)) check_protocol(name, term.place, out);
      if (is_key(term, "category"))
        for (const std::string& name : std::get<Texts>(term.value)) check_category(name, term.place, out);
    }
    for (const Condition& negated : when.negated) check(negated, out);
  }

  void check_protocol(const std::string& name, const Place& place, Diagnostics& out) const {
    if (is_unknown_protocol(name) || find_protocol(dictionary_, name)) return;
    out.push_back({place.file, place.line, "this nDPI knows no protocol \"" + name + "\"" + hint(name)});
  }

 private:
  // Of a pair, the half that is not known is what needs a hint.
  std::string hint(const std::string& name) const {
    const std::size_t dot = name.find('.');
    if (dot == std::string::npos) return did_you_mean(name, protocols_);
    const std::string master = name.substr(0, dot);
    return did_you_mean(find_protocol(dictionary_, master) ? name.substr(dot + 1) : master, protocols_);
  }

  void check_category(const std::string& name, const Place& place, Diagnostics& out) const {
    if (find_category(dictionary_, name)) return;
    out.push_back(
        {place.file, place.line, "this nDPI knows no category \"" + name + "\"" + did_you_mean(name, categories_)});
  }

  const Dictionary& dictionary_;
  std::vector<std::string_view> protocols_;
  std::vector<std::string_view> categories_;
};

}  // namespace

Diagnostics lint_shadows(const Book& book) {
  Diagnostics out;
  std::vector<const Rule*> above;
  for (const Rule& rule : book.rules) {
    if (rule.mode == Mode::off) continue;
    const auto shadow =
        std::find_if(above.begin(), above.end(), [&](const Rule* earlier) { return wider(earlier->when, rule.when); });
    if (shadow != above.end()) {
      const bool all = (*shadow)->when.terms.empty() && (*shadow)->when.negated.empty();
      out.push_back({rule.place.file, rule.place.line,
                     quoted(rule) + " can never match: " + quoted(**shadow) + " (line " +
                         std::to_string((*shadow)->place.line) + ") above it takes " +
                         (all ? "every flow" : "every flow it asks for")});
    } else if (rule.mode == Mode::enforce && above.size() < kMaxCompared) {
      above.push_back(&rule);
    }
  }
  return out;
}

Diagnostics lint_delays(const Book& book) {
  struct Slow {
    const Rule* rule;
    Wait wait;
    std::vector<const Rule*> delayed;
  };
  std::vector<Slow> slow;
  for (const Rule& rule : book.rules) {
    if (rule.mode != Mode::enforce) continue;
    const Wait wait = wait_of(slowest(rule.when));
    const auto blame = std::find_if(slow.begin(), slow.end(), [&](const Slow& above) {
      return above.wait > wait && !apart(above.rule->when, rule.when);
    });
    if (blame != slow.end()) blame->delayed.push_back(&rule);
    if (wait != Wait::none && slow.size() < kMaxCompared) slow.push_back({&rule, wait, {}});
  }
  Diagnostics out;
  for (const Slow& one : slow)
    if (!one.delayed.empty()) add_delay(*one.rule, one.delayed, out);
  return out;
}

Diagnostics lint_protocols(const Book& book, const Dictionary& dictionary) {
  Diagnostics out;
  if (dictionary.protocols.empty()) return out;
  const ProtocolNames names(dictionary);
  for (const Rule& rule : book.rules) names.check(rule.when, out);
  for (const Expectation& flow : book.expects)
    if (flow.protocol) names.check_protocol(*flow.protocol, flow.place, out);
  return out;
}

}  // namespace slowlane

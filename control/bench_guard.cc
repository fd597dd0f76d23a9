#include "control/bench_guard.h"

#include <algorithm>
#include <array>
#include <string>

#include "rules/keys.h"

namespace slowlane {
namespace {

// RFC 1918, 6598, 5737, 2544, 3927; 4193, 3849, 9637, 5180, 4291.
constexpr std::array kBenchSpace = {"10.0.0.0/8",     "172.16.0.0/12",   "192.168.0.0/16", "100.64.0.0/10",
                                    "192.0.2.0/24",   "198.51.100.0/24", "203.0.113.0/24", "198.18.0.0/15",
                                    "169.254.0.0/16", "fc00::/7",        "2001:db8::/32",  "3fff::/20",
                                    "2001:2::/48",    "fe80::/10"};

constexpr const char* kOnBenches = "; that is for a bench: bench = true with inside_prefixes that are nobody's";

Diagnostic at(const Place& place, std::string text) { return {place.file, place.line, std::move(text)}; }

// What a rule singles out.
enum class Target : std::uint8_t { nothing, tunnels, ech, unknown };

const char* words_of(Target target) {
  switch (target) {
    case Target::tunnels: return "VPN, proxy or Tor applications";
    case Target::ech: return "flows with ECH";
    case Target::unknown: return "unknown applications";
    case Target::nothing: break;
  }
  return "";
}

bool any_of(const TermValue& value, auto test) { return std::ranges::any_of(std::get<Texts>(value), test); }

// Reads what the conditions of a book single out, in the words of one classifier.
class Aim {
 public:
  explicit Aim(const Dictionary& dictionary) : dictionary_(dictionary), vpn_(find_category(dictionary, "vpn")) {}

  Target of(const Condition& when) const {
    for (const Term& term : when.terms)
      if (const Target target = of(term); target != Target::nothing) return target;
    // not = { ... } holds where one of its keys does not: what is not one of some applications is every other one,
    // unless a key of the rule itself names its applications.
    const bool names_applications = std::ranges::any_of(when.terms, asks_application);
    for (const Condition& negated : when.negated) {
      if (std::ranges::any_of(negated.terms,
                              [](const Term& term) { return name_of(term) == "ech" && !std::get<bool>(term.value); }))
        return Target::ech;
      if (!names_applications && std::ranges::any_of(negated.terms, asks_application)) return Target::unknown;
      for (const Condition& twice : negated.negated)
        if (const Target target = of(twice); target != Target::nothing) return target;
    }
    return Target::nothing;
  }

 private:
  static bool asks_application(const Term& term) { return keys()[term.key].needs == Fact::application; }
  static std::string_view name_of(const Term& term) { return keys()[term.key].name; }

  Target of(const Term& term) const {
    const std::string_view key = name_of(term);
    if (key == "ech") return std::get<bool>(term.value) ? Target::ech : Target::nothing;
    if (key == "host_from") {
      const auto& sources = std::get<Sources>(term.value);
      return std::ranges::find(sources, NameSource::socks) != sources.end() ? Target::tunnels : Target::nothing;
    }
    if (key == "protocol") {
      if (any_of(term.value, [](const std::string& name) { return is_unknown_protocol(name); })) return Target::unknown;
      return any_of(term.value, [this](const std::string& name) { return is_tunnel(name); }) ? Target::tunnels
                                                                                             : Target::nothing;
    }
    if (key != "category") return Target::nothing;
    if (any_of(term.value, [](const std::string& name) { return lower_case(name) == "unspecified"; }))
      return Target::unknown;
    return any_of(term.value, [](const std::string& name) { return lower_case(name) == "vpn"; }) ? Target::tunnels
                                                                                                 : Target::nothing;
  }

  enum class Confined : std::uint8_t { no, yes };
  // Tor is in nDPI's category VPN; proxies are in that of the web.
  bool is_tunnel(const std::string& name) const {
    const auto protocol = find_protocol(dictionary_, name);
    return protocol && (is_tunnel(protocol->master) || is_tunnel(protocol->app));
  }
  bool is_tunnel(ProtocolId id) const {
    constexpr std::array kProxies = {"socks", "http_proxy"};
    for (const char* proxy : kProxies) {
      const auto known = dictionary_.protocols.find(proxy);
      if (known != dictionary_.protocols.end() && known->second == id && id != kUnknownProtocol) return true;
    }
    const auto category = dictionary_.category_of.find(id);
    return vpn_ && category != dictionary_.category_of.end() && category->second == *vpn_;
  }

  const Dictionary& dictionary_;
  const std::optional<std::uint16_t> vpn_;
};

bool only_marks(const ClassSpec& spec) {
  return !spec.allow && !spec.drop && !spec.reset && !spec.lose && !spec.police && !spec.shape && !spec.delay;
}

// "pass" and what a class that only marks is called are harmless.
bool treats(const Book& book, const std::string& name) {
  const auto spec = std::ranges::find(book.classes, name, &ClassSpec::name);
  return spec != book.classes.end() && !only_marks(*spec);
}

}  // namespace

bool is_bench_space(const Prefix& prefix) {
  return std::ranges::any_of(kBenchSpace, [&](const char* space) { return parse_prefix(space)->contains(prefix); });
}

Diagnostics guard_wires(const Config& config) {
  Diagnostics mistakes;
  if (!config.bench) return mistakes;
  for (const WireConfig& wire : config.wires) {
    const std::string where = "wire \"" + wire.name + "\": ";
    if (wire.inside_prefixes.empty())
      mistakes.push_back(at(wire.place, where + "a bench (bench = true) names who is inside, inside_prefixes = "
                                                "[\"192.0.2.0/24\"]"));
    for (const Prefix& prefix : wire.inside_prefixes)
      if (!is_bench_space(prefix))
        mistakes.push_back(at(wire.prefixes_place,
                              where + "inside_prefixes: " + prefix.print() +
                                  " may be somebody's; a bench (bench = true) takes private, shared (100.64.0.0/10), "
                                  "documentation, benchmarking, link-local or unique local addresses"));
  }
  return mistakes;
}

Diagnostics guard_events(const Config& config) {
  Diagnostics mistakes;
  if (config.bench) return mistakes;
  if (config.events.which == EventsConfig::Which::all)
    mistakes.push_back(at(config.events.which_place, std::string("events: which = \"all\" records every flow of "
                                                                 "everybody") +
                                                         kOnBenches));
  if (config.events.addresses == Addresses::full)
    mistakes.push_back(
        at(config.events.addresses_place, std::string("events: addresses = \"full\" records who it was") + kOnBenches));
  return mistakes;
}

Diagnostics guard_book(const Config& config, const Book& book, const Dictionary& dictionary) {
  Diagnostics mistakes;
  if (config.bench) return mistakes;
  if (book.purpose == "model")
    mistakes.push_back(at(config.book_place, "book: " + book.name + " is a model (purpose = \"model\")" + kOnBenches));
  const Aim aim(dictionary);
  for (const Rule& rule : book.rules) {
    if (rule.mode == Mode::off || !treats(book, rule.then)) continue;
    const Target target = aim.of(rule.when);
    if (target == Target::nothing) continue;
    mistakes.push_back(at(rule.place, "rule \"" + rule.name + "\": treats " + words_of(target) + " with class \"" +
                                          rule.then + "\"; pass and mark alone are allowed there" + kOnBenches));
  }
  return mistakes;
}

}  // namespace slowlane

#include "tests/support/random_books.h"

#include <iterator>
#include <set>
#include <vector>

#include "rules/keys.h"

namespace slowlane {
namespace {

constexpr const char* kNames[] = {"a.com", "b.com", "www.a.com", "ab.a.com", "b.a.com.", ".a.com", "c.org"};

}  // namespace

Dictionary RandomBooks::dictionary() {
  Dictionary dictionary;
  dictionary.protocols = {{"tls", 91}, {"quic", 188}, {"youtube", 124}, {"bittorrent", 37}};
  return dictionary;
}

std::string RandomBooks::name() { return kNames[below(std::size(kNames))]; }

HostPattern RandomBooks::pattern() {
  static const HostPattern kPatterns[] = {
      {HostPattern::Kind::exact, "a.com", "", {}},    {HostPattern::Kind::exact, "www.a.com", "", {}},
      {HostPattern::Kind::suffix, "a.com", "", {}},   {HostPattern::Kind::suffix, "com", "", {}},
      {HostPattern::Kind::glob, "*.a.com", "", {}},   {HostPattern::Kind::glob, "*b*com", "", {}},
      {HostPattern::Kind::glob, "a*", "", {}},        {HostPattern::Kind::glob, "*c*g", "", {}},
      {HostPattern::Kind::regex, "^[ab]\\.", "", {}}, {HostPattern::Kind::regex, "org$", "", {}},
      {HostPattern::Kind::any, "*", "", {}}};
  return kPatterns[below(std::size(kPatterns))];
}

Term RandomBooks::term(std::size_t kind) {
  static const char* const kNamesOfKeys[] = {"host", "host_from",    "protocol",     "transport", "initiator",
                                             "ech",  "quic_version", "payload_size", "payload"};
  static const char* const kProtocols[] = {"TLS", "YouTube", "TLS.YouTube", "unknown", "NoSuchThing", "bittorrent"};
  Term term;
  term.key = static_cast<std::uint8_t>(find_key(kNamesOfKeys[kind]));
  switch (kind) {
    case 0: {
      HostPatterns patterns;
      for (std::size_t i = 1 + below(2); i > 0; --i) patterns.push_back(pattern());
      term.value = patterns;
      break;
    }
    case 1: term.value = Sources{static_cast<NameSource>(below(4))}; break;
    case 2: term.value = Texts{kProtocols[below(std::size(kProtocols))]}; break;
    case 3: term.value = NumberRanges{below(2) == 0 ? NumberRange{6, 6} : NumberRange{17, 17}}; break;
    case 4: term.value = below(2) == 0 ? Side::inside : Side::outside; break;
    case 5: term.value = below(2) == 0; break;
    case 6: term.value = NumberRanges{{1, 1}}; break;
    case 7: term.value = NumberRanges{{10, 0xffffffff}}; break;
    default: term.value = Texts{below(2) == 0 ? "x" : "yz"}; break;
  }
  return term;
}

Condition RandomBooks::condition(unsigned depth) {
  Condition when;
  std::set<std::size_t> kinds;
  for (std::size_t i = below(3); i > 0; --i) kinds.insert(below(3) == 0 ? 0 : below(9));
  for (const std::size_t kind : kinds) when.terms.push_back(term(kind));
  if (depth < 2 && below(3) == 0) when.negated.push_back(condition(depth + 1));
  return when;
}

Book RandomBooks::book() {
  Book book;
  book.name = "random";
  for (const char* cls : {"one", "two", "three"}) {
    ClassSpec spec;
    spec.name = cls;
    book.classes.push_back(spec);
  }
  const auto cls = [this] { return std::string(std::vector{"one", "two", "three", "pass"}[below(4)]); };
  // Some books are long rows of rules on names alone.
  const bool names_alone = below(4) == 0;
  for (std::size_t i = below(names_alone ? 40 : 7); i > 0; --i) {
    Rule rule;
    rule.name = "rule" + std::to_string(i);
    rule.when = names_alone && below(8) > 0 ? Condition{{term(0)}, {}} : condition(0);
    rule.then = cls();
    rule.mode = std::vector{Mode::enforce, Mode::enforce, Mode::enforce, Mode::observe, Mode::off}[below(5)];
    book.rules.push_back(rule);
  }
  book.otherwise = cls();
  if (below(4) == 0) book.inspection.trailing_dot = Inspection::TrailingDot::keep;
  return book;
}

SlowFlow RandomBooks::whole_flow() {
  static constexpr ProtocolId kIds[] = {0, 91, 188, 124, 37};
  SlowFlow flow;
  for (std::size_t i = below(3); i > 0; --i) {
    flow.texts.push_back(name());
    flow.sources.push_back(static_cast<NameSource>(below(5)));
  }
  const auto state = [this] { return below(3) == 0 ? Known::absent : Known::yes; };
  flow.rest.more_names = false;
  flow.rest.transport = below(2) == 0 ? 6 : 17;
  flow.rest.initiator = below(2) == 0 ? Side::inside : Side::outside;
  flow.rest.application = state();
  if (flow.rest.application == Known::yes) {
    flow.rest.master = kIds[below(5)];
    flow.rest.app = kIds[below(5)];
  }
  flow.rest.ech = state();
  flow.rest.quic = state();
  if (flow.rest.quic == Known::yes) flow.rest.quic_version = static_cast<std::uint32_t>(1 + below(2));
  flow.rest.payload = state();
  if (flow.rest.payload == Known::yes) {
    flow.payload = std::vector<std::string>{"x", "yz", "xyz", "nothing"}[below(4)];
    flow.rest.payload_size = static_cast<std::uint32_t>(below(20));
  }
  return flow;
}

SlowFlow RandomBooks::part_of(const SlowFlow& whole) {
  SlowFlow part = whole;
  if (below(3) > 0) {
    part.rest.more_names = true;
    const std::size_t kept = below(whole.texts.size() + 1);
    part.texts.resize(kept);
    part.sources.resize(kept);
  }
  if (below(2) == 0) part.rest.application = Known::not_yet, part.rest.master = part.rest.app = 0;
  if (below(2) == 0) part.rest.ech = Known::not_yet;
  if (below(2) == 0) part.rest.quic = Known::not_yet, part.rest.quic_version = 0;
  if (below(2) == 0) part.rest.payload = Known::not_yet, part.rest.payload_size = 0, part.payload.clear();
  return part;
}

bool RandomBooks::grow(SlowFlow& part, const SlowFlow& whole) {
  std::vector<int> steps;
  if (part.rest.more_names) steps.push_back(0);
  if (part.rest.application != whole.rest.application) steps.push_back(1);
  if (part.rest.ech != whole.rest.ech) steps.push_back(2);
  if (part.rest.quic != whole.rest.quic) steps.push_back(3);
  if (part.rest.payload != whole.rest.payload) steps.push_back(4);
  if (steps.empty()) return false;
  switch (steps[below(steps.size())]) {
    case 0:
      if (part.texts.size() == whole.texts.size()) {
        part.rest.more_names = false;
      } else {
        part.sources.push_back(whole.sources[part.texts.size()]);
        part.texts.push_back(whole.texts[part.texts.size()]);
        // Looking often ends with the last name (names = "first").
        if (part.texts.size() == whole.texts.size() && below(2) == 0) part.rest.more_names = false;
      }
      break;
    case 1:
      part.rest.application = whole.rest.application;
      part.rest.master = whole.rest.master;
      part.rest.app = whole.rest.app;
      break;
    case 2: part.rest.ech = whole.rest.ech; break;
    case 3:
      part.rest.quic = whole.rest.quic;
      part.rest.quic_version = whole.rest.quic_version;
      break;
    default:
      part.rest.payload = whole.rest.payload;
      part.rest.payload_size = whole.rest.payload_size;
      part.payload = whole.payload;
      break;
  }
  return true;
}

}  // namespace slowlane

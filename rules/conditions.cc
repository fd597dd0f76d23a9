#include "rules/conditions.h"

#include <algorithm>

namespace slowlane {
namespace {

// Names from DNS count only where a rule asks for them: the name looked up is not yet a flow to that name.
constexpr std::uint8_t kUsualSources =
    bit_of(NameSource::tls) | bit_of(NameSource::quic) | bit_of(NameSource::http) | bit_of(NameSource::socks);

bool is_key(const Term& term, std::string_view name) { return name == keys()[term.key].name; }

// The sources a group's own `host_from` names; else those in force around it.
std::uint8_t sources_of(const Condition& when, std::uint8_t around) {
  for (const Term& term : when.terms) {
    if (!is_key(term, "host_from")) continue;
    std::uint8_t sources = 0;
    for (const NameSource source : std::get<Sources>(term.value)) sources |= bit_of(source);
    return sources;
  }
  return around;
}

}  // namespace

Conditions::Conditions(const Book& book, const Dictionary& dictionary)
    : dictionary_(dictionary), seed_(book.seed), names_(book.inspection.trailing_dot) {}

GroupId Conditions::add(const Condition& when) {
  const auto group = static_cast<GroupId>(groups_.size());
  groups_.emplace_back();
  fill(group, when, kUsualSources);
  return group;
}

void Conditions::fill(GroupId group, const Condition& when, std::uint8_t around) {
  const std::uint8_t sources = sources_of(when, around);
  const auto first = static_cast<std::uint32_t>(terms_.size());
  for (const Term& term : when.terms) terms_.push_back(compile_term(term, sources));
  // What is known from the first packet on is asked first: it is cheap, and often says no.
  std::stable_partition(terms_.begin() + first, terms_.end(),
                        [](const CompiledTerm& term) { return term.key->needs == Fact::none; });
  const auto negated = static_cast<GroupId>(groups_.size());
  const auto count = static_cast<std::uint32_t>(when.negated.size());
  groups_[group] = {first, static_cast<std::uint32_t>(when.terms.size()), negated, count};
  groups_.resize(groups_.size() + count);
  for (std::uint32_t i = 0; i < count; ++i) fill(negated + i, when.negated[i], sources);
}

Conditions::CompiledTerm Conditions::compile_term(const Term& term, std::uint8_t sources) {
  CompiledTerm compiled;
  compiled.term = &term;
  compiled.key = &keys()[term.key];
  compiled.sources = sources;
  if (const auto* patterns = std::get_if<HostPatterns>(&term.value)) {
    compiled.kind = CompiledTerm::Kind::host;
    compiled.set = names_.add(*patterns);
  } else if (is_key(term, "payload")) {
    compiled.kind = CompiledTerm::Kind::payload;
    compiled.set = payload_sets_++;
    payload_terms_.push_back(&term);
    for (const std::string& text : std::get<Texts>(term.value)) payload_.add_payload(text, compiled.set);
  } else if (is_key(term, "protocol") || is_key(term, "category")) {
    compile_ids(compiled, keys()[term.key].name, std::get<Texts>(term.value));
  }
  return compiled;
}

// A name that stands alone means master or application. Where no name is known the term can never be true, and
// nothing needs to be learned for it; lint has warned.
void Conditions::compile_ids(CompiledTerm& compiled, std::string_view key, const Texts& names) {
  compiled.first_id = static_cast<std::uint32_t>(ids_.size());
  for (const std::string& name : names) {
    if (key == "category") {
      if (const auto number = find_category(dictionary_, name)) ids_.push_back(*number);
    } else if (is_unknown_protocol(name)) {
      compiled.wants_unknown = true;
    } else if (const auto found = find_protocol(dictionary_, name)) {
      ids_.push_back(std::uint32_t{found->master} << 16 | found->app);
      if (found->app == kUnknownProtocol) ids_.push_back(found->master);
    }
  }
  compiled.id_count = static_cast<std::uint32_t>(ids_.size()) - compiled.first_id;
  if (compiled.id_count == 0 && !compiled.wants_unknown) compiled.kind = CompiledTerm::Kind::never;
}

Diagnostics Conditions::compile(PatternCache* cache) {
  Diagnostics diagnostics = names_.compile(cache);
  for (const PatternSet::Failure& failure : payload_.compile(cache)) {
    const Place& place = payload_terms_[failure.failed]->place;
    diagnostics.push_back({place.file, place.line, failure.text});
  }
  payload_terms_.clear();
  return diagnostics;
}

bool Conditions::payload_fits(std::uint32_t set, const Evidence& evidence) const noexcept {
  PayloadHits& hits = evidence.payload;
  if (!hits.scanned_) {
    hits.scanned_ = true;
    std::fill(hits.fits_.begin(), hits.fits_.end(), std::uint8_t{0});
    const std::span<const std::uint8_t> bytes = evidence.facts.payload_bytes;
    const auto found = [](PatternId id, void* to) { static_cast<PayloadHits*>(to)->fits_[id] = 1; };
    if (evidence.facts.payload == Known::yes && !bytes.empty())
      payload_.scan({reinterpret_cast<const char*>(bytes.data()), std::min(bytes.size(), kPayloadLimit)},
                    evidence.scratch, found, &hits);
  }
  return hits.of(set);
}

ConditionAnswer Conditions::answer(const CompiledTerm& term, const Evidence& evidence) const noexcept {
  TermContext context;
  context.sources = term.sources;
  context.seed = seed_;
  switch (term.kind) {
    case CompiledTerm::Kind::never: return {};
    case CompiledTerm::Kind::host: context.fits = (evidence.names.of(term.set) & term.sources) != 0; break;
    case CompiledTerm::Kind::payload: context.fits = payload_fits(term.set, evidence); break;
    case CompiledTerm::Kind::plain:
      context.ids = {ids_.data() + term.first_id, term.id_count};
      context.wants_unknown = term.wants_unknown;
      break;
  }
  const Tri value = term.key->test(term.term->value, evidence.facts, context);
  return {value, value == Tri::not_yet ? set_of(term.key->needs) : FactSet{0}};
}

ConditionAnswer Conditions::read(GroupId id, const Evidence& evidence) const noexcept {
  const Group& group = groups_[id];
  ConditionAnswer all{Tri::yes, 0};
  const auto also = [&all](ConditionAnswer part) {
    if (part.value == Tri::no) all = part;
    if (part.value == Tri::not_yet) all = {Tri::not_yet, static_cast<FactSet>(all.waits | part.waits)};
    return all.value != Tri::no;
  };
  for (const CompiledTerm& term : terms_of(group))
    if (!also(answer(term, evidence))) return {};
  for (std::uint32_t i = 0; i < group.negated_count; ++i) {
    const ConditionAnswer negated = read(group.first_negated + i, evidence);
    if (!also({!negated.value, negated.waits})) return {};
  }
  return all;
}

bool Conditions::named(GroupId id, const Evidence& evidence) const noexcept {
  for (const CompiledTerm& term : terms_of(groups_[id]))
    if (term.key->needs == Fact::name && answer(term, evidence).value == Tri::yes) return true;
  return false;
}

std::optional<HostSetId> Conditions::host_alone(GroupId id) const {
  const Group& group = groups_[id];
  if (group.term_count != 1 || group.negated_count != 0) return std::nullopt;
  const CompiledTerm& term = terms_[group.first_term];
  if (term.kind != CompiledTerm::Kind::host) return std::nullopt;
  return term.set;
}

std::vector<Conditions::TermReading> Conditions::read_terms(GroupId group, const Evidence& evidence) const {
  std::vector<TermReading> readings;
  read_terms(group, 0, evidence, readings);
  return readings;
}

void Conditions::read_terms(GroupId id, unsigned depth, const Evidence& evidence, std::vector<TermReading>& out) const {
  const Group& group = groups_[id];
  std::vector<const CompiledTerm*> written;
  for (const CompiledTerm& term : terms_of(group)) written.push_back(&term);
  std::sort(written.begin(), written.end(), [](auto* a, auto* b) { return a->term < b->term; });
  for (const CompiledTerm* term : written) out.push_back({term->term, depth, answer(*term, evidence)});
  for (std::uint32_t i = 0; i < group.negated_count; ++i) read_terms(group.first_negated + i, depth + 1, evidence, out);
}

FactSet Conditions::needs(GroupId id) const {
  const Group& group = groups_[id];
  FactSet all = 0;
  for (const CompiledTerm& term : terms_of(group))
    if (term.kind != CompiledTerm::Kind::never) all |= set_of(term.key->needs);
  for (std::uint32_t i = 0; i < group.negated_count; ++i) all |= needs(group.first_negated + i);
  return all;
}

std::size_t Conditions::memory() const {
  return names_.memory() + payload_.memory() + groups_.capacity() * sizeof(Group) +
         terms_.capacity() * sizeof(CompiledTerm) + ids_.capacity() * sizeof(std::uint32_t);
}

}  // namespace slowlane

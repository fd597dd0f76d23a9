#include "rules/name_matcher.h"

#include <cstring>
#include <string>

namespace slowlane {

NameHits::NameHits(std::size_t sets) : sources_(sets, 0) { touched_.reserve(sets); }

void NameHits::clear() noexcept {
  for (const HostSetId set : touched_) sources_[set] = 0;
  touched_.clear();
}

void NameHits::add(HostSetId set, std::uint8_t sources) noexcept {
  if (sources_[set] == 0) touched_.push_back(set);
  sources_[set] |= sources;
}

void NameHits::add(const NameHits& other) noexcept {
  for (const HostSetId set : other.touched_) add(set, other.sources_[set]);
}

HostSetId NameHits::first(HostSetId from, HostSetId to) const noexcept {
  // Eight sets a step: most books have many sets of which a name fits none.
  for (std::uint64_t word = 0; to - from >= sizeof word; from += sizeof word) {
    std::memcpy(&word, &sources_[from], sizeof word);
    if (word != 0) break;
  }
  while (from < to && sources_[from] == 0) ++from;
  return from;
}

// One dot at the end is the root label written out (RFC 1034 §3.1); `trailing_dot` says whether it counts.
std::string_view NameMatcher::without_dot(std::string_view name) const {
  if (trailing_dot_ == Inspection::TrailingDot::ignore && name.size() > 1 && name.back() == '.') name.remove_suffix(1);
  return name;
}

HostSetId NameMatcher::add(const HostPatterns& patterns) {
  const HostSetId set = sets_++;
  for (const HostPattern& pattern : patterns) add_one(pattern, set);
  return set;
}

void NameMatcher::add_one(const HostPattern& pattern, HostSetId set) {
  switch (pattern.kind) {
    case HostPattern::Kind::exact: table_.add_exact(without_dot(pattern.text), set); break;
    case HostPattern::Kind::suffix: table_.add_suffix(without_dot(pattern.text), set); break;
    case HostPattern::Kind::any: any_.push_back(set); break;
    case HostPattern::Kind::glob: add_glob(pattern, set); break;
    case HostPattern::Kind::regex:
      patterns_.add_regex(pattern.text, set);
      written_.push_back({set, pattern.text, pattern.place});
      break;
  }
}

// Globs that say no more than a table can answer stay out of Hyperscan (contract §2 "Host patterns").
void NameMatcher::add_glob(const HostPattern& pattern, HostSetId set) {
  std::string glob;
  for (const char c : pattern.text)
    if (c != '*' || glob.empty() || glob.back() != '*') glob += c;
  glob = without_dot(glob);
  const bool starred_tail = glob.find('*', 1) != std::string::npos;
  if (glob == "*") {
    any_.push_back(set);
  } else if (glob.find('*') == std::string::npos) {
    table_.add_exact(glob, set);
  } else if (glob.starts_with("*.") && !starred_tail) {
    table_.add_under(std::string_view(glob).substr(2), set);
  } else {
    patterns_.add_glob(glob, set);
    written_.push_back({set, glob, pattern.place});
  }
}

Diagnostics NameMatcher::compile(PatternCache* cache) {
  table_.build();
  Diagnostics diagnostics;
  for (const PatternSet::Failure& failure : patterns_.compile(cache))
    for (const Written& one : written_) {
      const bool whole = failure.expression.empty();
      if (one.set != failure.failed || (!whole && one.expression != failure.expression)) continue;
      diagnostics.push_back({one.place.file, one.place.line, failure.text});
      if (whole) break;
    }
  written_.clear();
  return diagnostics;
}

void NameMatcher::match(const HostName& name, PatternSet::Scratch& scratch, NameHits& hits) const noexcept {
  struct Context {
    NameHits& hits;
    std::uint8_t source;
  } context{hits, bit_of(name.source)};
  const std::string_view text = without_dot(name.text);
  for (const HostSetId set : any_) hits.add(set, context.source);
  table_.look_up(text, [&](HostSetId set) { hits.add(set, context.source); });
  if (patterns_.empty()) return;
  const auto found = [](PatternId set, void* to) {
    const auto& into = *static_cast<Context*>(to);
    into.hits.add(set, into.source);
  };
  patterns_.scan(text, scratch, found, &context);
}

std::size_t NameMatcher::memory() const {
  return table_.memory() + patterns_.memory() + any_.capacity() * sizeof(HostSetId);
}

}  // namespace slowlane

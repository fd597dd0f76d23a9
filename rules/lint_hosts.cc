#include "rules/lint_hosts.h"

#include <algorithm>
#include <functional>
#include <string_view>
#include <unordered_map>

#include "rules/keys.h"
#include "rules/patterns.h"

namespace slowlane {
namespace {

// Names that nobody means to hit by accident; examples for messages.
constexpr std::string_view kWellKnown[] = {
    "reddit.com",      "microsoft.com",  "github.com",        "google.com",    "youtube.com",
    "facebook.com",    "instagram.com",  "whatsapp.com",      "twitter.com",   "x.com",
    "wikipedia.org",   "amazon.com",     "apple.com",         "netflix.com",   "linkedin.com",
    "yahoo.com",       "bing.com",       "live.com",          "office.com",    "cloudflare.com",
    "akamai.net",      "pinterest.com",  "blogspot.com",      "wordpress.com", "tumblr.com",
    "twitch.tv",       "tiktok.com",     "telegram.org",      "t.me",          "vk.com",
    "ok.ru",           "yandex.ru",      "mail.ru",           "rutube.ru",     "baidu.com",
    "qq.com",          "taobao.com",     "ebay.com",          "paypal.com",    "dropbox.com",
    "zoom.us",         "slack.com",      "stackoverflow.com", "mozilla.org",   "debian.org",
    "bbc.co.uk",       "cnn.com",        "nytimes.com",       "spotify.com",   "discord.com",
    "imgur.com",       "soundcloud.com", "walmart.com",       "gosuslugi.ru",  "icloud.com",
    "steampowered.com"};

constexpr std::size_t kShortLiteral = 6;  // fewer letters than this stand inside other words all the time
constexpr std::size_t kShown = 3;

std::size_t letters(std::string_view glob) {
  return static_cast<std::size_t>(std::count_if(glob.begin(), glob.end(), [](char c) { return c != '.' && c != '*'; }));
}

std::string in_rule(const Rule& rule) { return " in rule \"" + rule.name + "\""; }

// How a glob meets the labels of a name.
struct GlobShape {
  std::string_view glob;
  std::string_view literal;
  bool open_left = false;  // what stands before its first letter may be a letter too
  bool open_right = false;

  explicit GlobShape(std::string_view of) : glob(of), literal(longest_literal(of)) {
    open_left = glob.starts_with('*') && !glob.starts_with("*.");
    open_right = glob.ends_with('*') && !glob.ends_with(".*");
  }

  bool is_short() const { return letters(glob) < kShortLiteral; }

  // Whether it fits the name with its outer pieces cut at dots, which is most likely what was meant.
  bool meant(std::string_view name) const {
    std::string core(glob);
    if (open_right) core.pop_back();
    if (open_left) core.erase(0, 1);
    const std::string lefts[] = {core, "*." + core};
    for (const std::string& left : lefts) {
      if (!open_left && left != core) continue;
      if (glob_fits(left, name) || (open_right && glob_fits(left + ".*", name))) return true;
    }
    return false;
  }
};

std::vector<std::string_view> reached_by_accident(const GlobShape& shape) {
  std::vector<std::string_view> reached;
  for (const std::string_view name : kWellKnown)
    if (glob_fits(shape.glob, name) && !shape.meant(name)) reached.push_back(name);
  return reached;
}

std::string list(const std::vector<std::string_view>& names) {
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kShown); ++i) text += (i > 0 ? ", " : "") + std::string(names[i]);
  return text + (names.size() > kShown ? " and " + std::to_string(names.size() - kShown) + " more" : "");
}

// What to write instead of a glob around one literal; nothing where that is not plain.
std::string remedy(const GlobShape& shape) {
  std::string_view name = shape.literal;
  if (static_cast<std::size_t>(std::count(shape.glob.begin(), shape.glob.end(), '*')) + name.size() !=
      shape.glob.size())
    return "";
  while (name.starts_with('.')) name.remove_prefix(1);
  while (name.ends_with('.')) name.remove_suffix(1);
  if (name.empty() || name.find('.') == std::string_view::npos) return "";
  return "; \"." + std::string(name) + "\" means that name and every name under it";
}

void lint_glob(const Rule& rule, const HostPattern& pattern, Diagnostics& out) {
  const GlobShape shape(pattern.text);
  const std::string what = "glob \"" + pattern.written + "\"" + in_rule(rule);
  if (letters(shape.glob) == 0) {
    if (shape.literal.empty()) return;
    out.push_back({pattern.place.file, pattern.place.line, what + " fits nearly every name; write \"*\" to mean all"});
    return;
  }
  if (!shape.open_left && !shape.open_right) return;
  const bool domain = shape.glob.find('.') != std::string_view::npos;
  if (!shape.is_short() && !domain) return;
  const std::vector<std::string_view> reached = reached_by_accident(shape);
  if (!shape.is_short() && reached.empty()) return;
  const std::string why = reached.empty() ? " is broad: its few letters may stand inside longer words"
                                          : " is broad: it reaches " + list(reached);
  out.push_back({pattern.place.file, pattern.place.line, what + why + remedy(shape)});
}

// Calls `visit(rule, patterns)` for each host term of the rule's own group.
template <class Visit>
void for_host_terms(const Condition& when, Visit visit) {
  for (const Term& term : when.terms)
    if (const auto* patterns = std::get_if<HostPatterns>(&term.value)) visit(*patterns);
}

template <class Visit>
void for_all_host_terms(const Condition& when, Visit visit) {
  for_host_terms(when, visit);
  for (const Condition& negated : when.negated) for_all_host_terms(negated, visit);
}

// A pattern's place in the book, for what is said about a later one.
struct Seen {
  const HostPattern* pattern;
  const Rule* rule;
};

// What makes two patterns the same. Points into the book.
struct PatternKey {
  HostPattern::Kind kind;
  std::string_view text;

  bool operator==(const PatternKey&) const = default;
};
struct HashPattern {
  std::size_t operator()(const PatternKey& key) const {
    return std::hash<std::string_view>()(key.text) + static_cast<std::size_t>(key.kind);
  }
};
template <class T>
using ByPattern = std::unordered_map<PatternKey, T, HashPattern>;

// What enforcing rules that ask for names and nothing else have taken so far.
class Taken {
 public:
  void add(const HostPattern& pattern, const Rule& rule) {
    const auto [at, fresh] = seen_.try_emplace(PatternKey{pattern.kind, pattern.text}, Seen{&pattern, &rule});
    if (fresh && pattern.kind == HostPattern::Kind::glob && globs_.size() < kMaxGlobs) globs_.push_back(at->second);
  }

  // The earlier pattern that takes every name this one does; null where none is known to.
  const Seen* covering(const HostPattern& pattern) const {
    if (seen_.empty()) return nullptr;
    if (const Seen* any = find(HostPattern::Kind::any, "*")) return any;
    if (const Seen* same = find(pattern.kind, pattern.text)) return same;
    if (pattern.kind == HostPattern::Kind::regex || pattern.kind == HostPattern::Kind::any) return nullptr;
    if (const Seen* above = covering_suffix(pattern)) return above;
    for (const Seen& glob : globs_)
      if (glob_takes(glob.pattern->text, pattern)) return &glob;
    return nullptr;
  }

 private:
  static constexpr std::size_t kMaxGlobs = 64;  // compared one by one: more would cost more than the hint is worth

  const Seen* find(HostPattern::Kind kind, std::string_view text) const {
    const auto at = seen_.find(PatternKey{kind, text});
    return at == seen_.end() ? nullptr : &at->second;
  }

  // A suffix covers itself, its own name, and all that lies under it, label by label.
  const Seen* covering_suffix(const HostPattern& pattern) const {
    std::string_view text = pattern.text;
    if (pattern.kind == HostPattern::Kind::glob) {
      // What stands right of the last star's first dot is a suffix that every match ends with.
      const std::size_t star = text.rfind('*');
      const std::size_t dot = text.find('.', star == std::string_view::npos ? 0 : star);
      if (dot == std::string_view::npos) return nullptr;
      text.remove_prefix(dot + 1);
    }
    for (;;) {
      if (const Seen* suffix = find(HostPattern::Kind::suffix, text)) return suffix;
      const std::size_t dot = text.find('.');
      if (dot == std::string_view::npos) return nullptr;
      text.remove_prefix(dot + 1);
    }
  }

  // Stars of the later pattern are taken by stars of the earlier alone, so a fit means that it takes all of them.
  static bool glob_takes(std::string_view glob, const HostPattern& pattern) {
    if (!glob_fits(glob, pattern.text)) return false;
    return pattern.kind != HostPattern::Kind::suffix || glob_fits(glob, "*." + pattern.text);
  }

  ByPattern<Seen> seen_;
  std::vector<Seen> globs_;
};

std::string at(const Seen& seen) {
  return "\"" + seen.pattern->written + "\" of rule \"" + seen.rule->name + "\" (" + seen.pattern->place.file + ":" +
         std::to_string(seen.pattern->place.line) + ")";
}

bool only_names(const Condition& when) {
  return when.terms.size() == 1 && when.negated.empty() && std::holds_alternative<HostPatterns>(when.terms[0].value);
}

// Names from DNS count only where a rule asks for them, so no rule on names alone takes those.
bool counts_dns(const Condition& when) {
  for (const Term& term : when.terms)
    if (const auto* sources = std::get_if<Sources>(&term.value))
      if (std::find(sources->begin(), sources->end(), NameSource::dns) != sources->end()) return true;
  return false;
}

class Duplicates {
 public:
  Diagnostics run(const Book& book) {
    for (const Rule& rule : book.rules) {
      if (rule.mode == Mode::off) continue;
      for_all_host_terms(rule.when, [&](const HostPatterns& patterns) { within(rule, patterns); });
      if (!counts_dns(rule.when))
        for_host_terms(rule.when, [&](const HostPatterns& patterns) { between(rule, patterns); });
      // Nothing comes below the last rule that it could take a name from.
      if (rule.mode == Mode::enforce && only_names(rule.when) && &rule != &book.rules.back())
        for_host_terms(rule.when, [&](const HostPatterns& patterns) {
          for (const HostPattern& pattern : patterns) taken_.add(pattern, rule);
        });
    }
    return std::move(out_);
  }

 private:
  static constexpr std::size_t kMost = 20;  // of one kind in one rule

  void within(const Rule& rule, const HostPatterns& patterns) {
    ByPattern<const HostPattern*> seen;
    seen.reserve(patterns.size());
    std::size_t count = 0;
    for (const HostPattern& pattern : patterns) {
      const auto [first, fresh] = seen.try_emplace(PatternKey{pattern.kind, pattern.text}, &pattern);
      if (fresh) continue;
      const Place& before = first->second->place;
      say(pattern, ++count,
          "\"" + pattern.written + "\" stands twice" + in_rule(rule) + ", first at " + before.file + ":" +
              std::to_string(before.line));
    }
    rest(rule, count, "names that stand twice");
  }

  void between(const Rule& rule, const HostPatterns& patterns) {
    std::vector<std::pair<const HostPattern*, const Seen*>> covered;
    for (const HostPattern& pattern : patterns)
      if (const Seen* seen = taken_.covering(pattern)) covered.emplace_back(&pattern, seen);
    if (covered.empty()) return;
    if (covered.size() == patterns.size()) {
      out_.push_back({rule.place.file, rule.place.line,
                      "rule \"" + rule.name + "\" can never match: earlier rules take all its names; " +
                          (covered.size() == 1 ? "it is " : "the first is ") + "taken by " +
                          at(*covered.front().second)});
      return;
    }
    std::size_t count = 0;
    for (const auto& [pattern, seen] : covered)
      say(*pattern, ++count,
          "\"" + pattern->written + "\"" + in_rule(rule) + " is never reached: " + at(*seen) + " takes it");
    rest(rule, count, "names that are never reached");
  }

  void say(const HostPattern& pattern, std::size_t count, std::string text) {
    if (count <= kMost) out_.push_back({pattern.place.file, pattern.place.line, std::move(text)});
  }

  void rest(const Rule& rule, std::size_t count, const char* what) {
    if (count > kMost)
      out_.push_back({rule.place.file, rule.place.line,
                      "rule \"" + rule.name + "\" has " + std::to_string(count - kMost) + " more " + what});
  }

  Taken taken_;
  Diagnostics out_;
};

}  // namespace

Diagnostics lint_globs(const Book& book) {
  Diagnostics out;
  for (const Rule& rule : book.rules) {
    if (rule.mode == Mode::off) continue;
    for_all_host_terms(rule.when, [&](const HostPatterns& patterns) {
      for (const HostPattern& pattern : patterns)
        if (pattern.kind == HostPattern::Kind::glob) lint_glob(rule, pattern, out);
    });
  }
  return out;
}

Diagnostics lint_duplicates(const Book& book) { return Duplicates().run(book); }

}  // namespace slowlane

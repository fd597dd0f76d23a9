#include "rules/patterns.h"

#include <hs.h>

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "rules/patterns_database.h"

namespace slowlane {
namespace {

struct FreeError {
  void operator()(hs_compile_error_t* error) const { hs_free_compile_error(error); }
};
using CompileError = std::unique_ptr<hs_compile_error_t, FreeError>;

// Empty matches are allowed: `/.*/` is a clumsy way to say every name, not a mistake that hides others.
constexpr unsigned kNameFlags = HS_FLAG_CASELESS | HS_FLAG_SINGLEMATCH | HS_FLAG_ALLOWEMPTY | HS_FLAG_DOTALL;
constexpr unsigned kPayloadFlags = HS_FLAG_SINGLEMATCH | HS_FLAG_ALLOWEMPTY | HS_FLAG_DOTALL;

// A pattern and everyone who asked for it.
struct Pattern {
  std::string text;
  unsigned flags = 0;
  std::vector<PatternId> ids;
};

// Patterns without duplicates, in the order first added.
struct PatternList {
  std::vector<Pattern> all;
  std::unordered_map<std::string, std::size_t> index;

  void add(std::string_view text, unsigned flags, PatternId id) {
    const auto [at, fresh] = index.try_emplace(std::to_string(flags) + ' ' + std::string(text), all.size());
    if (fresh) all.push_back({std::string(text), flags, {}});
    std::vector<PatternId>& ids = all[at->second].ids;
    if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(id);
  }
};

// The globs that share one literal.
struct Literal {
  std::string text;
  std::vector<std::size_t> globs;
};

// What a scan hands to Hyperscan's callback.
struct GlobScan {
  const std::vector<Literal>& literals;
  const std::vector<Pattern>& globs;
  std::string_view text;
  PatternSet::Found found;
  void* context;
};
struct ExpressionScan {
  const std::vector<Pattern>& expressions;
  PatternSet::Found found;
  void* context;
};

void report(const Pattern& pattern, PatternSet::Found found, void* context) {
  for (const PatternId id : pattern.ids) found(id, context);
}

int on_literal(unsigned id, unsigned long long, unsigned long long, unsigned, void* context) {
  const auto& scan = *static_cast<GlobScan*>(context);
  for (const std::size_t glob : scan.literals[id].globs)
    if (glob_fits(scan.globs[glob].text, scan.text)) report(scan.globs[glob], scan.found, scan.context);
  return 0;
}

int on_expression(unsigned id, unsigned long long, unsigned long long, unsigned, void* context) {
  const auto& scan = *static_cast<ExpressionScan*>(context);
  report(scan.expressions[id], scan.found, scan.context);
  return 0;
}

std::string said(const CompileError& error) {
  return error != nullptr && error->message != nullptr ? error->message : "no reason given";
}

// Why Hyperscan refuses this expression alone; empty where it does not.
std::string refusal(const Pattern& pattern) {
  hs_database_t* database = nullptr;
  hs_compile_error_t* error = nullptr;
  const hs_error_t code = hs_compile(pattern.text.c_str(), pattern.flags, HS_MODE_BLOCK, nullptr, &database, &error);
  const Database owned(database);
  const CompileError reason(error);
  return code == HS_SUCCESS ? "" : said(reason);
}

PatternSet::Failure whole_set(const Pattern& first, std::string text) {
  return {first.ids.front(), "", std::move(text)};
}

}  // namespace

struct PatternSet::Compiled {
  PatternList globs;
  PatternList expressions;
  std::vector<Literal> literals;
  std::vector<std::size_t> starry;  // globs of stars alone, which fit everything
  Database literal_database;
  Database expression_database;

  void group_by_literal();
  std::vector<Failure> compile_literals(PatternCache* cache);
  std::vector<Failure> compile_expressions(PatternCache* cache);
  std::vector<Failure> blame(const std::string& reason) const;
};

void PatternSet::Compiled::group_by_literal() {
  std::unordered_map<std::string_view, std::size_t> index;
  for (std::size_t glob = 0; glob < globs.all.size(); ++glob) {
    const std::string_view text = longest_literal(globs.all[glob].text);
    if (text.empty()) {
      starry.push_back(glob);
      continue;
    }
    const auto [at, fresh] = index.try_emplace(text, literals.size());
    if (fresh) literals.push_back({std::string(text), {}});
    literals[at->second].globs.push_back(glob);
  }
}

std::vector<PatternSet::Failure> PatternSet::Compiled::compile_literals(PatternCache* cache) {
  group_by_literal();
  if (literals.empty()) return {};
  DatabaseKey key("literals");
  for (const Literal& literal : literals) key.add(literal.text, HS_FLAG_SINGLEMATCH);
  literal_database = find_database(cache, key);
  if (literal_database != nullptr) return {};
  std::vector<const char*> texts;
  std::vector<std::size_t> sizes;
  std::vector<unsigned> ids;
  const std::vector<unsigned> flags(literals.size(), HS_FLAG_SINGLEMATCH);
  for (const Literal& literal : literals) {
    texts.push_back(literal.text.c_str());
    sizes.push_back(literal.text.size());
    ids.push_back(static_cast<unsigned>(ids.size()));
  }
  hs_database_t* database = nullptr;
  hs_compile_error_t* error = nullptr;
  const hs_error_t code =
      hs_compile_lit_multi(texts.data(), flags.data(), ids.data(), sizes.data(), static_cast<unsigned>(texts.size()),
                           HS_MODE_BLOCK, nullptr, &database, &error);
  literal_database.reset(database);
  const CompileError reason(error);
  keep_database(cache, key, literal_database);
  if (code == HS_SUCCESS) return {};
  return {whole_set(globs.all.front(), "Hyperscan refuses these globs together: " + said(reason))};
}

// Hyperscan stops at the first expression it refuses; each is asked about alone, so that all are named.
std::vector<PatternSet::Failure> PatternSet::Compiled::blame(const std::string& reason) const {
  std::vector<Failure> failures;
  for (const Pattern& pattern : expressions.all) {
    const std::string alone = refusal(pattern);
    if (alone.empty()) continue;
    for (const PatternId id : pattern.ids)
      failures.push_back({id, pattern.text, "Hyperscan refuses /" + pattern.text + "/: " + alone});
  }
  if (failures.empty())
    failures.push_back(whole_set(expressions.all.front(), "Hyperscan refuses these expressions together: " + reason));
  return failures;
}

std::vector<PatternSet::Failure> PatternSet::Compiled::compile_expressions(PatternCache* cache) {
  if (expressions.all.empty()) return {};
  DatabaseKey key("expressions");
  for (const Pattern& pattern : expressions.all) key.add(pattern.text, pattern.flags);
  expression_database = find_database(cache, key);
  if (expression_database != nullptr) return {};
  std::vector<const char*> texts;
  std::vector<unsigned> flags;
  std::vector<unsigned> ids;
  for (const Pattern& pattern : expressions.all) {
    texts.push_back(pattern.text.c_str());
    flags.push_back(pattern.flags);
    ids.push_back(static_cast<unsigned>(ids.size()));
  }
  hs_database_t* database = nullptr;
  hs_compile_error_t* error = nullptr;
  const hs_error_t code = hs_compile_multi(texts.data(), flags.data(), ids.data(), static_cast<unsigned>(texts.size()),
                                           HS_MODE_BLOCK, nullptr, &database, &error);
  expression_database.reset(database);
  const CompileError reason(error);
  keep_database(cache, key, expression_database);
  return code == HS_SUCCESS ? std::vector<Failure>{} : blame(said(reason));
}

PatternSet::PatternSet() : compiled_(std::make_unique<Compiled>()) {}
PatternSet::~PatternSet() = default;
PatternSet::PatternSet(PatternSet&&) noexcept = default;
PatternSet& PatternSet::operator=(PatternSet&&) noexcept = default;

void PatternSet::add_glob(std::string_view glob, PatternId id) { compiled_->globs.add(glob, 0, id); }
void PatternSet::add_regex(std::string_view text, PatternId id) { compiled_->expressions.add(text, kNameFlags, id); }
void PatternSet::add_payload(std::string_view text, PatternId id) {
  compiled_->expressions.add(text, kPayloadFlags, id);
}

std::vector<PatternSet::Failure> PatternSet::compile(PatternCache* cache) {
  const auto too_many = [](const PatternList& list, std::size_t most, const char* what) {
    return whole_set(list.all.front(), std::to_string(list.all.size()) + " different " + what + ": at most " +
                                           std::to_string(most) + " can be compiled in reasonable time");
  };
  std::vector<Failure> failures;
  if (compiled_->globs.all.size() > kMaxGlobs) failures.push_back(too_many(compiled_->globs, kMaxGlobs, "globs"));
  if (compiled_->expressions.all.size() > kMaxExpressions)
    failures.push_back(too_many(compiled_->expressions, kMaxExpressions, "regular expressions"));
  if (!failures.empty()) return failures;
  failures = compiled_->compile_literals(cache);
  for (Failure& failure : compiled_->compile_expressions(cache)) failures.push_back(std::move(failure));
  compiled_->globs.index.clear();
  compiled_->expressions.index.clear();
  return failures;
}

bool PatternSet::empty() const { return compiled_->globs.all.empty() && compiled_->expressions.all.empty(); }

PatternSet::Scratch::Scratch() = default;
PatternSet::Scratch::~Scratch() { hs_free_scratch(static_cast<hs_scratch_t*>(scratch_)); }
PatternSet::Scratch::Scratch(Scratch&& from) noexcept : scratch_(std::exchange(from.scratch_, nullptr)) {}
PatternSet::Scratch& PatternSet::Scratch::operator=(Scratch&& from) noexcept {
  std::swap(scratch_, from.scratch_);
  return *this;
}

bool PatternSet::fit(Scratch& scratch) const {
  auto* held = static_cast<hs_scratch_t*>(scratch.scratch_);
  bool fits = true;
  for (const Database* database : {&compiled_->literal_database, &compiled_->expression_database})
    if (*database != nullptr) fits = fits && hs_alloc_scratch(database->get(), &held) == HS_SUCCESS;
  scratch.scratch_ = held;
  return fits;
}

void PatternSet::scan(std::string_view text, Scratch& scratch, Found found, void* context) const noexcept {
  const Compiled& compiled = *compiled_;
  auto* held = static_cast<hs_scratch_t*>(scratch.scratch_);
  // Hyperscan refuses a null pointer even for an empty text.
  const char* data = text.empty() ? "" : text.data();
  const auto size = static_cast<unsigned>(text.size());
  for (const std::size_t glob : compiled.starry) report(compiled.globs.all[glob], found, context);
  if (compiled.literal_database != nullptr) {
    GlobScan state{compiled.literals, compiled.globs.all, text, found, context};
    hs_scan(compiled.literal_database.get(), data, size, 0, held, on_literal, &state);
  }
  if (compiled.expression_database != nullptr) {
    ExpressionScan state{compiled.expressions.all, found, context};
    hs_scan(compiled.expression_database.get(), data, size, 0, held, on_expression, &state);
  }
}

std::size_t PatternSet::memory() const {
  std::size_t total = 0;
  for (const Database* database : {&compiled_->literal_database, &compiled_->expression_database}) {
    std::size_t size = 0;
    if (*database != nullptr && hs_database_size(database->get(), &size) == HS_SUCCESS) total += size;
  }
  for (const Pattern& glob : compiled_->globs.all) total += sizeof(Pattern) + glob.text.size();
  return total;
}

bool glob_fits(std::string_view glob, std::string_view text) noexcept {
  std::size_t at = 0;    // in glob
  std::size_t read = 0;  // in text
  std::size_t star = std::string_view::npos;
  std::size_t retry = 0;  // where the run of the last star ends so far
  while (read < text.size()) {
    if (at < glob.size() && glob[at] == '*') {
      star = at++;
      retry = read;
    } else if (at < glob.size() && glob[at] == text[read]) {
      ++at;
      ++read;
    } else if (star != std::string_view::npos) {
      // An earlier star never needs to be tried again: the latest one can take whatever it could.
      at = star + 1;
      read = ++retry;
    } else {
      return false;
    }
  }
  while (at < glob.size() && glob[at] == '*') ++at;
  return at == glob.size();
}

std::string_view longest_literal(std::string_view glob) noexcept {
  std::string_view best;
  while (!glob.empty()) {
    const std::size_t end = std::min(glob.find('*'), glob.size());
    if (end > best.size()) best = glob.substr(0, end);
    glob.remove_prefix(std::min(end + 1, glob.size()));
  }
  return best;
}

std::string hyperscan_version() { return hs_version(); }

}  // namespace slowlane

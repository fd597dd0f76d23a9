#include <algorithm>
#include <array>
#include <memory>
#include <numeric>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "control/bench_box.h"
#include "control/bench_cases.h"
#include "control/failure.h"
#include "control/load_rules.h"
#include "dataplane/hello.h"
#include "rules/load.h"

// Reading hellos, and judging names by books of many sizes.

namespace slowlane::bench {
namespace {

constexpr std::size_t kQueries = 16384;
constexpr std::size_t kPasses = 16;

std::uint64_t mix(std::uint64_t x) noexcept {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

// A made-up second-level label that no other number has.
std::string label(std::uint64_t number) {
  std::string text = "n" + std::to_string(number);
  for (std::uint64_t rest = mix(number + 1); text.size() < 14; rest /= 26) text += static_cast<char>('a' + rest % 26);
  return text;
}
std::string query(std::uint64_t number) { return "www." + label(number) + ".example"; }

using Pattern = std::string (*)(std::uint64_t number);
std::string host_pattern(std::uint64_t number) {
  return number % 2 == 0 ? "." + label(number) + ".example" : query(number);
}
std::string glob_pattern(std::uint64_t number) { return "w*" + label(number) + "*.example"; }
std::string regex_pattern(std::uint64_t number) { return "/^www\\." + label(number) + "\\.[a-z]+$/"; }

constexpr const char* kBook = R"(book = "bench";
classes = ( { name = "slow"; police = { rate = "1mbit"; scope = "flow"; }; } );
lists = ( { name = "many"; file = "many.txt"; } );
rules = ( { name = "many"; when = { host_list = ["many"]; }; then = "slow"; } );
)";

struct Loaded {
  std::unique_ptr<const RuleSet> rules;
  std::string refused;  // why there are none
  double load_ms = 0;
  double compile_ms = 0;
};

Loaded load(const BookFile& file) {
  Loaded out;
  std::unique_ptr<Result<Book>> book;
  out.load_ms = nanoseconds([&] { book = std::make_unique<Result<Book>>(load_book(file.path())); }) / 1e6;
  if (!*book) return {nullptr, book->diagnostics().front().text, 0, 0};
  out.compile_ms = nanoseconds([&] {
                     auto rules = RuleSet::compile(std::move(**book), {});
                     if (rules)
                       out.rules = std::move(*rules);
                     else
                       out.refused = rules.diagnostics().front().text;
                   }) /
                   1e6;
  return out;
}

// Nanoseconds for each of the names; half of them are in the book. Judging is what a flow's name costs once.
class Judging {
 public:
  Judging(const RuleSet& rules, std::uint64_t patterns) : rules_(rules), scratch_(rules.make_scratch()) {
    for (std::uint64_t i = 0; i < kQueries; ++i)
      names_.push_back(query(i % 2 == 0 ? mix(i) % patterns : patterns + mix(i) % 1'000'000));
  }
  double run() {
    std::uint64_t matched = 0;
    const double time = nanoseconds([&] {
      for (std::size_t pass = 0; pass < kPasses; ++pass)
        for (const std::string& name : names_) matched += judge(name) == kPass ? 0 : 1;
    });
    if (matched < kPasses * kQueries / 2) throw Failure(Exit::machine, "the bench's book does not match its own names");
    return time / (kPasses * kQueries);
  }

 private:
  ClassId judge(const std::string& text) {
    const HostName name{text, NameSource::tls};
    Facts facts;
    facts.transport = 6;
    facts.server_port = 443;
    facts.names = {&name, 1};
    facts.more_names = false;
    return rules_.judge(facts, *scratch_).cls;
  }

  const RuleSet& rules_;
  RuleSet::ScratchPtr scratch_;
  std::vector<std::string> names_;
};

// One access to a random place of so many bytes, each after the one before.
class Chase {
 public:
  explicit Chase(std::size_t bytes) : next_(std::max<std::size_t>(64, bytes / sizeof(std::uint32_t))) {
    // A single cycle through the first word of every cache line (Sattolo).
    const std::size_t lines = next_.size() / kWords;
    for (std::size_t i = 0; i < lines; ++i) next_[i * kWords] = static_cast<std::uint32_t>(i * kWords);
    for (std::size_t i = lines - 1; i > 0; --i) std::swap(next_[i * kWords], next_[mix(i) % i * kWords]);
  }
  double run() {
    constexpr std::size_t kSteps = 200'000;
    const double time = nanoseconds([&] {
      for (std::size_t i = 0; i < kSteps; ++i) at_ = next_[at_];
    });
    return time / kSteps + (at_ == 1 ? 1 : 0);
  }

 private:
  static constexpr std::size_t kWords = 16;
  std::vector<std::uint32_t> next_;
  std::uint32_t at_ = 0;
};

void judge_figures(const Settings& settings, const std::string& name, std::uint64_t count, const BookFile& file,
                   std::vector<Figure>& out) {
  std::vector<double> load_ms;
  std::vector<double> compile_ms;
  Loaded loaded;
  const int rounds = settings.quick || count >= 1'000'000 ? 1 : std::min(settings.rounds, 3);
  for (int round = 0; round < rounds; ++round) {
    loaded = Loaded{};
    loaded = load(file);
    load_ms.push_back(loaded.load_ms);
    compile_ms.push_back(loaded.compile_ms);
    if (loaded.compile_ms > 5000) break;
  }
  if (!loaded.rules) {
    out.push_back({name + ": refused: " + loaded.refused, "", {}, {}});
    return;
  }
  BookFile small_file(kBook);
  small_file.add("many.txt", host_pattern(0) + "\n");
  const Loaded small = load(small_file);
  Judging judging(*loaded.rules, count);
  Judging one_name(*small.rules, 1);
  Chase chase(loaded.rules->memory());
  const auto spreads = in_turn(
      settings.rounds, {[&] { return judging.run(); }, [&] { return one_name.run(); }, [&] { return chase.run(); }});
  out.push_back(
      {name + ": judge", "ns/name", spreads[0], {{"one name in the book", spreads[1]}, {"one access", spreads[2]}}});
  out.push_back({name + ": load", "ms", spread_of(load_ms), {}});
  out.push_back({name + ": compile", "ms", spread_of(compile_ms), {}});
  const auto bytes = static_cast<double>(loaded.rules->memory());
  out.push_back({name + ": memory", "kB", {bytes / 1e3, bytes / 1e3, bytes / 1e3}, {}});
}

std::vector<Figure> books(const Settings& settings, const char* what, Pattern pattern, std::uint64_t most) {
  std::vector<Figure> figures;
  for (std::uint64_t count = 10; count <= most; count *= 10) {
    std::string list;
    for (std::uint64_t i = 0; i < count; ++i) list += pattern(i) + "\n";
    BookFile file(kBook);
    file.add("many.txt", list);
    judge_figures(settings, short_count(count) + " " + what, count, file, figures);
  }
  return figures;
}

}  // namespace

std::vector<Figure> run_hello(const Settings& settings, PacketPool&) {
  std::vector<Figure> figures;
  for (const std::size_t size : {std::size_t{512}, std::size_t{1750}}) {
    const Bytes hello = client_hello("www.bench.example", size);
    std::size_t seen = 0;
    constexpr int kTimes = 300'000;
    const auto read = [&] {
      return nanoseconds([&] {
               for (int i = 0; i < kTimes; ++i) seen += read_hello(hello).server_name.size();
             }) /
             kTimes;
    };
    const auto touch = [&] {
      return nanoseconds([&] {
               for (int i = 0; i < kTimes; ++i)
                 for (std::size_t at = 0; at < hello.size(); at += 64) {
                   const volatile std::uint8_t* byte = &hello[at];
                   seen += *byte;
                 }
             }) /
             kTimes;
    };
    const auto spreads = in_turn(settings.rounds, {read, touch});
    if (seen == 0) throw Failure(Exit::machine, "the bench's own hello could not be read");
    figures.push_back(
        {"read a hello of " + std::to_string(size) + " B", "ns", spreads[0], {{"touch its lines", spreads[1]}}});
  }
  return figures;
}

std::vector<Figure> run_hosts(const Settings& settings, PacketPool&) {
  return books(settings, "host names", host_pattern, settings.quick ? 100'000 : 1'000'000);
}
std::vector<Figure> run_globs(const Settings& settings, PacketPool&) {
  return books(settings, "globs", glob_pattern, settings.quick ? 1000 : 10'000);
}
std::vector<Figure> run_regexes(const Settings& settings, PacketPool&) {
  return books(settings, "regexes", regex_pattern, settings.quick ? 1000 : 10'000);
}

}  // namespace slowlane::bench

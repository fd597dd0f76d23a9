#include "rules/lint.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <tuple>
#include <unordered_set>

#include "rules/lint_hosts.h"
#include "rules/lint_rules.h"
#include "rules/treatments.h"
#include "rules/units.h"

namespace slowlane {
namespace {

// Four packets of the usual MTU. Under it a TCP flow gets less than half of the rate (measured, contract §2 `burst`).
constexpr std::uint64_t kSmallBurst = 4 * 1500;

Diagnostics lint_classes(const Book& book) {
  std::unordered_set<std::string_view> used{book.otherwise};
  for (const Rule& rule : book.rules) used.insert(rule.then);
  Diagnostics out;
  for (const ClassSpec& spec : book.classes) {
    const auto say = [&](std::string text) {
      out.push_back({spec.place.file, spec.place.line, "class \"" + spec.name + "\" " + std::move(text)});
    };
    if (!used.contains(spec.name)) say("is never used");
    const auto small = [&](const char* treatment, std::uint64_t burst) {
      if (burst < kSmallBurst)
        say("has a " + std::string(treatment) + " burst of " + print_size(burst) + ": under " +
            print_size(kSmallBurst) + " (4 MTU) TCP flows get less than half of the rate");
    };
    if (spec.police) small("police", spec.police->burst);
    // A shaper's queue makes up for a small burst; its own default is under the mark at low rates.
    if (spec.shape && spec.shape->burst != default_shape_burst(spec.shape->rate)) small("shape", spec.shape->burst);
  }
  return out;
}

// By file in reading order, then by line.
void sort(const Book& book, Diagnostics& diagnostics) {
  const auto rank = [&](const Diagnostic& one) {
    const auto at = std::find(book.files.begin(), book.files.end(), one.file);
    return std::tuple(at - book.files.begin(), one.line);
  };
  std::stable_sort(diagnostics.begin(), diagnostics.end(),
                   [&](const Diagnostic& a, const Diagnostic& b) { return rank(a) < rank(b); });
}

// Two parts may find the same rule dead: once is enough.
void say_once(Diagnostics& diagnostics) {
  std::unordered_set<std::string> dead;
  std::erase_if(diagnostics, [&](const Diagnostic& one) {
    const std::size_t end = one.text.find(" can never match");
    return end != std::string::npos && !dead.insert(one.text.substr(0, end)).second;
  });
}

}  // namespace

Diagnostics lint(const Book& book, const Dictionary& dictionary) {
  Diagnostics all;
  for (const Diagnostics& part : {lint_classes(book), lint_globs(book), lint_duplicates(book), lint_shadows(book),
                                  lint_delays(book), lint_protocols(book, dictionary)})
    all.insert(all.end(), part.begin(), part.end());
  say_once(all);
  sort(book, all);
  return all;
}

}  // namespace slowlane

#include "rules/suggest.h"

#include <algorithm>
#include <vector>

namespace slowlane {
namespace {

constexpr std::size_t kLongest = 64;  // longer words are no typing errors

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Letters to change, add, leave out or swap with their neighbour to make one word of the other (optimal string
// alignment distance).
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1);
  std::vector<std::size_t> above(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::swap(before, above);
    std::swap(above, row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = lower(a[i - 1]) == lower(b[j - 1]);
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (same ? 0 : 1)});
      const bool swapped = i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]);
      if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
    }
  }
  return row[b.size()];
}

}  // namespace

std::string_view nearest(std::string_view word, std::span<const std::string_view> allowed) {
  std::string_view best;
  std::size_t best_distance = kLongest;
  if (word.empty() || word.size() > kLongest) return best;
  for (const std::string_view candidate : allowed) {
    if (candidate.size() > kLongest) continue;
    // A third of the letters may be wrong; a word that goes on where the other ends is near too.
    const std::size_t limit = std::max<std::size_t>(1, std::max(word.size(), candidate.size()) / 3);
    const std::size_t apart = distance(word, candidate);
    if (apart <= limit && apart < best_distance && apart < candidate.size()) {
      best = candidate;
      best_distance = apart;
    }
  }
  if (!best.empty() || word.size() < 3) return best;
  for (const std::string_view candidate : allowed)
    if (candidate.starts_with(word) || (candidate.size() >= 3 && word.starts_with(candidate))) return candidate;
  return best;
}

std::string did_you_mean(std::string_view word, std::span<const std::string_view> allowed) {
  const std::string_view best = nearest(word, allowed);
  return best.empty() ? "" : "; did you mean \"" + std::string(best) + "\"?";
}

std::string one_of(std::span<const std::string_view> allowed) {
  std::string out;
  for (std::size_t i = 0; i < allowed.size(); ++i) {
    if (i > 0) out += i + 1 == allowed.size() ? " or " : ", ";
    out += allowed[i];
  }
  return out;
}

}  // namespace slowlane

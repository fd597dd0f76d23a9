#include "rules/units.h"

#include <array>
#include <limits>
#include <optional>
#include <span>
#include <utility>

namespace slowlane {
namespace {

using Wide = unsigned __int128;

struct Unit {
  std::string_view name;
  std::uint64_t scale;
};

constexpr std::array<Unit, 4> kRates{{{"gbit", 1'000'000'000}, {"mbit", 1'000'000}, {"kbit", 1'000}, {"bit", 1}}};
constexpr std::array<Unit, 7> kSizes{{{"GiB", 1ull << 30},
                                      {"GB", 1'000'000'000},
                                      {"MiB", 1ull << 20},
                                      {"MB", 1'000'000},
                                      {"KiB", 1ull << 10},
                                      {"kB", 1'000},
                                      {"B", 1}}};
constexpr std::array<Unit, 6> kTimes{{{"h", 3'600'000'000'000},
                                      {"min", 60'000'000'000},
                                      {"s", 1'000'000'000},
                                      {"ms", 1'000'000},
                                      {"us", 1'000},
                                      {"ns", 1}}};

// The bucket's arithmetic ends at 2^40 bit/s; sizes and times leave room for a sum in 64 bits.
constexpr std::uint64_t kMaxRate = 1ull << 40;
constexpr std::uint64_t kMaxSize = 1ull << 60;
constexpr std::uint64_t kMaxTime = 1ull << 62;

constexpr std::size_t kMostDigits = 19;  // what 64 bits surely hold

// A decimal number as digits without the point; value = digits / 10^decimals.
struct Decimal {
  std::uint64_t digits = 0;
  unsigned decimals = 0;
};
struct Quantity {
  Decimal number;
  std::string_view unit;
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// "2.5 mbit" in number and unit; nothing where it does not begin with a number of at most 19 digits.
std::optional<Quantity> split(std::string_view text) {
  text = trim(text);
  Quantity out;
  std::size_t at = 0;
  std::size_t digits = 0;
  bool point = false;
  for (; at < text.size() && (is_digit(text[at]) || (text[at] == '.' && !point)); ++at) {
    if (text[at] == '.') {
      point = true;
      continue;
    }
    if (++digits > kMostDigits) return std::nullopt;
    out.number.digits = out.number.digits * 10 + static_cast<std::uint64_t>(text[at] - '0');
    if (point) ++out.number.decimals;
  }
  if (digits == 0) return std::nullopt;
  out.unit = trim(text.substr(at));
  return out;
}

Wide power_of_ten(unsigned exponent) {
  Wide out = 1;
  while (exponent-- > 0) out *= 10;
  return out;
}

// Rounded to the nearest whole; at most 10^19 * 2^42, which 128 bits hold.
Wide times(const Decimal& number, std::uint64_t scale) {
  const Wide divisor = power_of_ten(number.decimals);
  return (Wide{number.digits} * scale + divisor / 2) / divisor;
}

std::optional<std::uint64_t> scale_of(std::span<const Unit> units, std::string_view name) {
  for (const Unit& unit : units)
    if (unit.name == name) return unit.scale;
  return std::nullopt;
}

// What a one-letter prefix means, decimal: "", "k", "m", "g".
std::optional<std::uint64_t> prefix_scale(std::string_view prefix) {
  if (prefix.empty()) return 1;
  if (prefix == "k") return 1'000;
  if (prefix == "m") return 1'000'000;
  if (prefix == "g") return 1'000'000'000;
  return std::nullopt;
}

std::optional<std::uint64_t> fitting(Wide value, std::uint64_t most) {
  if (value > most) return std::nullopt;
  return static_cast<std::uint64_t>(value);
}

std::string two_readings(std::string_view text, const std::string& one, const std::string& other) {
  return quoted(text) + " can be read in two ways: " + one + " or " + other;
}

// "kbps", "Mb", "k" and no unit at all: bits or bytes per second, which differ eightfold.
std::optional<std::string> rate_doubt(std::string_view text, const Quantity& read) {
  std::string unit = lower(read.unit);
  const bool bytes = unit.find("byte") != std::string::npos || read.unit.find('B') != std::string_view::npos;
  const std::string prefix = !unit.empty() && unit.front() != 'b' ? unit.substr(0, 1) : "";
  unit.erase(0, prefix.size());
  if (unit.starts_with("i")) unit.erase(0, 1);
  constexpr std::array<std::string_view, 8> kDoubtful{"", "b", "bps", "b/s", "byte", "bytes", "byte/s", "bytes/s"};
  bool doubtful = false;
  for (const std::string_view name : kDoubtful) doubtful = doubtful || unit == name;
  const auto scale = prefix_scale(prefix);
  if (!doubtful || !scale) return std::nullopt;
  const auto bits = fitting(times(read.number, *scale), kMaxRate);
  const auto octets = fitting(times(read.number, *scale * 8), kMaxRate);
  if (!bits || !octets) return std::nullopt;
  const std::string as_bits = quoted(print_rate(*bits)) + " (bits)";
  const std::string as_bytes = quoted(print_rate(*octets)) + " (bytes per second)";
  return bytes ? two_readings(text, as_bytes, as_bits) : two_readings(text, as_bits, as_bytes);
}

// "kb", "KB", "k", no unit: bytes by 1000 or by 1024, or bits.
std::optional<std::string> size_doubt(std::string_view text, const Quantity& read) {
  const std::string unit = lower(read.unit);
  if (unit.empty()) {
    const auto bytes = fitting(times(read.number, 1), kMaxSize);
    const auto kilo = fitting(times(read.number, 1024), kMaxSize);
    if (!bytes || !kilo) return std::nullopt;
    return two_readings(text, quoted(std::to_string(*bytes) + "B"), quoted(std::to_string(*bytes) + "KiB"));
  }
  const auto scale = prefix_scale(unit == "b" ? "" : std::string_view(unit).substr(0, 1));
  const std::string_view rest = std::string_view(unit).substr(unit == "b" ? 0 : 1);
  const bool bits = rest == "bit" || unit == "bit";
  if (!scale || !(rest.empty() || rest == "b" || bits)) return std::nullopt;
  const auto bytes = fitting(times(read.number, *scale), kMaxSize);
  if (!bytes) return std::nullopt;
  const std::string by_eight = quoted(print_size(*bytes / 8)) + " (bits)";
  if (unit == "b" || bits) return two_readings(text, quoted(print_size(*bytes)) + " (bytes)", by_eight);
  const std::uint64_t binary = *scale == 1'000 ? 1ull << 10 : *scale == 1'000'000 ? 1ull << 20 : 1ull << 30;
  const auto by_1024 = fitting(times(read.number, binary), kMaxSize);
  if (!by_1024) return std::nullopt;
  return two_readings(text, quoted(print_size(*bytes)), quoted(print_size(*by_1024)));
}

std::optional<std::string> time_doubt(std::string_view text, const Quantity& read) {
  if (!read.unit.empty() && read.unit != "m" && read.unit != "M") return std::nullopt;
  const std::string number(trim(trim(text).substr(0, trim(text).size() - read.unit.size())));
  return two_readings(text, quoted(number + (read.unit.empty() ? "s" : "min")), quoted(number + "ms"));
}

// The shortest of all decimal spellings; of equally short ones a whole number, then the greater unit.
std::string print_in(std::span<const Unit> units, std::uint64_t value) {
  std::string best;
  bool best_whole = false;
  for (const Unit& unit : units) {
    std::string text = std::to_string(value / unit.scale);
    Wide rest = value % unit.scale;
    const bool whole = rest == 0;
    if (!whole) text += '.';
    for (; rest != 0 && text.size() < 32; rest = rest * 10 % unit.scale)
      text += static_cast<char>('0' + static_cast<int>(rest * 10 / unit.scale));
    text += unit.name;
    // A spelling cut off, or of more digits than the parser takes, is no spelling.
    if (!whole && (rest != 0 || text.size() - unit.name.size() > kMostDigits + 1)) continue;
    if (value == 0 && unit.scale != 1) continue;
    if (best.empty() || text.size() < best.size() || (text.size() == best.size() && whole && !best_whole)) {
      best = std::move(text);
      best_whole = whole;
    }
  }
  return best;
}

}  // namespace

ParsedRate parse_rate(std::string_view text) {
  constexpr std::string_view kAllowed =
      R"(: a rate is a number with bit, kbit, mbit or gbit (per second), e.g. "140kbit")";
  const auto read = split(text);
  if (!read) return quoted(text) + " is no rate" + std::string(kAllowed);
  std::string unit = lower(read->unit);
  if (unit.ends_with("bit/s")) unit.resize(unit.size() - 2);
  // Case says nothing in "Mbit"; it is bits either way.
  if (const auto scale = scale_of(kRates, unit)) {
    const auto value = fitting(times(read->number, *scale), kMaxRate);
    if (!value) return quoted(text) + " is too fast: at most " + quoted(print_rate(kMaxRate));
    if (*value == 0) return quoted(text) + " lets nothing pass: a rate is at least 1 bit per second (use drop)";
    return *value;
  }
  if (auto doubt = rate_doubt(text, *read)) return *std::move(doubt);
  return quoted(text) + " has no unit of a rate" + std::string(kAllowed);
}

ParsedSize parse_size(std::string_view text) {
  constexpr std::string_view kAllowed = R"(: a size is a number with B, kB, MB, GB, KiB, MiB or GiB, e.g. "16KiB")";
  const auto read = split(text);
  if (!read) return quoted(text) + " is no size" + std::string(kAllowed);
  // "kib" is 1024 bytes however it is written; only the letters without an i are ambiguous.
  const bool binary = read->unit.size() == 3 && lower(read->unit).ends_with("ib");
  const std::string unit =
      binary ? std::string{static_cast<char>(read->unit[0] & ~0x20), 'i', 'B'} : std::string(read->unit);
  if (const auto scale = scale_of(kSizes, unit)) {
    const auto value = fitting(times(read->number, *scale), kMaxSize);
    if (!value) return quoted(text) + " is too large: at most " + quoted(print_size(kMaxSize));
    return *value;
  }
  if (auto doubt = size_doubt(text, *read)) return *std::move(doubt);
  return quoted(text) + " has no unit of a size" + std::string(kAllowed);
}

ParsedTime parse_time(std::string_view text) {
  constexpr std::string_view kAllowed = R"(: a time is a number with ns, us, ms, s, min or h, e.g. "600s")";
  const auto read = split(text);
  if (!read) return quoted(text) + " is no time" + std::string(kAllowed);
  if (const auto scale = scale_of(kTimes, read->unit)) {
    const auto value = fitting(times(read->number, *scale), kMaxTime);
    if (!value) return quoted(text) + " is too long: at most " + quoted(print_time(Nanos{1} << 62));
    return static_cast<Nanos>(*value);
  }
  if (auto doubt = time_doubt(text, *read)) return *std::move(doubt);
  return quoted(text) + " has no unit of a time" + std::string(kAllowed);
}

ParsedShare parse_share(std::string_view text) {
  const auto read = split(text);
  if (!read || (!read->unit.empty() && read->unit != "%")) return quoted(text) + R"( is no share: write "5%" or 0.05)";
  const double divisor = static_cast<double>(power_of_ten(read->number.decimals + (read->unit == "%" ? 2 : 0)));
  const double share = static_cast<double>(read->number.digits) / divisor;
  if (share <= 1) return share;
  const std::string percent =
      read->unit.empty() && share <= 100 ? "; did you mean " + quoted(std::string(trim(text)) + "%") + "?" : "";
  return quoted(text) + " is more than the whole: a share is 0 to 1, or 0% to 100%" + percent;
}

std::string print_rate(std::uint64_t bits_per_second) { return print_in(kRates, bits_per_second); }

std::string print_size(std::uint64_t bytes) { return print_in(kSizes, bytes); }

std::string print_time(Nanos time) {
  // Negated as unsigned, which holds for the smallest number too.
  if (time < 0) return "-" + print_in(kTimes, ~static_cast<std::uint64_t>(time) + 1);
  return print_in(kTimes, static_cast<std::uint64_t>(time));
}

}  // namespace slowlane

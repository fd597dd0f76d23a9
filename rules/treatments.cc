#include "rules/treatments.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <string>
#include <utility>

#include "rules/fields.h"
#include "rules/suggest.h"

namespace slowlane {
namespace {

constexpr std::uint64_t kMtu = 1500;
constexpr std::uint64_t kDelayQueue = 16ull << 20;
constexpr std::uint64_t kMost32 = std::numeric_limits<std::uint32_t>::max();
// What the words of a bucket hold: a full one may take this long to fill (dataplane/bucket.h).
constexpr std::uint64_t kLongestFill = 1ull << 52;

Directions direction_of(Fields& fields, Directions usual) {
  return fields
      .word<Directions>("direction", {{"each", Directions::each},
                                      {"shared", Directions::shared},
                                      {"up", Directions::up},
                                      {"down", Directions::down}})
      .value_or(usual);
}

Scope scope_of(Fields& fields) {
  fields.require("scope", R"(scope = "flow", "host" or "class")");
  return fields.word<Scope>("scope", {{"flow", Scope::flow}, {"host", Scope::host}, {"class", Scope::cls}})
      .value_or(Scope::flow);
}

std::uint8_t scope_prefix6_of(Fields& fields) {
  return static_cast<std::uint8_t>(fields.number("scope_prefix6", 1, 128).value_or(64));
}

std::uint64_t rate_of(Fields& fields) {
  fields.require("rate", R"(rate = "140kbit")");
  return fields.rate("rate").value_or(1'000'000'000);
}

// A size that must not be nothing.
std::uint64_t size_of(Fields& fields, std::string_view name, std::uint64_t usual) {
  const auto size = fields.size(name);
  if (size && *size == 0) fields.add(std::string(name) + " must be more than 0");
  return size.value_or(usual);
}

void check_burst(Fields& fields, std::uint64_t rate, std::uint64_t burst) {
  using Wide = unsigned __int128;
  if (Wide{burst} * 8 * static_cast<std::uint64_t>(kSecond) / rate <= kLongestFill) return;
  const std::uint64_t most =
      static_cast<std::uint64_t>(Wide{kLongestFill} * rate / 8 / static_cast<std::uint64_t>(kSecond));
  fields.add("a burst of \"" + print_size(burst) + "\" takes more than 52 days to refill at \"" + print_rate(rate) +
             "\"; at this rate it is at most \"" + print_size(most) + "\"");
}

struct Holding {
  std::optional<Nanos> hold;
  Restart restart = Restart::never;
};

Holding holding_of(Fields& fields) {
  Holding out;
  out.hold = fields.time("hold");
  if (out.hold && *out.hold == 0)
    fields.add("hold must be more than 0; leave it out to hold as long as the flow lasts");
  out.restart =
      fields
          .word<Restart>("restart",
                         {{"never", Restart::never}, {"trigger", Restart::trigger}, {"packet", Restart::packet}})
          .value_or(out.restart);
  if (out.restart != Restart::never && fields.find("hold") == nullptr)
    fields.add("restart says when hold starts again, but there is no hold; write hold = \"60s\"");
  return out;
}

Result<Treatment> read_mark(const Node& options) {
  // RFC 2474 (class selectors), 2597 (assured), 3246 (expedited), 5865 (voice admit), 8622 (lower effort).
  static constexpr std::array<std::pair<std::string_view, std::uint8_t>, 23> kNames{
      {{"cs0", 0},   {"cs1", 8},   {"cs2", 16},  {"cs3", 24},  {"cs4", 32},  {"cs5", 40},  {"cs6", 48},  {"cs7", 56},
       {"af11", 10}, {"af12", 12}, {"af13", 14}, {"af21", 18}, {"af22", 20}, {"af23", 22}, {"af31", 26}, {"af32", 28},
       {"af33", 30}, {"af41", 34}, {"af42", 36}, {"af43", 38}, {"ef", 46},   {"va", 44},   {"le", 1}}};
  Fields fields(options, "mark");
  fields.require("dscp", R"(dscp = "cs1" or a number from 0 to 63)");
  Mark out;
  const auto dscp = fields.with("dscp", [](const Node& node) -> Result<std::uint64_t> {
    if (node.kind != Node::Kind::text) return read_number(node, 0, 63);
    std::vector<std::string_view> words;
    words.reserve(kNames.size());
    for (const auto& [name, value] : kNames) words.push_back(name);
    const auto index = read_word(node, words);
    if (!index) return mistake(node, index.diagnostics().front().text + "; or a number from 0 to 63");
    return std::uint64_t{kNames[*index].second};
  });
  out.dscp = static_cast<std::uint8_t>(dscp.value_or(0));
  out.direction = direction_of(fields, out.direction);
  return fields.finish<Treatment>(out);
}

Result<Treatment> read_allow(const Node& options) {
  Fields fields(options, "allow");
  Allow out;
  out.bytes = fields.size("bytes");
  out.packets = fields.number("packets", 0, kMost32);
  if (options.kind == Node::Kind::group && !options.child("bytes") && !options.child("packets"))
    fields.add(R"(a budget is missing; write bytes = "16KiB", packets = 10 or both)");
  const Holding holding = holding_of(fields);
  out.hold = holding.hold;
  out.restart = holding.restart;
  out.direction = direction_of(fields, out.direction);
  return fields.finish<Treatment>(out);
}

Result<Treatment> read_drop(const Node& options) {
  Fields fields(options, "drop");
  Drop out;
  if (const auto after = fields.with("after_packets", [](const Node& node) { return read_range(node, 0, kMost32); })) {
    out.after_min = static_cast<std::uint32_t>(after->first);
    out.after_max = static_cast<std::uint32_t>(after->last);
    out.counts_trigger = false;
  }
  const Holding holding = holding_of(fields);
  out.hold = holding.hold;
  out.restart = holding.restart;
  out.direction = direction_of(fields, out.direction);
  return fields.finish<Treatment>(out);
}

Result<Treatment> read_reset(const Node& options) {
  Fields fields(options, "reset");
  Reset out;
  const Holding holding = holding_of(fields);
  out.hold = holding.hold;
  out.restart = holding.restart;
  out.direction = direction_of(fields, out.direction);
  return fields.finish<Treatment>(out);
}

Result<Treatment> read_lose(const Node& options) {
  Fields fields(options, "lose");
  fields.require("share", R"(share = 0.05 or "5%")");
  Lose out;
  out.share = fields.share("share").value_or(0);
  out.direction = direction_of(fields, out.direction);
  return fields.finish<Treatment>(out);
}

Result<Treatment> read_police(const Node& options) {
  Fields fields(options, "police");
  Police out;
  out.rate = rate_of(fields);
  out.burst = size_of(fields, "burst", default_police_burst(out.rate));
  check_burst(fields, out.rate, out.burst);
  out.scope = scope_of(fields);
  out.scope_prefix6 = scope_prefix6_of(fields);
  out.direction = direction_of(fields, out.direction);
  return fields.finish<Treatment>(out);
}

Result<Treatment> read_shape(const Node& options) {
  Fields fields(options, "shape");
  Shape out;
  out.rate = rate_of(fields);
  out.burst = size_of(fields, "burst", default_shape_burst(out.rate));
  check_burst(fields, out.rate, out.burst);
  out.queue_bytes = size_of(fields, "queue", default_queue_bytes(out.rate));
  out.queue_packets = static_cast<std::uint32_t>(
      fields.number("queue_packets", 1, kMost32).value_or(default_queue_packets(out.queue_bytes)));
  out.scope = scope_of(fields);
  out.scope_prefix6 = scope_prefix6_of(fields);
  out.direction = direction_of(fields, out.direction);
  return fields.finish<Treatment>(out);
}

Result<Treatment> read_delay(const Node& options) {
  Fields fields(options, "delay");
  fields.require("time", R"(time = "80ms")");
  Delay out;
  const auto time = fields.time("time");
  out.time = time.value_or(0);
  out.jitter = fields.time("jitter").value_or(0);
  if (time && out.jitter > out.time)
    fields.add("jitter \"" + print_time(out.jitter) + "\" is more than time \"" + print_time(out.time) +
               "\"; it goes both ways, and no packet leaves before it came");
  out.queue_bytes = size_of(fields, "queue", kDelayQueue);
  out.queue_packets = static_cast<std::uint32_t>(
      fields.number("queue_packets", 1, kMost32).value_or(default_queue_packets(out.queue_bytes)));
  out.direction = direction_of(fields, out.direction);
  return fields.finish<Treatment>(out);
}

constexpr std::array<TreatmentRow, 8> kTreatments{{
    {"mark", "dscp; direction", read_mark},
    {"allow", "bytes, packets; hold, restart, direction", read_allow},
    {"drop", "after_packets, hold, restart, direction", read_drop},
    {"reset", "hold, restart, direction", read_reset},
    {"lose", "share; direction", read_lose},
    {"police", "rate, scope; burst, scope_prefix6, direction", read_police},
    {"shape", "rate, scope; burst, queue, queue_packets, scope_prefix6, direction", read_shape},
    {"delay", "time; jitter, queue, queue_packets, direction", read_delay},
}};

// Puts a treatment in its place of the class.
struct Placer {
  ClassSpec& spec;
  void operator()(Mark value) { spec.mark = value; }
  void operator()(Allow value) { spec.allow = value; }
  void operator()(Drop value) { spec.drop = value; }
  void operator()(Reset value) { spec.reset = value; }
  void operator()(Lose value) { spec.lose = value; }
  void operator()(Police value) { spec.police = value; }
  void operator()(Shape value) { spec.shape = value; }
  void operator()(Delay value) { spec.delay = value; }
};

}  // namespace

std::span<const TreatmentRow> treatments() { return kTreatments; }

std::vector<std::string_view> treatment_names() {
  std::vector<std::string_view> out;
  out.reserve(std::size(kTreatments));
  for (const TreatmentRow& row : kTreatments) out.emplace_back(row.name);
  return out;
}

Result<ClassSpec> read_class(const Node& node) {
  Fields fields(node, "class");
  ClassSpec out;
  out.place = node.place;
  fields.require("name", "name = \"slow\"");
  out.name = fields.text("name").value_or("");
  if (out.name == "pass" || out.name == "pending") fields.add("\"" + out.name + "\" is built in; choose another name");
  if (!out.name.empty()) fields.call(out.name);
  bool treated = false;
  for (const TreatmentRow& row : kTreatments) {
    const Node* options = fields.find(row.name);
    if (options == nullptr) continue;
    treated = true;
    auto treatment = row.read(*options);
    if (treatment)
      std::visit(Placer{out}, *treatment);
    else
      fields.add_in(treatment.diagnostics());
  }
  // Where something unknown stands, a misspelt treatment is the likelier mistake and reported as such.
  const bool all_known = node.kind == Node::Kind::group && node.children.size() <= (node.child("name") ? 1u : 0u);
  if (!treated && all_known) fields.add("a treatment is missing; write one of " + one_of(treatment_names()));
  return fields.finish(std::move(out));
}

std::uint64_t default_police_burst(std::uint64_t rate) { return std::max<std::uint64_t>(6000, rate / 8 / 4); }

std::uint64_t default_shape_burst(std::uint64_t rate) { return std::max<std::uint64_t>(2 * kMtu, rate / 8 / 500); }

std::uint64_t default_queue_bytes(std::uint64_t rate) {
  return std::clamp<std::uint64_t>(rate / 8 / 4, 64ull << 10, 16ull << 20);
}

std::uint32_t default_queue_packets(std::uint64_t queue_bytes) {
  return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(queue_bytes / 512, 4096, kMost32));
}

}  // namespace slowlane

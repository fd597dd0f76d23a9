#include "control/views.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <cmath>
#include <ctime>
#include <nlohmann/json.hpp>

#include "control/run_summary.h"

namespace slowlane {
namespace {

using Json = nlohmann::ordered_json;

const char* word_of(Scope scope) {
  switch (scope) {
    case Scope::flow: return "flow";
    case Scope::host: return "host";
    case Scope::cls: break;
  }
  return "class";
}

const char* word_of(Mode mode) {
  switch (mode) {
    case Mode::enforce: return "enforce";
    case Mode::observe: return "observe";
    case Mode::off: break;
  }
  return "off";
}

const char* word_of(Directions direction) {
  switch (direction) {
    case Directions::each: return "each";
    case Directions::shared: return "shared";
    case Directions::up: return "up";
    case Directions::down: break;
  }
  return "down";
}

template <class Limit>
Json limit_view(const char* treatment, const Limit& limit) {
  return {{"treatment", treatment},     {"rate", print_rate(limit.rate)}, {"rate_bps", limit.rate},
          {"burst_bytes", limit.burst}, {"scope", word_of(limit.scope)},  {"direction", word_of(limit.direction)}};
}

Json limits_of(const ClassSpec& spec) {
  Json limits = Json::array();
  if (spec.police) limits.push_back(limit_view("police", *spec.police));
  if (spec.shape) limits.push_back(limit_view("shape", *spec.shape));
  return limits;
}

Json treatments_of(const ClassSpec& spec) {
  Json names = Json::array();
  const auto add = [&names](const auto& treatment, const char* name) {
    if (treatment) names.push_back(name);
  };
  add(spec.mark, "mark");
  add(spec.allow, "allow");
  add(spec.drop, "drop");
  add(spec.reset, "reset");
  add(spec.lose, "lose");
  add(spec.police, "police");
  add(spec.shape, "shape");
  add(spec.delay, "delay");
  return names;
}

Json rates_view(const Meters::Rates& rates) {
  const auto whole = [](double rate) { return static_cast<std::uint64_t>(std::llround(rate)); };
  return {{"offered_bps", whole(rates.offered_bps)},
          {"sent_bps", whole(rates.sent_bps)},
          {"dropped_bps", whole(rates.dropped_bps)}};
}

Json names_view(const std::vector<BusyName>& names) {
  Json all = Json::array();
  for (const BusyName& name : names) all.push_back({{"host", name.host}, {"flows", name.flows}, {"bytes", name.bytes}});
  return all;
}

Json direction_view(const ClassFigures& cls, Direction direction, const Meters& meters) {
  const DirectionFigures& figures = cls.direction[at(direction)];
  return {{"offered_packets", figures.offered_packets},
          {"offered_bytes", figures.offered_bytes},
          {"sent_packets", figures.sent_packets},
          {"sent_bytes", figures.sent_bytes},
          {"dropped_packets", figures.dropped_packets},
          {"dropped_bytes", figures.dropped_bytes},
          {"now", rates_view(meters.now(cls.name, direction))},
          {"minute", rates_view(meters.minute(cls.name, direction))}};
}

}  // namespace

std::string print_utc(Nanos time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(static_cast<std::time_t>(time / kSecond)));
}

Json classes_view(const BoxFigures& figures, const Meters& meters) {
  Json all = Json::array();
  for (std::size_t i = 0; i < figures.classes.size(); ++i) {
    const ClassFigures& cls = figures.classes[i];
    const ClassSpec& spec = figures.rules->classes()[i];
    const std::uint64_t rate = configured_rate(spec);
    all.push_back({{"name", cls.name},
                   {"does", i == kPending ? "pass while looked at" : describe(spec)},
                   {"treatments", treatments_of(spec)},
                   {"configured_bps", rate > 0 ? Json(rate) : Json(nullptr)},
                   {"limits", limits_of(spec)},
                   {"flows", cls.flows},
                   {"up", direction_view(cls, Direction::up, meters)},
                   {"down", direction_view(cls, Direction::down, meters)},
                   {"names", names_view(cls.names)}});
  }
  return all;
}

Json rules_view(const BoxFigures& figures, const Meters& meters) {
  Json all = Json::array();
  for (std::size_t i = 0; i < figures.rule_hits.size(); ++i) {
    const Rule& rule = figures.rules->rules()[i];
    const RuleFigures& counted = figures.rule_hits[i];
    const Nanos last = meters.last_hit(figures, static_cast<RuleId>(i));
    all.push_back({{"name", rule.name},
                   {"file", rule.place.file},
                   {"line", rule.place.line},
                   {"mode", word_of(rule.mode)},
                   {"class", rule.then},
                   {"hits", counted.hits},
                   {"bytes", counted.bytes},
                   {"would_drop_bytes", counted.would_drop_bytes},
                   {"last_hit", last == 0 ? Json(nullptr) : Json(print_utc(last))}});
  }
  return all;
}

}  // namespace slowlane

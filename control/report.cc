#include "control/report.h"

#include <nlohmann/json.hpp>

#include "control/flow_record.h"
#include "control/text.h"

namespace slowlane {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kNames = 1000;

std::uint64_t value(const RunSummary& run, Counter counter) { return run.counters[counter].read(); }

// {"NAME": n} of a row of counters, without zeros.
template <class Enum>
Json reasons(const Counters::Row<Enum>& row) {
  Json object = Json::object();
  for (std::size_t i = 0; i < row.size(); ++i)
    if (const std::uint64_t n = row[i].read(); n > 0) object[name_of(static_cast<Enum>(i))] = n;
  return object;
}

Json packets_part(const RunSummary& run) {
  return {{"received", value(run, Counter::received_packets)},
          {"sent", value(run, Counter::sent_packets)},
          {"held", run.held_packets},
          {"dropped", reasons<DropReason>(run.counters.dropped_packets)},
          {"made", 0}};
}

Json bytes_part(const RunSummary& run) {
  return {{"received", value(run, Counter::received_bytes)},
          {"sent", value(run, Counter::sent_bytes)},
          {"held", run.held_bytes},
          {"dropped", reasons<DropReason>(run.counters.dropped_bytes)},
          {"cut", value(run, Counter::cut_bytes)}};
}

Json not_found_part(const RunSummary& run) {
  Json object = reasons<NotFound>(run.counters.not_found);
  object.erase(name_of(NotFound::none));
  return object;
}

Json inputs_part(const RunSummary& run) {
  Json inputs = Json::array();
  for (const InputSummary& input : run.inputs)
    inputs.push_back({{"file", input.file},
                      {"sha256", input.sha256.empty() ? Json(nullptr) : Json(input.sha256)},
                      {"packets", input.packets}});
  return inputs;
}

Json direction_part(const ClassCounts& counts, const ClassTimes& times, Direction direction) {
  const std::size_t i = at(direction);
  return {{"offered_packets", counts.offered_packets[i].read()},
          {"offered_bytes", counts.offered_bytes[i].read()},
          {"sent_packets", counts.sent_packets[i].read()},
          {"sent_bytes", counts.sent_bytes[i].read()},
          {"dropped_packets", counts.dropped_packets[i].read()},
          {"dropped_bytes", counts.dropped_bytes[i].read()},
          {"sent_bps", times.sent_bps(direction)},
          {"peak_bps", times.sent_peak[i].peak_bps()},
          {"longest_gap_ms", to_milliseconds(times.longest_gap[i])}};
}

Json classes_part(const RunSummary& run) {
  Json classes = Json::array();
  for (std::size_t i = 0; i < run.rules.classes().size(); ++i) {
    const ClassSpec& spec = run.rules.classes()[i];
    const ClassTimes& times = run.times[i];
    const std::uint64_t rate = configured_rate(spec);
    classes.push_back({{"name", spec.name},
                       {"flows", run.classes[i].flows.read()},
                       {"does", describe(spec)},
                       {"configured_bps", rate > 0 ? Json(rate) : Json(nullptr)},
                       {"up", direction_part(run.classes[i], times, Direction::up)},
                       {"down", direction_part(run.classes[i], times, Direction::down)},
                       {"delay_ms",
                        {{"p50", to_milliseconds(times.delay.percentile(0.5))},
                         {"p99", to_milliseconds(times.delay.percentile(0.99))},
                         {"max", to_milliseconds(times.delay.max())}}}});
  }
  return classes;
}

const char* print_mode(Mode mode) {
  switch (mode) {
    case Mode::enforce: return "enforce";
    case Mode::observe: return "observe";
    case Mode::off: break;
  }
  return "off";
}

Json rules_part(const RunSummary& run) {
  Json rules = Json::array();
  for (std::size_t i = 0; i < run.rules.rules().size(); ++i) {
    const Rule& rule = run.rules.rules()[i];
    rules.push_back({{"name", rule.name},
                     {"file", rule.place.file},
                     {"line", rule.place.line},
                     {"mode", print_mode(rule.mode)},
                     {"class", rule.then},
                     {"hits", run.rule_counts[i].hits.read()},
                     {"bytes", run.rule_counts[i].bytes.read()},
                     {"would_drop_bytes", run.rule_counts[i].would_drop_bytes.read()}});
  }
  return rules;
}

Json names_part(const RunSummary& run) {
  Json names = Json::array();
  for (const NameTotals& name : run.names.most_affected(kNames))
    names.push_back({{"host", name.host},
                     {"flows", name.flows},
                     {"bytes", name.bytes},
                     {"class", shown_class(run.rules, name.cls)},
                     {"dropped_bytes", name.dropped_bytes},
                     {"delayed_packets", name.delayed_packets}});
  return names;
}

Json counters_part(const RunSummary& run) {
  Json all = Json::object();
  for (std::size_t i = 0; i < run.counters.plain.size(); ++i)
    all[name_of(static_cast<Counter>(i))] = run.counters.plain[i].read();
  return all;
}

}  // namespace

Json make_report(const RunSummary& run) {
  const double packets = static_cast<double>(value(run, Counter::received_packets));
  Json report;
  report["schema"] = 1;
  report["version"] = program_version();
  report["book"] = run.rules.book().name;
  report["book_file"] = run.book_file;
  report["book_digest"] = run.book_digest;
  report["seed"] = run.seed;
  report["open_loop"] = true;
  report["inputs"] = inputs_part(run);
  report["packets"] = packets_part(run);
  report["bytes"] = bytes_part(run);
  report["flows"] = value(run, Counter::flows_begun);
  report["unjudged_flows"] = value(run, Counter::unjudged_flows);
  report["frames_not_ip"] = value(run, Counter::not_ip);
  report["malformed"] = reasons<Malformed>(run.counters.malformed);
  report["not_found"] = not_found_part(run);
  report["classes"] = classes_part(run);
  report["rules"] = rules_part(run);
  report["names"] = names_part(run);
  report["names_exact"] = run.names.exact();
  report["counters"] = counters_part(run);
  report["seconds"] = {{"capture", static_cast<double>(run.capture_time) / kSecond}, {"wall", run.wall_seconds}};
  report["packets_per_second"] = run.wall_seconds > 0 ? packets / run.wall_seconds : 0;
  report["warnings"] = run.warnings;
  return report;
}

}  // namespace slowlane

#include "control/table.h"

#include <fmt/format.h>

#include "control/columns.h"
#include "control/flow_record.h"
#include "control/text.h"

namespace slowlane {
namespace {

using Align = Columns::Align;

constexpr std::size_t kNames = 10;

std::uint64_t value(const RunSummary& run, Counter counter) { return run.counters[counter].read(); }

std::string print_share(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0 || part == 0) return "0 %";
  const double percent = 100.0 * static_cast<double>(part) / static_cast<double>(whole);
  return percent < 0.1 ? "<0.1 %" : fmt::format("{:.1f} %", percent);
}

std::string print_head(const RunSummary& run) {
  std::string files;
  for (const InputSummary& input : run.inputs) files += (files.empty() ? "" : ", ") + input.file;
  return fmt::format("{} through {} (book \"{}\", seed {})\n{} packets, {} IP bytes in {} flows over {}\n{}\n", files,
                     run.book_file, run.rules.book().name, run.seed, human_count(value(run, Counter::received_packets)),
                     human_bytes(value(run, Counter::received_bytes)), human_count(value(run, Counter::flows_begun)),
                     human_time(run.capture_time), kOpenLoop);
}

// A rate over less than a second says little.
std::string print_mean(const ClassTimes& times, Direction direction) {
  return times.last - times.first < kSecond ? "-" : human_rate(times.sent_bps(direction));
}

void add_class(Columns& columns, const RunSummary& run, std::size_t cls) {
  const ClassSpec& spec = run.rules.classes()[cls];
  const ClassCounts& counts = run.classes[cls];
  const ClassTimes& times = run.times[cls];
  const std::uint64_t rate = configured_rate(spec);
  bool first = true;
  for (const Direction direction : {Direction::up, Direction::down}) {
    const std::size_t i = at(direction);
    const std::uint64_t offered = counts.offered_bytes[i].read();
    if (offered == 0) continue;
    columns.add({first ? spec.name : "", first ? human_count(counts.flows.read()) : "",
                 direction == Direction::up ? "up" : "down", human_bytes(offered),
                 human_bytes(counts.sent_bytes[i].read()), print_share(counts.dropped_bytes[i].read(), offered),
                 print_mean(times, direction), human_rate(static_cast<double>(times.sent_peak[i].peak_bps())),
                 rate > 0 ? human_rate(static_cast<double>(rate)) : "-",
                 times.longest_gap[i] > 0 ? human_time(times.longest_gap[i]) : "-", first ? describe(spec) : ""});
    first = false;
  }
}

std::string print_classes(const RunSummary& run) {
  Columns columns({{"class", Align::left},
                   {"flows"},
                   {"way", Align::left},
                   {"offered"},
                   {"sent"},
                   {"dropped"},
                   {"mean rate"},
                   {"peak 1 s"},
                   {"set rate"},
                   {"longest gap"},
                   {"treatment", Align::left}});
  for (std::size_t i = 0; i < run.rules.classes().size(); ++i) add_class(columns, run, i);
  return columns.empty() ? "" : "\n" + columns.print();
}

std::string print_delays(const RunSummary& run) {
  Columns columns({{"held back", Align::left}, {"half under"}, {"99 % under"}, {"longest"}});
  for (std::size_t i = 0; i < run.times.size(); ++i)
    if (const Histogram& delay = run.times[i].delay; delay.max() > 0)
      columns.add({run.rules.classes()[i].name, human_time(delay.percentile(0.5)), human_time(delay.percentile(0.99)),
                   human_time(delay.max())});
  return columns.empty() ? "" : "\n" + columns.print();
}

std::string print_names(const RunSummary& run) {
  Columns columns({{"names most affected", Align::left}, {"class", Align::left}, {"flows"}, {"bytes"}, {"dropped"}});
  for (const NameTotals& name : run.names.most_affected(kNames)) {
    if (name.cls == kPass || name.cls == kPending) continue;
    columns.add({name.host, std::string(shown_class(run.rules, name.cls)), human_count(name.flows),
                 human_bytes(name.bytes), print_share(name.dropped_bytes, name.bytes)});
  }
  return columns.empty() ? "\nNo flow with a name was treated.\n" : "\n" + columns.print();
}

std::string print_drops(const RunSummary& run) {
  Columns columns({{"dropped for", Align::left}, {"packets"}, {"bytes"}});
  for (std::size_t i = 0; i < kDropReasons; ++i)
    if (const std::uint64_t packets = run.counters.dropped_packets[i].read(); packets > 0)
      columns.add({name_of(static_cast<DropReason>(i)), human_count(packets),
                   human_bytes(run.counters.dropped_bytes[i].read())});
  return columns.empty() ? "\nNothing was dropped.\n" : "\n" + columns.print();
}

// Observe rules: what they would have done.
std::string print_observed(const RunSummary& run) {
  Columns columns({{"observed by", Align::left}, {"class", Align::left}, {"flows"}, {"bytes"}, {"would drop"}});
  for (std::size_t i = 0; i < run.rules.rules().size(); ++i) {
    const Rule& rule = run.rules.rules()[i];
    if (rule.mode != Mode::observe) continue;
    const RuleCounts& counts = run.rule_counts[i];
    columns.add({rule.name, rule.then, human_count(counts.hits.read()), human_bytes(counts.bytes.read()),
                 human_bytes(counts.would_drop_bytes.read())});
  }
  return columns.empty() ? "" : "\n" + columns.print();
}

}  // namespace

std::string print_table(const RunSummary& run) {
  std::string text = print_head(run) + print_classes(run) + print_delays(run) + print_names(run) + print_drops(run) +
                     print_observed(run);
  if (run.held_packets > 0)
    text += fmt::format("\n{} packets ({}) were still held when the run was cut.\n", human_count(run.held_packets),
                        human_bytes(run.held_bytes));
  for (const std::string& warning : run.warnings) text += "\nwarning: " + warning + "\n";
  return text;
}

}  // namespace slowlane

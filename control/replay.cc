#include "control/replay.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "control/digest.h"
#include "control/failure.h"
#include "control/load_rules.h"
#include "control/outputs.h"
#include "control/progress.h"
#include "control/replay_outputs.h"
#include "control/report.h"
#include "control/table.h"
#include "control/warnings.h"
#include "hw/capture_port.h"

namespace slowlane {
namespace {

using WallClock = std::chrono::steady_clock;

Failure failure_of(const Diagnostics& diagnostics) {
  std::string text;
  for (const Diagnostic& one : diagnostics) text += (text.empty() ? "" : "\n") + one.print();
  return Failure(Exit::wrong_input, text);
}

template <class T>
T value_of(Result<T> result) {
  if (!result) throw failure_of(result.diagnostics());
  return std::move(result.value());
}

void refuse_bad_outputs(const ReplayOptions& options, const std::vector<std::string>& book_files) {
  std::vector<std::string> inputs = options.captures;
  inputs.insert(inputs.end(), book_files.begin(), book_files.end());
  refuse_overwriting(inputs, {options.write, options.write_dropped, options.annotate, options.flows, options.report,
                              options.series, options.packets});
}

Worker::Config config_of(const ReplayOptions& options, Nanos start) {
  Worker::Config config;
  config.flows = options.capacity;
  config.burst = options.burst;
  config.start = start;
  return config;
}

// The last moment of a run.
Nanos end_of(const ReplayOptions& options, Nanos start) {
  constexpr Nanos kEndless = CapturePort::kNever - 1;
  return options.until && *options.until < kEndless - start ? start + *options.until : kEndless;
}

// One run, from the first arrival until nothing is held.
class Run {
 public:
  Run(const ReplayOptions& options, const Snapshot& snapshot, CapturePort& port)
      : port_(port),
        start_(port.next_arrival() == CapturePort::kNever ? 0 : port.next_arrival()),
        end_(end_of(options, start_)),
        outputs_(options, *snapshot.rules, start_),
        worker_(config_of(options, start_), {&port, &port, options.inside}, snapshot, &outputs_) {
    outputs_.attach(worker_);
    port_.write_to(outputs_.leaving());
    port_.set_burst(options.burst);
    port_.set_limit(end_);
  }

  void go() {
    Progress progress("replay");
    for (std::uint64_t turns = 0;; ++turns) {
      const Nanos now = std::min(port_.next_arrival(), worker_.next_due());
      if (now > end_) break;
      if (worker_.turn(now) == 0 && port_.starved())
        throw Failure(Exit::machine, "more packets are held back than there is room for");
      if (turns % 1024 == 0) show(progress);
    }
    worker_.finish();
  }

  const Worker& worker() const { return worker_; }
  ReplayOutputs& outputs() { return outputs_; }

 private:
  void show(Progress& progress) const {
    std::uint64_t read = 0;
    std::uint64_t size = 0;
    for (const CaptureInput& input : port_.inputs()) {
      read += input.bytes_read;
      size += input.size;
    }
    progress.show(read, size);
  }

  CapturePort& port_;
  Nanos start_;
  Nanos end_;
  ReplayOutputs outputs_;
  Worker worker_;
};

Nanos capture_time(const std::vector<CaptureInput>& inputs) {
  Nanos first = CapturePort::kNever;
  Nanos last = 0;
  for (const CaptureInput& input : inputs) {
    if (input.packets == 0) continue;
    first = std::min(first, input.first);
    last = std::max(last, input.last);
  }
  return last > first ? last - first : 0;
}

std::vector<InputSummary> input_summaries(const std::vector<CaptureInput>& inputs) {
  std::vector<InputSummary> all;
  all.reserve(inputs.size());
  for (const CaptureInput& input : inputs) all.push_back({input.file, {}, input.packets});
  return all;
}

// The digests read every input once more, so they are made only where a report is asked for.
void add_digests(RunSummary& summary) {
  for (InputSummary& input : summary.inputs)
    if (input.file != "-") input.sha256 = file_digest(input.file);
  summary.book_digest = book_digest(summary.rules.book().files);
}

RunSummary summary_of(const ReplayOptions& options, const RuleSet& rules, Run& run, const CapturePort& port) {
  RunSummary summary{.rules = rules,
                     .counters = run.worker().counters(),
                     .classes = run.worker().class_counts(),
                     .rule_counts = run.worker().rule_counts(),
                     .times = run.outputs().times(),
                     .names = run.outputs().names(),
                     .held_packets = run.worker().held_packets(),
                     .held_bytes = run.worker().held_bytes(),
                     .inputs = input_summaries(port.inputs()),
                     .book_file = options.book,
                     .book_digest = {},
                     .seed = rules.book().seed,
                     .capture_time = capture_time(port.inputs()),
                     .wall_seconds = 0,
                     .warnings = warnings_of(port.inputs(), run.worker().counters())};
  return summary;
}

bool is_damaged(const CaptureInput& input) { return !input.warning.empty(); }

Exit exit_of(const ReplayOptions& options, const CapturePort& port) {
  const bool damaged = std::any_of(port.inputs().begin(), port.inputs().end(), is_damaged);
  return damaged && options.damage == ReplayOptions::Damage::refuse ? Exit::wrong_input : Exit::done;
}

}  // namespace

std::unique_ptr<const RuleSet> load_replay_rules(const ReplayOptions& options) {
  return value_of(load_rules(options.book, options.seed));
}

std::uint32_t replay_packets(const Book& book) {
  constexpr std::uint32_t kOnTheirWay = 1024;
  const Shaper::Limits held;
  return kOnTheirWay + (holds_packets(book) ? held.held_packets + held.held_packets / 2 : 0);
}

ReplayOutcome replay(const ReplayOptions& options, std::unique_ptr<const RuleSet> rules, PacketPool& pool) {
  refuse_bad_outputs(options, rules->book().files);
  const std::uint64_t seed = rules->book().seed;
  const auto snapshot = Snapshot::make(std::move(rules), 1, seed);
  const auto port = value_of(CapturePort::open(options.captures, pool));
  Run run(options, *snapshot, *port);
  const WallClock::time_point begin = WallClock::now();
  run.go();
  RunSummary summary = summary_of(options, *snapshot->rules, run, *port);
  summary.wall_seconds = std::chrono::duration<double>(WallClock::now() - begin).count();
  std::string report;
  if (!options.report.empty() || options.print == ReplayOptions::Print::json) {
    add_digests(summary);
    report = make_report(summary).dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
  }
  run.outputs().commit(port->packets(), report);
  return {exit_of(options, *port), options.print == ReplayOptions::Print::json ? report : print_table(summary)};
}

}  // namespace slowlane

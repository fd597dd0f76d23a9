#include "control/replay_command.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "control/cli_checks.h"
#include "control/failure.h"
#include "control/replay.h"
#include "hw/eal.h"

namespace slowlane {
namespace {

// The options as they are parsed; those that need more than CLI11 knows stay text.
struct Parsing {
  ReplayOptions options;
  std::vector<std::string> inside;
  std::string until;
  std::string every;
  bool strict = false;
  bool json = false;
};

constexpr Nanos kShortestInterval = kMillisecond;

Failure bad_option(const std::string& option, const std::string& text) {
  return Failure(Exit::wrong_usage, option + ": " + text);
}

Nanos read_time(const std::string& option, const std::string& text) {
  const ParsedTime time = parse_time(text);
  if (const auto* wrong = std::get_if<std::string>(&time)) throw bad_option(option, *wrong);
  return std::get<Nanos>(time);
}

ReplayOptions finish_options(const Parsing& parsing) {
  ReplayOptions options = parsing.options;
  for (const std::string& text : parsing.inside) {
    const std::optional<Prefix> prefix = parse_prefix(text);
    if (!prefix) throw bad_option("--inside", text + " is no prefix such as 192.0.2.0/24");
    options.inside.push_back(*prefix);
  }
  if (!parsing.until.empty()) options.until = read_time("--until", parsing.until);
  if (!parsing.every.empty()) options.every = read_time("--every", parsing.every);
  if (options.every < kShortestInterval) throw bad_option("--every", "1ms is the shortest interval");
  if (parsing.strict) options.damage = ReplayOptions::Damage::refuse;
  if (parsing.json) options.print = ReplayOptions::Print::json;
  return options;
}

bool uses_stdout(const ReplayOptions& options) {
  const std::string* all[] = {&options.write,  &options.write_dropped, &options.annotate, &options.flows,
                              &options.report, &options.series,        &options.packets};
  return std::any_of(std::begin(all), std::end(all), [](const std::string* path) { return *path == "-"; });
}

Exit run(const Parsing& parsing) {
  const ReplayOptions options = finish_options(parsing);
  const bool taken = uses_stdout(options);
  if (taken && options.print == ReplayOptions::Print::json)
    throw Failure(Exit::wrong_usage, "--json and an output to - both want standard output");
  std::unique_ptr<const RuleSet> rules = load_replay_rules(options);
  const std::uint32_t packets = replay_packets(rules->book());
  const Eal eal(PacketPool::memory(packets));
  PacketPool pool(packets);
  const ReplayOutcome outcome = replay(options, std::move(rules), pool);
  std::fputs(outcome.text.c_str(), taken ? stderr : stdout);
  return outcome.exit;
}

void add_outputs(CLI::App& app, ReplayOptions& options) {
  const char* const group = "Outputs (- is standard output)";
  const auto add = [&](const char* name, std::string& file, const char* text) {
    app.add_option(name, file, text)->type_name("FILE")->group(group);
  };
  add("--write", options.write, "what leaves, when it leaves: .pcapng or .pcap");
  add("--write-dropped", options.write_dropped, "what was dropped, when it was dropped");
  add("--annotate", options.annotate, "the capture as it was, with a comment on each packet: .pcapng");
  add("--flows", options.flows, "a record for each flow: .jsonl or .csv");
  add("--report", options.report, "everything counted, as one JSON object");
  add("--series", options.series, "bytes offered, sent, dropped and held over time: .csv or .jsonl");
  add("--packets", options.packets, "a row for each packet: .csv or .jsonl");
}

void add_shaping_of_outputs(CLI::App& app, Parsing& parsing) {
  const std::map<std::string, SeriesBy> by = {
      {"class", SeriesBy::cls}, {"rule", SeriesBy::rule}, {"flow", SeriesBy::flow}};
  const std::map<std::string, Addresses> addresses = {
      {"full", Addresses::full}, {"truncated", Addresses::truncated}, {"none", Addresses::none}};
  app.add_option("--every", parsing.every, "interval of --series (100ms)")->check(not_a_time)->type_name("TIME");
  app.add_option("--by", parsing.options.by, "what --series is split by: class, rule or flow (class)")
      ->transform(CLI::CheckedTransformer(by))
      ->type_name("WORD")
      ->option_text("class|rule|flow");
  app.add_option("--addresses", parsing.options.addresses, "how much of addresses --flows shows (full)")
      ->transform(CLI::CheckedTransformer(addresses))
      ->option_text("full|truncated|none");
  app.add_flag("--json", parsing.json, "print the report in place of the table");
}

void add_run_options(CLI::App& app, Parsing& parsing) {
  ReplayOptions& options = parsing.options;
  app.add_option("--inside", parsing.inside, "where the subscribers are (the initiator's side of each flow)")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("PREFIX,...");
  app.add_option("--seed", options.seed, "of everything random, in place of the book's")->type_name("N");
  app.add_option("--capacity", options.capacity, "flows kept at once (1048576)")
      ->check(CLI::Range(1u, 1u << 28))
      ->type_name("N");
  app.add_option("--until", parsing.until, "cut the run so long after the first packet")
      ->check(not_a_time)
      ->type_name("TIME");
  app.add_flag("--strict", parsing.strict, "exit with 1 where a capture is damaged or cut short");
  app.add_option("--burst", options.burst)->check(CLI::Range(1, int{Burst::kCapacity}))->group("");  // for tests
}

Command::Run attach(CLI::App& app) {
  auto parsing = std::make_shared<Parsing>();
  app.add_option("CAPTURE", parsing->options.captures, "pcap or pcapng files, one after another")
      ->required()
      ->type_name("");
  app.add_option("--book", parsing->options.book, "the rules")->required()->type_name("FILE");
  add_run_options(app, *parsing);
  add_outputs(app, parsing->options);
  add_shaping_of_outputs(app, *parsing);
  app.footer(
      "A replay is open loop: it shows which packets of this recording would have been dropped or delayed, not\n"
      "how the senders would have reacted. Exit codes: 0 done, 1 a capture or the book is wrong, 2 wrong usage,\n"
      "3 the machine could not do it.");
  return [parsing] { return run(*parsing); };
}

}  // namespace

Command replay_command() { return {"replay", "send captures through the rules in virtual time", attach}; }

}  // namespace slowlane

#include "control/bench_command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "control/bench_cases.h"
#include "control/columns.h"
#include "control/failure.h"
#include "control/progress.h"
#include "hw/eal.h"

namespace slowlane {
namespace {

struct Parsing {
  bench::Settings settings;
  std::vector<std::string> only;
  bool json = false;
  bool list = false;
};

struct Measured {
  const bench::Case* of;
  std::vector<bench::Figure> figures;
};

std::string number(double value) {
  if (value >= 100) return fmt::format("{:.0f}", value);
  return value >= 10 ? fmt::format("{:.1f}", value) : fmt::format("{:.2f}", value);
}

std::string table(const std::vector<Measured>& all, const bench::Settings& settings) {
  using Align = Columns::Align;
  std::string text;
  for (const Measured& one : all) {
    Columns columns(
        {{"", Align::left}, {"median"}, {"min..max"}, {"", Align::left}, {"beside its floors", Align::left}});
    for (const bench::Figure& figure : one.figures) {
      std::string floors;
      for (const bench::Figure::Floor& floor : figure.floors)
        floors += fmt::format("{}{} {} (x{:.2f})", floors.empty() ? "" : ", ", floor.name, number(floor.value.median),
                              figure.value.median / floor.value.median);
      const bool empty = figure.unit.empty();
      columns.add({figure.name, empty ? "" : number(figure.value.median),
                   empty ? "" : number(figure.value.min) + ".." + number(figure.value.max), figure.unit, floors});
    }
    text += fmt::format("{}: {}\n{}\n", one.of->name, one.of->line, columns.print());
  }
  return text + fmt::format(
                    "One core's processor time, packets in memory; medians of {} rounds in which a case and its floors "
                    "take turns.\n",
                    settings.rounds);
}

nlohmann::ordered_json json_of(const bench::Spread& spread) {
  return {{"median", spread.median}, {"min", spread.min}, {"max", spread.max}};
}

nlohmann::ordered_json json(const std::vector<Measured>& all, const bench::Settings& settings) {
  nlohmann::ordered_json figures = nlohmann::ordered_json::array();
  for (const Measured& one : all)
    for (const bench::Figure& figure : one.figures) {
      nlohmann::ordered_json out = {{"case", one.of->name}, {"name", figure.name}, {"unit", figure.unit}};
      out.update(json_of(figure.value));
      out["floors"] = nlohmann::ordered_json::array();
      for (const bench::Figure::Floor& floor : figure.floors) {
        nlohmann::ordered_json beside = {{"name", floor.name}};
        beside.update(json_of(floor.value));
        beside["ratio"] = figure.value.median / floor.value.median;
        out["floors"].push_back(std::move(beside));
      }
      figures.push_back(std::move(out));
    }
  return {{"schema", 1}, {"version", SLOWLANE_VERSION}, {"rounds", settings.rounds}, {"figures", std::move(figures)}};
}

std::vector<const bench::Case*> chosen(const std::vector<std::string>& only) {
  std::vector<const bench::Case*> out;
  for (const bench::Case& one : bench::cases())
    if (only.empty() || std::find(only.begin(), only.end(), one.name) != only.end()) out.push_back(&one);
  return out;
}

std::vector<std::string> names() {
  std::vector<std::string> out;
  for (const bench::Case& one : bench::cases()) out.emplace_back(one.name);
  return out;
}

Exit run(const Parsing& parsing) {
  if (parsing.list) {
    for (const bench::Case& one : bench::cases())
      std::fputs(fmt::format("{:10} {}\n", one.name, one.line).c_str(), stdout);
    return Exit::done;
  }
  bench::Settings settings = parsing.settings;
  if (settings.rounds == 0) settings.rounds = settings.quick ? 3 : 7;
  const std::vector<const bench::Case*> cases = chosen(parsing.only);
  const Eal eal(PacketPool::memory(bench::kPackets));
  PacketPool pool(bench::kPackets);
  std::vector<Measured> all;
  {
    Progress progress("measuring");
    for (const bench::Case* one : cases) {
      progress.show(all.size(), cases.size());
      all.push_back({one, one->run(settings, pool)});
    }
  }
  std::fputs((parsing.json ? json(all, settings).dump(2) + "\n" : table(all, settings)).c_str(), stdout);
  return Exit::done;
}

Command::Run attach(CLI::App& app) {
  auto parsing = std::make_shared<Parsing>();
  parsing->settings.rounds = 0;
  app.add_option("--case", parsing->only, "only these (all); --list names them")
      ->check(CLI::IsMember(names()))
      ->type_name("NAME")
      ->option_text("NAME");
  app.add_flag("--quick", parsing->settings.quick, "three rounds, and no sizes that take long");
  app.add_option("--runs", parsing->settings.rounds, "rounds (7)")->check(CLI::Range(1, 1000))->type_name("N");
  app.add_flag("--json", parsing->json, "print JSON in place of the table");
  app.add_flag("--list", parsing->list, "name the cases");
  app.footer(
      "Each figure stands beside what cannot be had for less, measured in the same rounds: the bare port loop, and "
      "the\n"
      "loop with parse and one access to a flow-sized record. Ratios mean more than numbers: the machine's other work\n"
      "disturbs both alike.");
  return [parsing] { return run(*parsing); };
}

}  // namespace

Command bench_command() { return {"bench", "measure this machine, one core, without a NIC", attach}; }

}  // namespace slowlane

#include "control/appliance_check.h"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>

#include "control/bench_guard.h"

namespace slowlane {
namespace {

void append(Diagnostics& all, const Diagnostics& more) { std::ranges::copy(more, std::back_inserter(all)); }

void look_at_devices(const Config& config, const LookAtDevice& look, ApplianceCheck& check) {
  for (const PortConfig& port : config.ports) {
    for (Finding& found : look(port.spec)) {
      Diagnostic said{port.place.file, port.place.line, "port \"" + port.spec.name + "\": " + std::move(found.text)};
      const bool mistake = found.weight == Finding::Weight::error;
      (mistake ? check.mistakes : check.warnings).push_back(std::move(said));
    }
  }
}

void look_at_hugepages(const MemoryConfig& memory, const Machine& machine, ApplianceCheck& check) {
  if (memory.hugepages != Eal::Hugepages::require || machine.hugepages > 0) return;
  check.mistakes.push_back(
      {memory.hugepages_place.file, memory.hugepages_place.line,
       "memory: hugepages = \"require\", and none is free; sysctl vm.nr_hugepages=512 makes some"});
}

std::string summary(const ApplianceCheck& check) {
  if (!check.mistakes.empty())
    return check.file + ": " + counted(check.mistakes.size(), "mistake", "mistakes") + "; it cannot run like this";
  return check.file + ": " + counted(check.ports, "port", "ports") + ", " + counted(check.wires, "wire", "wires") +
         ", " + counted(check.workers, "worker", "workers") + ", book " + check.book.file + " with " +
         counted(check.book.rules, "rule", "rules") + " and " + counted(check.book.classes, "class", "classes") +
         "; no mistakes" + (check.warnings.empty() ? "" : ", " + counted(check.warnings.size(), "warning", "warnings"));
}

}  // namespace

ApplianceCheck check_appliance(const Tree& tree, const Machine& machine, const LookAtDevice& look) {
  ApplianceCheck check;
  check.file = tree.files.front();
  const auto config = read_config(tree, machine);
  if (!config) {
    check.mistakes = config.diagnostics();
    return check;
  }
  check.ports = config->ports.size();
  check.wires = config->wires.size();
  check.workers = config->cores.workers.size();
  check.warnings = config_warnings(*config);
  look_at_hugepages(config->memory, machine, check);
  look_at_devices(*config, look, check);
  check.book = check_book(config->book,
                          [&](const Book& book, const Dictionary& names) { return guard_book(*config, book, names); });
  append(check.mistakes, check.book.mistakes);
  append(check.warnings, check.book.warnings);
  return check;
}

std::string print(const ApplianceCheck& check, Verbosity verbosity) {
  const std::string text = print(check.mistakes, check.warnings, verbosity);
  return verbosity == Verbosity::quiet ? text : text + summary(check) + "\n";
}

nlohmann::ordered_json to_json(const ApplianceCheck& check) {
  return {{"file", check.file},
          {"ok", check.mistakes.empty()},
          {"mistakes", to_json(check.mistakes)},
          {"warnings", to_json(check.warnings)},
          {"ports", check.ports},
          {"wires", check.wires},
          {"workers", check.workers},
          {"book", to_json(check.book)}};
}

}  // namespace slowlane

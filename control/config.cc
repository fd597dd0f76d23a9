#include "control/config.h"

#include <sched.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <limits>
#include <utility>

#include "control/bench_guard.h"
#include "control/config_sections.h"
#include "hw/hugepages.h"
#include "hw/ports.h"
#include "rules/fields.h"
#include "rules/source.h"

namespace slowlane {
namespace {

std::string print(const Place& place) { return place.file + ":" + std::to_string(place.line); }

Diagnostic at(const Place& place, std::string text) { return {place.file, place.line, std::move(text)}; }

// Each port in one wire, once.
Diagnostics shared_ports(const Config& config) {
  Diagnostics mistakes;
  std::vector<const WireConfig*> taken(config.ports.size());
  for (const WireConfig& wire : config.wires) {
    for (const auto& port : {std::optional(wire.inside), wire.outside}) {
      if (!port) continue;
      if (taken[*port] == nullptr || taken[*port] == &wire) {
        taken[*port] = &wire;
        continue;
      }
      mistakes.push_back(at(wire.place, "wire \"" + wire.name + "\": port \"" + config.ports[*port].spec.name +
                                            "\" is in wire \"" + taken[*port]->name + "\" already, at " +
                                            print(taken[*port]->place)));
    }
  }
  return mistakes;
}

// A file can be read twice, and what is made in memory has no device.
bool has_device(const PortSpec& spec) {
  const PortKind* const kind = find_port_kind(spec.kind);
  return kind != nullptr && !kind->device.empty() && spec.kind != "capture";
}

// Whatever the kinds: two ports on one device would take each other's packets.
Diagnostics shared_devices(const std::vector<PortConfig>& ports) {
  Diagnostics mistakes;
  for (std::size_t i = 0; i < ports.size(); ++i) {
    if (!has_device(ports[i].spec)) continue;
    for (std::size_t j = 0; j < i; ++j) {
      if (ports[j].spec.device != ports[i].spec.device || !has_device(ports[j].spec)) continue;
      mistakes.push_back(at(ports[i].place, "port \"" + ports[i].spec.name + "\": device \"" + ports[i].spec.device +
                                                "\" is that of port \"" + ports[j].spec.name + "\" already, at " +
                                                print(ports[j].place)));
      break;
    }
  }
  return mistakes;
}

bool overlap(const Prefix& one, const Prefix& other) { return one.contains(other) || other.contains(one); }

// A subscriber belongs to one wire.
Diagnostics shared_prefixes(const std::vector<WireConfig>& wires) {
  Diagnostics mistakes;
  for (std::size_t i = 0; i < wires.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      for (const Prefix& mine : wires[i].inside_prefixes)
        for (const Prefix& theirs : wires[j].inside_prefixes)
          if (overlap(mine, theirs))
            mistakes.push_back(at(wires[i].prefixes_place, "wire \"" + wires[i].name +
                                                               "\": inside_prefixes: " + mine.print() + " overlaps " +
                                                               theirs.print() + " of wire \"" + wires[j].name + "\""));
  return mistakes;
}

// Reads an appliance section by section, and goes on behind every mistake.
class ConfigReader {
 public:
  ConfigReader(const Tree& tree, const Machine& machine)
      : tree_(tree), machine_(machine), fields_(tree.root, "appliance") {}

  Result<Config> run() {
    config_.files = tree_.files;
    config_.name = fields_.text("appliance").value_or(std::filesystem::path(tree_.files.front()).stem().string());
    config_.bench = fields_.boolean("bench").value_or(false);
    config_.cores = usual_cores(machine_.cores);
    if (const Node* node = fields_.find("cores")) config_.cores = keep(read_cores(*node, machine_.cores));
    read_ports_and_wires();
    if (const Node* node = fields_.find("flows")) config_.flows = keep(read_capacity(*node));
    if (const Node* node = fields_.find("memory")) config_.memory = keep(read_memory(*node));
    if (const Node* node = fields_.find("control")) config_.control = keep(read_control(*node));
    if (const Node* node = fields_.find("events")) config_.events = keep(read_events(*node));
    read_book();
    constexpr auto kMostSeed = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    config_.seed = fields_.number("seed", 0, kMostSeed);
    config_.user = fields_.text("user").value_or("");
    fields_.word<int>("when_overloaded", {{"pass", 0}});
    add(guard_events(config_));
    if (wires_are_right_) cross_check();
    add(fields_.finish());
    if (!mistakes_.empty()) return sorted();
    return std::move(config_);
  }

 private:
  template <class T>
  T keep(Partly<T> partly) {
    add(partly.mistakes);
    return std::move(partly.value);
  }
  void add(const Diagnostics& more) { mistakes_.insert(mistakes_.end(), more.begin(), more.end()); }

  void read_ports_and_wires() {
    const Node* ports = fields_.find("ports");
    const Node* wires = fields_.find("wires");
    fields_.require("ports", R"(ports = ( { name = "in"; kind = "af_packet"; device = "eth0"; } ))");
    fields_.require("wires", R"(wires = ( { name = "w0"; inside = "in"; outside = "out"; } ))");
    const std::size_t before = mistakes_.size();
    if (ports != nullptr)
      config_.ports = keep(read_ports(*ports, static_cast<std::uint16_t>(config_.cores.workers.size())));
    if (wires != nullptr)
      config_.wires = keep(read_wires(*wires, ports != nullptr ? names_of(*ports) : std::vector<std::string_view>()));
    wires_are_right_ = ports != nullptr && wires != nullptr && mistakes_.size() == before;
  }

  // Requires: every wire names ports that are there.
  void cross_check() {
    add(shared_ports(config_));
    add(shared_devices(config_.ports));
    add(shared_prefixes(config_.wires));
    add(guard_wires(config_));
  }

  void read_book() {
    const Node* node = fields_.find("book");
    fields_.require("book", "book = the path of a book");
    const auto book = fields_.text("book");
    if (!book) return;
    config_.book_place = node->place;
    config_.book = beside(node->place.file, *book);
    std::error_code error;
    if (!std::filesystem::exists(config_.book, error))
      fields_.add(mistake(*node, "book: there is no file " + config_.book));
  }

  // In the order of the files and their lines.
  Diagnostics sorted() {
    const auto order = [this](const Diagnostic& a, const Diagnostic& b) {
      const auto rank = [this](const std::string& file) { return std::ranges::find(tree_.files, file); };
      return a.file == b.file ? a.line < b.line : rank(a.file) < rank(b.file);
    };
    std::ranges::stable_sort(mistakes_, order);
    return std::move(mistakes_);
  }

  const Tree& tree_;
  const Machine& machine_;
  Fields fields_;
  Config config_;
  Diagnostics mistakes_;
  bool wires_are_right_ = false;
};

}  // namespace

Machine Machine::here() {
  Machine machine{{}, free_hugepage_memory(kHugepageFolder)};
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof allowed, &allowed) == 0)
    for (unsigned core = 0; core < CPU_SETSIZE; ++core)
      if (CPU_ISSET(core, &allowed)) machine.cores.push_back(core);
  return machine;
}

bool is_appliance(const Node& root) {
  constexpr std::array kOwn = {"appliance", "ports", "wires"};
  return std::ranges::any_of(kOwn, [&](const char* key) { return root.child(key) != nullptr; });
}

Result<Config> load_config(const std::string& path, const Machine& machine) {
  const auto tree = load_tree(path, read_file);
  if (!tree) return tree.diagnostics();
  return read_config(*tree, machine);
}

Result<Config> read_config(const Tree& tree, const Machine& machine) { return ConfigReader(tree, machine).run(); }

Diagnostics config_warnings(const Config& config) {
  Diagnostics warnings;
  for (std::size_t i = 0; i < config.ports.size(); ++i) {
    const auto uses = [i](const WireConfig& wire) { return wire.inside == i || wire.outside == i; };
    if (std::ranges::none_of(config.wires, uses))
      warnings.push_back(at(config.ports[i].place, "port \"" + config.ports[i].spec.name + "\" is in no wire"));
  }
  if (config.events.keep > EventsConfig{}.keep)
    warnings.push_back(at(config.events.which_place, "events: records are kept for " + print_time(config.events.keep) +
                                                         "; 24 hours is what the privacy defaults keep"));
  return warnings;
}

}  // namespace slowlane

#include "control/config_sections.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "control/config_web.h"
#include "hw/ports.h"
#include "rules/fields.h"
#include "rules/key_values.h"
#include "rules/suggest.h"

namespace slowlane {
namespace {

constexpr std::uint32_t kLeastMtu = 68;  // RFC 791: every module forwards as much
constexpr std::uint64_t kMostQueues = 64;
constexpr std::uint64_t kMostCore = 1023;

std::uint16_t narrow(std::uint64_t value) { return static_cast<std::uint16_t>(value); }

Partly<PortConfig> read_port(const Node& group, std::uint16_t usual_queues) {
  Fields fields(group, "port");
  PortConfig port;
  port.place = group.place;
  port.spec.name = fields.text("name").value_or("");
  if (!port.spec.name.empty()) fields.call(port.spec.name);
  fields.require("name", "name = \"in\"");
  std::vector<std::pair<std::string_view, const PortKind*>> kinds;
  for (const PortKind& kind : port_kinds()) kinds.emplace_back(kind.name, &kind);
  const auto kind = fields.word("kind", kinds);
  fields.require("kind", "kind = \"af_packet\"");
  port.spec.device = fields.text("device").value_or("");
  if (kind) {
    port.spec.kind = (*kind)->name;
    if (!(*kind)->device.empty())
      fields.require("device", "device = " + std::string((*kind)->device.substr((*kind)->device.find('"'))));
  }
  port.spec.queues = narrow(fields.number("queues", 1, kMostQueues).value_or(usual_queues));
  port.spec.mtu = static_cast<std::uint32_t>(fields.number("mtu", kLeastMtu, kMostMtu).value_or(0));
  port.spec.options = fields.text("options").value_or("");
  return {std::move(port), fields.finish()};
}

Result<std::vector<Prefix>> read_inside(const Node& node) {
  auto value = read_prefixes(node);
  if (!value) return value.diagnostics();
  return std::get<Prefixes>(std::move(*value));
}

// The index of the port that a wire names.
Result<std::size_t> read_port_name(const Node& node, const std::vector<std::string_view>& ports) {
  const auto name = read_text(node);
  if (!name) return name.diagnostics();
  const auto found = std::ranges::find(ports, std::string_view(*name));
  if (found != ports.end()) return static_cast<std::size_t>(found - ports.begin());
  return mistake(node, "there is no port \"" + *name + "\"" + did_you_mean(*name, ports) +
                           (ports.empty() ? "" : " (ports: " + one_of(ports) + ")"));
}

Partly<WireConfig> read_wire(const Node& group, const std::vector<std::string_view>& ports) {
  using Mode = WireConfig::Mode;
  Fields fields(group, "wire");
  WireConfig wire;
  wire.place = wire.prefixes_place = group.place;
  wire.name = fields.text("name").value_or("");
  if (!wire.name.empty()) fields.call(wire.name);
  fields.require("name", "name = \"w0\"");
  wire.mode = fields.word<Mode>("mode", {{"wire", Mode::wire}, {"tap", Mode::tap}}).value_or(wire.mode);
  const auto port_name = [&](const Node& node) { return read_port_name(node, ports); };
  const auto inside = fields.with("inside", port_name);
  fields.require("inside", "inside = the name of a port");
  wire.outside = fields.with("outside", port_name);
  if (wire.mode == Mode::wire) fields.require("outside", "outside = the name of a port");
  if (inside && wire.outside == inside) fields.add("inside and outside are the same port; a wire joins two");
  wire.inside = inside.value_or(0);
  if (const Node* prefixes = fields.find("inside_prefixes")) {
    wire.prefixes_place = prefixes->place;
    wire.inside_prefixes = fields.with("inside_prefixes", read_inside).value_or(std::vector<Prefix>{});
  } else if (wire.mode == Mode::tap && fields.find("outside") == nullptr) {
    fields.add("a tap of one port needs inside_prefixes to tell its sides apart, inside_prefixes = [\"192.0.2.0/24\"]");
  }
  return {std::move(wire), fields.finish()};
}

// A list of groups with names: all of them, duplicates told.
template <class T, class Read>
Partly<std::vector<T>> read_named(const Node& section, std::string_view plural, std::string_view what, Read read) {
  Partly<std::vector<T>> out;
  auto groups = read_groups(section, plural);
  out.mistakes = std::move(groups.mistakes);
  if (out.mistakes.empty() && groups.value.empty())
    out.mistakes.push_back(
        mistake(section, std::string(plural) + " is empty; write at least one " + std::string(what)));
  for (const Node* group : groups.value) {
    Partly<T> one = read(*group);
    out.value.push_back(std::move(one.value));
    std::ranges::move(one.mistakes, std::back_inserter(out.mistakes));
  }
  std::ranges::move(find_duplicates(groups.value, what), std::back_inserter(out.mistakes));
  return out;
}

std::string print_cores(const std::vector<unsigned>& cores) {
  std::vector<std::string> texts;
  texts.reserve(cores.size());
  for (const unsigned core : cores) texts.push_back(std::to_string(core));
  const std::vector<std::string_view> views(texts.begin(), texts.end());
  return one_of(views);
}

Result<std::vector<unsigned>> read_core_list(const Node& node, const std::vector<unsigned>& allowed) {
  const auto items = read_items(node);
  if (!items) return items.diagnostics();
  std::vector<unsigned> cores;
  Diagnostics mistakes;
  for (const Node* item : *items) {
    const auto number = read_number(*item, 0, kMostCore);
    if (!number) {
      std::ranges::copy(number.diagnostics(), std::back_inserter(mistakes));
      continue;
    }
    const auto core = static_cast<unsigned>(*number);
    if (std::ranges::find(allowed, core) == allowed.end())
      mistakes.push_back(mistake(
          *item, "there is no core " + std::to_string(core) + "; this process may use " + print_cores(allowed)));
    if (std::ranges::find(cores, core) != cores.end())
      mistakes.push_back(mistake(*item, "core " + std::to_string(core) + " stands here twice"));
    cores.push_back(core);
  }
  if (!mistakes.empty()) return mistakes;
  return cores;
}

// The first allowed core that `taken` has not, else the first.
unsigned free_core(const std::vector<unsigned>& allowed, const std::vector<unsigned>& taken) {
  for (const unsigned core : allowed)
    if (std::ranges::find(taken, core) == taken.end()) return core;
  return allowed.empty() ? 0 : allowed.front();
}

// "0660": the bits of a file's mode, as chmod takes them.
Result<unsigned> read_mode(const Node& node) {
  const bool octal = node.kind == Node::Kind::text && node.text.size() >= 3 && node.text.size() <= 4 &&
                     node.text.find_first_not_of("01234567") == std::string::npos;
  const unsigned mode = octal ? static_cast<unsigned>(std::stoul(node.text, nullptr, 8)) : 0;
  if (octal && mode <= 0777) return mode;
  return mistake(node, "takes a file mode in quotes like \"0660\", not " + describe(node));
}

// A UNIX socket's address holds 107 bytes (unix(7)).
Result<std::string> read_socket_path(const Node& node) {
  constexpr std::size_t kMost = 107;
  auto path = read_text(node);
  if (path && path->size() > kMost)
    return mistake(node, "a socket's path has at most 107 bytes, not " + std::to_string(path->size()));
  return path;
}

// A path, or "none", which is none.
Result<std::string> read_path_or_none(const Node& node) {
  auto path = read_text(node);
  if (path && *path == "none") return std::string();
  return path;
}

}  // namespace

std::vector<std::string_view> names_of(const Node& section) {
  std::vector<std::string_view> names;
  for (const Node& group : section.children) {
    const Node* name = group.kind == Node::Kind::group ? group.child("name") : nullptr;
    names.emplace_back(name != nullptr && name->kind == Node::Kind::text ? name->text : std::string_view());
  }
  return names;
}

Partly<std::vector<PortConfig>> read_ports(const Node& section, std::uint16_t usual_queues) {
  return read_named<PortConfig>(section, "ports", "port",
                                [&](const Node& group) { return read_port(group, usual_queues); });
}

Partly<std::vector<WireConfig>> read_wires(const Node& section, const std::vector<std::string_view>& ports) {
  return read_named<WireConfig>(section, "wires", "wire", [&](const Node& group) { return read_wire(group, ports); });
}

CoresConfig usual_cores(const std::vector<unsigned>& allowed) {
  CoresConfig cores;
  cores.control = {free_core(allowed, {})};
  cores.workers = {free_core(allowed, cores.control)};
  return cores;
}

Partly<CoresConfig> read_cores(const Node& section, const std::vector<unsigned>& allowed) {
  using Idle = CoresConfig::Idle;
  Fields fields(section, "cores");
  const auto list = [&](const Node& node) { return read_core_list(node, allowed); };
  auto control = fields.with("control", list);
  auto workers = fields.with("workers", list);
  CoresConfig cores;
  if (!control) control = {free_core(allowed, workers.value_or(std::vector<unsigned>{}))};
  if (!workers) workers = {free_core(allowed, *control)};
  cores.control = std::move(*control);
  cores.workers = std::move(*workers);
  cores.idle = fields.word<Idle>("idle", {{"poll", Idle::poll}, {"sleep", Idle::sleep}}).value_or(cores.idle);
  return {std::move(cores), fields.finish()};
}

Partly<MemoryConfig> read_memory(const Node& section) {
  using Pages = Eal::Hugepages;
  Fields fields(section, "memory");
  MemoryConfig memory;
  const Node* pages = fields.find("hugepages");
  memory.hugepages_place = pages != nullptr ? pages->place : section.place;
  memory.hugepages =
      fields.word<Pages>("hugepages", {{"auto", Pages::automatic}, {"none", Pages::none}, {"require", Pages::require}})
          .value_or(memory.hugepages);
  memory.held = fields.size("held").value_or(memory.held);
  constexpr std::uint64_t kLeast = std::uint64_t{64} << 10;
  constexpr std::uint64_t kMost = std::uint64_t{64} << 30;
  if (memory.held < kLeast || memory.held > kMost)
    fields.add("held takes a size from \"64KiB\" to \"64GiB\", not \"" + print_size(memory.held) + "\"");
  return {std::move(memory), fields.finish()};
}

Partly<std::uint32_t> read_capacity(const Node& section) {
  constexpr std::uint64_t kLeast = 1024;
  constexpr std::uint64_t kMost = std::uint64_t{1} << 28;
  Fields fields(section, "flows");
  const auto capacity = fields.number("capacity", kLeast, kMost).value_or(Config{}.flows);
  return {static_cast<std::uint32_t>(capacity), fields.finish()};
}

Partly<ControlConfig> read_control(const Node& section) {
  Fields fields(section, "control");
  ControlConfig control;
  control.socket = fields.with("socket", read_socket_path).value_or(control.socket);
  control.view_socket = fields.with("view_socket", read_socket_path).value_or(control.view_socket);
  control.socket_mode = fields.with("socket_mode", read_mode).value_or(control.socket_mode);
  control.view_socket_mode = fields.with("view_socket_mode", read_mode).value_or(control.view_socket_mode);
  control.group = fields.text("group").value_or("");
  read_web(fields, control);
  control.books = fields.with("books", read_path_or_none);
  constexpr std::uint64_t kMostBooks = 1000;
  control.keep_books = fields.number("keep_books", 2, kMostBooks).value_or(control.keep_books);
  control.log = fields.with("log", read_path_or_none).value_or(control.log);
  control.cache = fields.with("cache", read_path_or_none).value_or(control.cache);
  if (control.socket == control.view_socket)
    fields.add("socket and view_socket are the same; one of them may change the box, the other only look");
  return {std::move(control), fields.finish()};
}

Partly<EventsConfig> read_events(const Node& section) {
  using Which = EventsConfig::Which;
  Fields fields(section, "events");
  EventsConfig events;
  events.file = fields.text("file").value_or("");
  fields.require("file", "file = \"/var/log/slowlane/flows.jsonl\", or leave events out");
  const Node* which = fields.find("which");
  events.which_place = which != nullptr ? which->place : section.place;
  events.which = fields.word<Which>("which", {{"treated", Which::treated}, {"all", Which::all}}).value_or(events.which);
  const Node* addresses = fields.find("addresses");
  events.addresses_place = addresses != nullptr ? addresses->place : section.place;
  events.addresses =
      fields
          .word<Addresses>("addresses",
                           {{"truncated", Addresses::truncated}, {"none", Addresses::none}, {"full", Addresses::full}})
          .value_or(events.addresses);
  events.keep = fields.time("keep").value_or(events.keep);
  if (events.keep < 60 * kSecond)
    fields.add("keep takes a time of \"1min\" or more, not \"" + print_time(events.keep) + "\"");
  events.limit = fields.size("limit").value_or(events.limit);
  constexpr std::uint64_t kLeast = std::uint64_t{1} << 20;
  if (events.limit < kLeast)
    fields.add("limit takes a size of \"1MiB\" or more, not \"" + print_size(events.limit) + "\"");
  return {std::move(events), fields.finish()};
}

}  // namespace slowlane

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "control/flow_record.h"
#include "hw/eal.h"
#include "hw/live_port.h"
#include "rules/book.h"
#include "rules/ip.h"
#include "rules/load.h"
#include "rules/result.h"
#include "rules/units.h"

namespace slowlane {

// An appliance file (contract §7) as values, with the places that later messages point at. No behaviour. Every initial
// value is the default where the file says nothing.

struct PortConfig {
  PortSpec spec;  // queues: as many as workers where the file names none
  Place place;
};

struct WireConfig {
  // tap: what arrives is classified and observed, and nothing is ever sent.
  enum class Mode : std::uint8_t { wire, tap };
  std::string name;
  std::size_t inside = 0;              // index into Config::ports
  std::optional<std::size_t> outside;  // none: a tap of one mirror port, whose sides inside_prefixes tell apart
  std::vector<Prefix> inside_prefixes;
  Mode mode = Mode::wire;
  Place place;
  Place prefixes_place;  // of inside_prefixes, or of the wire where there are none
};

struct CoresConfig {
  enum class Idle : std::uint8_t { poll, sleep };
  std::vector<unsigned> control;  // at least one
  std::vector<unsigned> workers;  // at least one
  Idle idle = Idle::sleep;
};

struct MemoryConfig {
  using Hugepages = Eal::Hugepages;
  Hugepages hugepages = Hugepages::automatic;
  Place hugepages_place;
  std::uint64_t held = std::uint64_t{64} << 20;  // bytes that class queues may hold, over the box
};

struct ControlConfig {
  std::string socket = "/run/slowlane/ctl.sock";        // may change the box
  std::string view_socket = "/run/slowlane/view.sock";  // may look at it
  unsigned socket_mode = 0660;
  unsigned view_socket_mode = 0666;
  std::string group;                    // of both sockets; empty: that of the process
  std::optional<Endpoint> http;         // none: no page, no metrics
  std::string token_file;               // what those who ask at `http` must show; empty: nothing
  std::vector<std::string> http_names;  // what browsers may call the box, besides addresses and localhost
  std::optional<Endpoint> notice;       // none: the notice is at `http`
  bool notice_off = false;
  // Where pushed books are kept; empty: nowhere; none: in a folder of this appliance's own, see books_folder().
  std::optional<std::string> books;
  std::size_t keep_books = 20;                          // versions
  std::string log = "/var/log/slowlane/changes.jsonl";  // of changes; empty: none
  std::string cache = "/var/cache/slowlane";            // of compiled patterns; empty: none
};

struct EventsConfig {
  enum class Which : std::uint8_t { treated, all };
  std::string file;  // empty: nothing is recorded
  Which which = Which::treated;
  Addresses addresses = Addresses::truncated;
  Nanos keep = Nanos{24} * 3600 * kSecond;
  std::uint64_t limit = std::uint64_t{1} << 30;  // bytes on disk; the oldest go first
  Place which_place;
  Place addresses_place;
};

struct Config {
  std::string name;
  bool bench = false;
  std::vector<PortConfig> ports;
  std::vector<WireConfig> wires;
  CoresConfig cores;
  std::uint32_t flows = 1 << 20;  // of the whole box
  MemoryConfig memory;
  ControlConfig control;
  EventsConfig events;
  std::string book;  // its path, as it is to be opened
  Place book_place;
  std::optional<std::uint64_t> seed;  // in place of the book's own
  std::string user;                   // to become once the ports are open; empty: nobody else
  std::vector<std::string> files;     // the appliance and what it includes
};

// What an appliance file is checked against, so that tests need no machine of a certain shape.
struct Machine {
  std::vector<unsigned> cores;  // that this process may use, ascending
  std::size_t hugepages = 0;    // bytes in free ones
  // The machine this process runs on.
  static Machine here();
};

// Whether a tree is meant as an appliance and not as a book, by its keys.
bool is_appliance(const Node& root);

// Reads an appliance file: a whole Config that the bench guard allows, or every mistake with file, line, what was read,
// what is allowed and, for a misspelt word, the nearest allowed one.
Result<Config> load_config(const std::string& path, const Machine& machine);
// The same of a tree that was read already.
Result<Config> read_config(const Tree& tree, const Machine& machine);

// What is legal but probably not meant.
Diagnostics config_warnings(const Config& config);

}  // namespace slowlane

#pragma once

#include <string_view>
#include <vector>

#include "control/config.h"
#include "rules/node.h"
#include "rules/sections.h"

namespace slowlane {

// Readers of the sections of an appliance file, for control/config.cc. Each answers with what could be read and with
// every mistake in it.

// `usual_queues` of each port that names no number of its own.
Partly<std::vector<PortConfig>> read_ports(const Node& section, std::uint16_t usual_queues);
// `ports` by their order; the names are compared as written.
Partly<std::vector<WireConfig>> read_wires(const Node& section, const std::vector<std::string_view>& ports);
// The names of a section's groups, of those with mistakes too.
std::vector<std::string_view> names_of(const Node& section);

// The first of `allowed` for control, the next for the one worker, in so far as there are two.
CoresConfig usual_cores(const std::vector<unsigned>& allowed);
Partly<CoresConfig> read_cores(const Node& section, const std::vector<unsigned>& allowed);
Partly<MemoryConfig> read_memory(const Node& section);
Partly<std::uint32_t> read_capacity(const Node& section);
Partly<ControlConfig> read_control(const Node& section);
Partly<EventsConfig> read_events(const Node& section);

}  // namespace slowlane

#pragma once

#include <span>
#include <vector>

#include "control/bench.h"
#include "hw/pool.h"

namespace slowlane::bench {

// A group of figures, by its name on the command line. `pool` has kPackets packets.
struct Case {
  const char* name;
  const char* line;
  std::vector<Figure> (*run)(const Settings& settings, PacketPool& pool);
};
std::span<const Case> cases();

// What stands behind the table.
std::vector<Figure> run_steady(const Settings& settings, PacketPool& pool);        // bench_flows.cc
std::vector<Figure> run_new_tls(const Settings& settings, PacketPool& pool);       // bench_flows.cc
std::vector<Figure> run_new_quic(const Settings& settings, PacketPool& pool);      // bench_flows.cc
std::vector<Figure> run_new_protocol(const Settings& settings, PacketPool& pool);  // bench_flows.cc
std::vector<Figure> run_hello(const Settings& settings, PacketPool& pool);         // bench_rules.cc
std::vector<Figure> run_hosts(const Settings& settings, PacketPool& pool);         // bench_rules.cc
std::vector<Figure> run_globs(const Settings& settings, PacketPool& pool);         // bench_rules.cc
std::vector<Figure> run_regexes(const Settings& settings, PacketPool& pool);       // bench_rules.cc
std::vector<Figure> run_reload(const Settings& settings, PacketPool& pool);        // bench_reload.cc
std::vector<Figure> run_memory(const Settings& settings, PacketPool& pool);        // bench_time.cc
std::vector<Figure> run_lateness(const Settings& settings, PacketPool& pool);      // bench_time.cc

}  // namespace slowlane::bench

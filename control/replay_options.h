#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "control/flow_record.h"
#include "control/series.h"
#include "dataplane/burst.h"
#include "rules/ip.h"

namespace slowlane {

// What a replay is asked for. Empty file names: that output is not wanted; "-" is standard output.
struct ReplayOptions {
  std::vector<std::string> captures;
  std::string book;
  std::string write;
  std::string write_dropped;
  std::string annotate;
  std::string flows;
  std::string report;
  std::string series;
  std::string packets;
  std::vector<Prefix> inside;         // none: the initiator's side is inside
  std::optional<std::uint64_t> seed;  // none: the book's
  std::uint32_t capacity = 1u << 20;  // flows
  std::optional<Nanos> until;         // from the first arrival on; none: until nothing is held
  Addresses addresses = Addresses::full;
  Nanos every = 100 * kMillisecond;
  SeriesBy by = SeriesBy::cls;
  std::uint16_t burst = Burst::kCapacity;
  enum class Damage : std::uint8_t { warn, refuse } damage = Damage::warn;  // of a capture; `--strict` refuses
  enum class Print : std::uint8_t { table, json } print = Print::table;
};

}  // namespace slowlane

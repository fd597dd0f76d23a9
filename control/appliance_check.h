#pragma once

#include <cstddef>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "control/check.h"
#include "control/config.h"
#include "hw/finding.h"
#include "rules/load.h"
#include "rules/result.h"

namespace slowlane {

// What `slowlane check` says of an appliance.
struct ApplianceCheck {
  std::string file;
  Diagnostics mistakes;  // reading, guard, book, devices; the appliance can run where there are none
  Diagnostics warnings;
  std::size_t ports = 0;
  std::size_t wires = 0;
  std::size_t workers = 0;
  BookCheck book;  // empty where the appliance could not be read
};

// Looks at the device of a port and changes nothing: preflight() of hw/ports.h, or a test's own.
using LookAtDevice = std::function<Findings(const PortSpec& port)>;

// Reads an appliance, its guard, its book and its devices. Changes nothing.
ApplianceCheck check_appliance(const Tree& tree, const Machine& machine, const LookAtDevice& look);

std::string print(const ApplianceCheck& check, Verbosity verbosity);
nlohmann::ordered_json to_json(const ApplianceCheck& check);

}  // namespace slowlane

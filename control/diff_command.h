#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "control/command.h"
#include "control/diff.h"
#include "control/diff_traffic.h"

namespace slowlane {

// For people, long lists cut; `traffic` where a capture was given.
std::string print(const BookDiff& books, const std::optional<TrafficDiff>& traffic);
// Everything.
nlohmann::ordered_json to_json(const BookDiff& books, const std::optional<TrafficDiff>& traffic);

// `slowlane diff`.
Command diff_command();

}  // namespace slowlane

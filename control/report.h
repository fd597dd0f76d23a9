#pragma once

#include <nlohmann/json_fwd.hpp>

#include "control/run_summary.h"

namespace slowlane {

// The report of contract §5 (control/schemas/report.schema.json), keys in its order. Reasons that never happened are
// left out. `names` are the thousand most affected.
nlohmann::ordered_json make_report(const RunSummary& run);

}  // namespace slowlane

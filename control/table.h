#pragma once

#include <string>

#include "control/run_summary.h"

namespace slowlane {

// What `slowlane replay` prints: classes, the names most affected, drop reasons, warnings; for a person who has never
// seen the project. Ends with a newline.
std::string print_table(const RunSummary& run);

}  // namespace slowlane

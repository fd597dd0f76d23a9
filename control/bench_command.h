#pragma once

#include "control/command.h"

namespace slowlane {

// `slowlane bench`: the measurements of contract §6.
Command bench_command();

}  // namespace slowlane

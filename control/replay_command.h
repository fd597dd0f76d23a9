#pragma once

#include "control/command.h"

namespace slowlane {

// `slowlane replay`: the options of contract §1, then replay() of replay.h.
Command replay_command();

}  // namespace slowlane

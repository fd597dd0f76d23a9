#pragma once

#include "control/command.h"

namespace slowlane {

// `slowlane run APPLIANCE.cfg`: the inline box.
Command run_command();

}  // namespace slowlane

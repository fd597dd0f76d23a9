#pragma once

#include "control/command.h"

namespace slowlane {

// `slowlane ctl`: talks to a running box.
Command ctl_command();

}  // namespace slowlane

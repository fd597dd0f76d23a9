#pragma once

#include "control/command.h"

namespace slowlane {

// `slowlane explain`.
Command explain_command();

}  // namespace slowlane

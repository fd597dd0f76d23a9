#pragma once

#include "control/command.h"

namespace slowlane {

// `slowlane check`, of a book or an appliance.
Command check_command();

}  // namespace slowlane

#pragma once

#include <functional>

#include "control/ctl_books.h"

namespace slowlane {

// The commands of `slowlane ctl` about flows and packets that run: flows, trace, watch, top. The one that was named
// hands what it does to `choose`.
void attach_live_commands(CLI::App& ctl, const std::function<void(CtlAct)>& choose);

}  // namespace slowlane

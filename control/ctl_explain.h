#pragma once

#include <functional>

#include "control/ctl_books.h"

namespace slowlane {

// `slowlane ctl explain`: which rule of the running book a flow falls under. Hands what it does to `choose`.
void attach_explain_command(CLI::App& ctl, const std::function<void(CtlAct)>& choose);

}  // namespace slowlane

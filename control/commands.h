#pragma once

#include <span>

#include "control/command.h"

namespace slowlane {

// The table of commands, in the order `--help` shows them. A new command is a row here and a file of its own.
std::span<const Command> commands();

}  // namespace slowlane

#include "control/commands.h"

#include <array>

#include "control/replay_command.h"

namespace slowlane {

std::span<const Command> commands() {
  static const std::array table = {
      replay_command(),
  };
  return table;
}

}  // namespace slowlane

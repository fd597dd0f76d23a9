#include "control/commands.h"

#include <array>

#include "control/bench_command.h"
#include "control/check_command.h"
#include "control/ctl_command.h"
#include "control/diff_command.h"
#include "control/explain_command.h"
#include "control/replay_command.h"
#include "control/run_command.h"

namespace slowlane {

std::span<const Command> commands() {
  static const std::array table = {
      replay_command(),  run_command(),   check_command(), diff_command(),
      explain_command(), bench_command(), ctl_command(),
  };
  return table;
}

}  // namespace slowlane

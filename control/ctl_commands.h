#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string_view>

#include "control/box_control.h"

namespace slowlane {

// What a socket may do: look at the box, or change it too.
enum class Rights : std::uint8_t { view, change };

// One command of a running box: {"command": NAME, ...} is answered with one object, {"ok": true, ...} or
// {"ok": false, "error": "what was read and what is allowed"}.
struct CtlCommand {
  const char* name;
  Rights needs;
  const char* line;  // one line for the manual
  nlohmann::ordered_json (*run)(BoxControl& box, const nlohmann::ordered_json& request);
};

// The table, in the manual's order.
std::span<const CtlCommand> ctl_commands();

// Answers one line of a client; every answer is one line without its end. Never throws for what a client wrote.
std::string answer_line(BoxControl& box, Rights rights, std::string_view line);

}  // namespace slowlane

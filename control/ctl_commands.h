#pragma once

#include <nlohmann/json_fwd.hpp>
#include <span>
#include <string>

#include "control/box_control.h"
#include "control/caller.h"
#include "control/reply.h"

namespace slowlane {

// One command of a running box: {"command": NAME, ...} is answered with one object, {"ok": true, ...} or
// {"ok": false, "error": "what was read and what is allowed"}.
struct CtlCommand {
  const char* name;
  Rights needs;
  const char* line;  // one line for the manual
  // Null: it is about books, and answered by BoxControl::ask_books().
  nlohmann::ordered_json (*run)(BoxControl& box, const nlohmann::ordered_json& request);
  // Attempts are written down, and refused where they cannot be; those about books the box writes down itself.
  bool noted = false;
  // Not null: it is answered by this, later or by many lines.
  Reply (*open)(BoxControl& box, const nlohmann::ordered_json& request) = nullptr;
};

// The table, in the manual's order.
std::span<const CtlCommand> ctl_commands();

// Answers one line of a client. Never throws for what a client wrote.
Reply answer_line(BoxControl& box, const Caller& caller, std::string line);

// Requests that are longer are about books, and never read on control's thread.
constexpr std::size_t kLongLine = 16 << 10;

}  // namespace slowlane

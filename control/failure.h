#pragma once

#include <stdexcept>
#include <string>

#include "control/command.h"

namespace slowlane {

// Why a command cannot go on: what to print, and the exit code. Thrown in control/ alone; ends in cli.cc.
class Failure : public std::runtime_error {
 public:
  Failure(Exit exit, const std::string& text) : std::runtime_error(text), exit_(exit) {}
  Exit exit() const { return exit_; }

 private:
  Exit exit_;
};

}  // namespace slowlane

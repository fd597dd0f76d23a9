#pragma once

namespace slowlane {

// The whole program but for main(): reads the command line, runs the command it names, prints what is wrong with it.
// Returns the exit code (contract §1); throws nothing.
int run_cli(int argc, const char* const* argv);

}  // namespace slowlane

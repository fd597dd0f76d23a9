#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace slowlane {

// What the program says to its caller (contract §1).
enum class Exit : int {
  done = 0,
  wrong_input = 1,  // a capture or a book is wrong
  wrong_usage = 2,
  machine = 3,  // the machine could not do it
};

// One row of the table of commands. `attach` adds the command's options to its own CLI11 app and returns what runs it
// once they are parsed; the values live in what it returns. The names, options and answers of commands are contract §1.
struct Command {
  using Run = std::function<Exit()>;

  const char* name;
  const char* line;  // one line of help
  Run (*attach)(CLI::App& options);
};

}  // namespace slowlane

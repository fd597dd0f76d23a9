#pragma once

#include <cstddef>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "control/command.h"
#include "rules/result.h"

namespace slowlane {

// What `slowlane check` says of a book.
struct BookCheck {
  std::string file;
  Diagnostics mistakes;  // reading, compiling, its own `expect`; the book is right where there are none
  Diagnostics warnings;  // lint, wherever the book could be read
  std::size_t rules = 0;
  std::size_t classes = 0;
  std::size_t names = 0;  // host patterns, those of lists too
  std::size_t expectations = 0;
};

// Reads a book, compiles it, runs its `expect` lines and lints it. Changes nothing.
BookCheck check_book(const std::string& path);

enum class Verbosity : std::uint8_t { normal, quiet };
// One line for each mistake and warning, then one that sums up; quiet: the mistakes alone.
std::string print(const BookCheck& check, Verbosity verbosity);
nlohmann::ordered_json to_json(const BookCheck& check);

// `slowlane check`.
Command check_command();

}  // namespace slowlane

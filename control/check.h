#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "rules/book.h"
#include "rules/dictionary.h"
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

// What else may be wrong with a book where it is to be used.
using BookGuard = std::function<Diagnostics(const Book& book, const Dictionary& names)>;

// Reads a book, compiles it, runs its `expect` lines and lints it; `guard` may be empty. Changes nothing.
BookCheck check_book(const std::string& path, const BookGuard& guard = {});

enum class Verbosity : std::uint8_t { normal, quiet };
// Mistakes and warnings, one line each; quiet: the mistakes alone.
std::string print(const Diagnostics& mistakes, const Diagnostics& warnings, Verbosity verbosity);
// The same, then one line that sums up unless quiet.
std::string print(const BookCheck& check, Verbosity verbosity);
// "1 rule", "2 rules".
std::string counted(std::size_t count, const char* one, const char* many);

nlohmann::ordered_json to_json(const Diagnostics& diagnostics);
nlohmann::ordered_json to_json(const BookCheck& check);

}  // namespace slowlane

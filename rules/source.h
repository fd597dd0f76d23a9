#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "rules/book.h"
#include "rules/result.h"

namespace slowlane {

// How files are read, so that tests and the fuzzer need no file system. The text, or one diagnostic that says why not.
using ReadFile = std::function<Result<std::string>(const std::string& path)>;

// From the file system: a regular file or a pipe of at most 1 GiB.
Result<std::string> read_file(const std::string& path);

// `path` as a file means it that is itself named `from`: relative to the folder of that file.
std::string beside(const std::string& from, const std::string& path);

// A libconfig text with every @include replaced by the file it names, relative to the file that names it, and what
// libconfig does not tell about it: which file and line each line came from, and how its values were written.
struct Source {
  struct Line {
    std::uint32_t file = 0;  // index into `files`
    int line = 0;
  };
  // One value that is no group, list or array, in the order of the text; texts put together from several count once.
  struct Scalar {
    std::uint32_t line = 0;  // of `text`, from 1
    std::string integer;     // an integer as it was written; empty for other values
  };

  std::string text;
  std::vector<Line> lines;  // of `text`
  std::vector<Scalar> scalars;
  std::vector<std::string> files;  // paths as opened, in reading order, each once

  // Where a line of `text`, counted from 1, was written.
  Place place(std::uint32_t line) const;
  // That line, shortened, for messages.
  std::string_view shown(std::uint32_t line) const;
};

// Diagnostics: files that cannot be read or are no UTF-8, includes that never end, strings and comments that are never
// closed.
Result<Source> read_source(const std::string& path, const ReadFile& read);

}  // namespace slowlane

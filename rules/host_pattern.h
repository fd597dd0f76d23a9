#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "rules/book.h"
#include "rules/result.h"

namespace slowlane {

// A pattern without its place, or a sentence that says what was read and what to write.
using ReadHostPattern = std::variant<HostPattern, std::string>;

// Reads one host pattern as an operator writes it (contract §2 "Host patterns"): letters become lower case,
// international names A-labels. Refuses what can never be a name: empty, with spaces, scheme, port, path.
ReadHostPattern read_host_pattern(std::string_view written);

// Reads a list file: one pattern a line, '#' starts a comment at the start of a line or after a space. `file` is its
// path as messages shall name it. A list is UTF-8 and may be empty. Past a thousand mistakes the rest is only counted.
Result<HostPatterns> read_host_list(const std::string& file, std::string_view text);

}  // namespace slowlane

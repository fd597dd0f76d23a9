#pragma once

#include <string>

namespace slowlane {

// For CLI::Option::check: empty where the text is a time of at least 1 ns as books write it ("10s"), else why not. An
// empty text is none: a script's unset variable must not mean "the usual" or "for ever".
std::string not_a_time(const std::string& text);

}  // namespace slowlane

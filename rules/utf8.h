#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "rules/result.h"

namespace slowlane {

// Whether a text is UTF-8 (RFC 3629), as JSON, Prometheus and browsers want what is told of it.
bool is_utf8(std::string_view text);

// The line of a file at which it ceases to be UTF-8, and what to do about it; nothing where all of it is.
std::optional<Diagnostic> not_utf8(const std::string& file, std::string_view text);

}  // namespace slowlane

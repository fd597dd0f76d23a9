#pragma once

#include "rules/book.h"
#include "rules/result.h"

namespace slowlane {

// The part of lint that looks at host patterns.

// Globs that reach further than whoever wrote them can have meant: a short piece that may stand inside other words
// ("*t.co*" reaches reddit.com), or one that well-known names contain by accident.
Diagnostics lint_globs(const Book& book);

// Patterns that stand twice in one rule, and patterns or whole rules that earlier rules on names alone leave nothing.
Diagnostics lint_duplicates(const Book& book);

}  // namespace slowlane

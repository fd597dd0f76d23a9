#pragma once

#include "rules/book.h"
#include "rules/result.h"
#include "rules/ruleset.h"

namespace slowlane {

// What is legal but probably wrong: globs broad enough to be an accident, shadowed rules, duplicates, unused classes,
// bursts under 4 MTU, protocol names the dictionary does not know, slow facts above quick ones. Warnings, in file
// order. An empty dictionary skips the check of names.
Diagnostics lint(const Book& book, const Dictionary& dictionary);

}  // namespace slowlane

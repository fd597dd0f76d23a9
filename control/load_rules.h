#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "rules/book.h"
#include "rules/result.h"
#include "rules/ruleset.h"

namespace slowlane {

// The names of applications and categories that a book's rules may ask for: nDPI's, and none where no rule asks, for
// starting nDPI takes a while.
Dictionary application_names(const Book& book);

// Whether packets may have to wait in the box under a book, so that room for them is needed.
bool holds_packets(const Book& book);

// A book, read and compiled. `seed` takes the place of the book's own. All diagnostics at once.
Result<std::unique_ptr<const RuleSet>> load_rules(const std::string& path, std::optional<std::uint64_t> seed);

}  // namespace slowlane

#pragma once

#include <optional>
#include <string>

#include "control/name_question.h"
#include "control/published.h"

namespace slowlane {

// The box says in the open what it does: what it is, its book, each class in words with its rates, and an answer to
// "what happens to NAME?". A whole page without a script; never a word about anybody's traffic.
std::string notice_page(const Published& published, NameDesk& desk, const std::optional<std::string>& name);

}  // namespace slowlane

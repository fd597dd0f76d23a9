#pragma once

#include <nlohmann/json_fwd.hpp>

#include "control/published.h"

namespace slowlane {

// What the page asks the box for, as JSON; control/page/src/box.js names every member.

// All that changes: state, classes, rules' hits, drops, workers, ports, flows. Asked for every second.
nlohmann::ordered_json page_now(const Published& published);
// The rates of each class over the last minute, for a page that was just opened.
nlohmann::ordered_json page_history(const Published& published);
// The running book as it was written.
nlohmann::ordered_json page_book(const Published& published);

inline constexpr std::size_t kMostPageRules = 5000;  // further ones are only counted

}  // namespace slowlane

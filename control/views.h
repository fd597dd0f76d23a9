#pragma once

#include <nlohmann/json_fwd.hpp>

#include "control/box_figures.h"
#include "control/meters.h"

namespace slowlane {

// What `ctl classes` and `ctl rules` answer, and the page shows: lists, in the book's order.

// Of each class its treatments and rate as configured beside what was measured: totals, now (the last two seconds), and
// over the last minute.
nlohmann::ordered_json classes_view(const BoxFigures& figures, const Meters& meters);
// Of each rule its place, what it asks for and how often it was right. "last_hit" is null where it never was.
nlohmann::ordered_json rules_view(const BoxFigures& figures, const Meters& meters);

// "2026-11-22T03:55:00Z".
std::string print_utc(Nanos time);

}  // namespace slowlane

#pragma once

#include <string>

#include "control/published.h"

namespace slowlane {

// Everything counted, in Prometheus's text format 0.0.4: names end in their base unit, counters in _total. Labels are
// class, rule, direction, reason, port and worker, and on the information rows names, versions and digests: no host and
// no address is ever a label. Of a book with more rules, the first kMostRules are shown.
std::string metrics_text(const Published& published);

inline constexpr std::size_t kMostRules = 2000;
inline constexpr const char* kMetricsType = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace slowlane

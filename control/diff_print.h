#pragma once

#include <cstddef>
#include <limits>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "control/diff.h"

namespace slowlane {

// What changes between two books, for people; long lists of hosts are cut.
std::string print(const BookDiff& books);
// As JSON; hosts are all there are, or the first of them.
nlohmann::ordered_json to_json(const BookDiff& books, std::size_t most_hosts = std::numeric_limits<std::size_t>::max());

}  // namespace slowlane

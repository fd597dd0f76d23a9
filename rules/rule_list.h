#pragma once

#include <string_view>
#include <vector>

#include "rules/book.h"
#include "rules/sections.h"

namespace slowlane {

// Reads the rules of a book. `lists` gives the patterns that `host_list` names; `classes` are the allowed answers.
Partly<std::vector<Rule>> read_rules(const Node& section, HostLists& lists,
                                     const std::vector<std::string_view>& classes);

}  // namespace slowlane

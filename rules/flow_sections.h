#pragma once

#include "rules/book.h"
#include "rules/node.h"
#include "rules/sections.h"

namespace slowlane {

// The sections of a book that say how flows are looked at and kept. What is not written has its default.
Partly<Inspection> read_inspection(const Node& section);
Partly<FlowRules> read_flow_rules(const Node& section);

}  // namespace slowlane

#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "rules/ruleset.h"

namespace slowlane {

// The request {"command": "explain", ...}, with members as flow_options.h names them: what `slowlane explain --json`
// says of the flow, with "ok" and the digest of the book's version; with "text": true its text in place of that. From
// `rules` alone: nothing that the box saw is in it.
nlohmann::ordered_json answer_book_question(nlohmann::ordered_json request, const RuleSet& rules,
                                            const std::string& digest);

}  // namespace slowlane

#pragma once

#include "rules/book.h"
#include "rules/dictionary.h"
#include "rules/result.h"

namespace slowlane {

// The part of lint that looks at rules as wholes.

// Rules that an earlier one with the same or wider conditions leaves nothing.
Diagnostics lint_shadows(const Book& book);

// Rules on slow facts that keep quick ones below them waiting (contract §2 "How rules are read").
Diagnostics lint_delays(const Book& book);

// Protocol and category names that the dictionary does not know. An empty dictionary knows nothing and says nothing.
Diagnostics lint_protocols(const Book& book, const Dictionary& dictionary);

}  // namespace slowlane

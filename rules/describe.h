#pragma once

#include <string>

#include "rules/book.h"

namespace slowlane {

// A term's value as its key takes it, for people: `"a.com", ".b.com" and 998 more`, `10.0.0.0/8`, `443, 8000-8100`.
std::string describe(const Term& term);

}  // namespace slowlane

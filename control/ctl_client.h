#pragma once

#include <functional>
#include <string>

#include "rules/result.h"
#include "rules/units.h"

namespace slowlane {

// One request to a running box, and its answer, both without their line ends. Diagnostics: nobody serves at `socket`,
// it may not be used, no answer within `patience`.
Result<std::string> ask_box(const std::string& socket, const std::string& request, Nanos patience = 5 * kSecond);

// One request that is answered with many lines, each handed to `take` until that says false. Empty: it did.
Diagnostics follow_box(const std::string& socket, const std::string& request,
                       const std::function<bool(const std::string& line)>& take);

}  // namespace slowlane

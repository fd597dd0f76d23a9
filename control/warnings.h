#pragma once

#include <string>
#include <vector>

#include "dataplane/counters.h"
#include "hw/capture_port.h"

namespace slowlane {

// What a user should know before believing the numbers of a run, in sentences, each with its remedy where there is one.
std::vector<std::string> warnings_of(const std::vector<CaptureInput>& inputs, const Counters& counters);

}  // namespace slowlane

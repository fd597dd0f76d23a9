#pragma once

#include "control/config.h"
#include "rules/fields.h"

namespace slowlane {

// The settings of `control` that are about HTTP: http, token_file, http_names, notice. Who reaches the page from
// elsewhere than this machine must show that he may: an address that is not loopback without a token is a mistake.
void read_web(Fields& fields, ControlConfig& control);

}  // namespace slowlane

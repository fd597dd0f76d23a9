#pragma once

#include <string_view>

#include "control/box_figures.h"

namespace slowlane {

// Rules "media" (class slow) and "p2p" (observed).
inline constexpr std::string_view kTwoRules = R"(book = "b";
classes = ( { name = "slow"; police = { rate = "140kbit"; burst = "16KiB"; scope = "flow"; }; } );
rules = (
  { name = "media"; when = { host = ["*.twimg.com"]; }; then = "slow"; },
  { name = "p2p"; when = { protocol = ["BitTorrent"]; }; then = "slow"; mode = "observe"; }
);
)";

// Figures of a box with this book that has counted nothing yet.
BoxFigures figures_of(std::string_view book, Nanos time);

}  // namespace slowlane

#pragma once

#include "control/ctl_books.h"

namespace slowlane {

// `slowlane ctl top`: one page, as text or as one JSON object of the answers it is made of.
Exit top_once(const AskBox& ask, Print print);
// A page that is drawn anew every second until `q`, Ctrl-C or a signal; the terminal is left as it was found. Where
// standard input or output is no terminal: one page.
Exit top_live(const AskBox& ask);

}  // namespace slowlane

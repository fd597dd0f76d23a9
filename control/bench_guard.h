#pragma once

#include <string_view>

#include "control/config.h"
#include "rules/book.h"
#include "rules/dictionary.h"
#include "rules/result.h"

namespace slowlane {

// What keeps a model on the bench, and live records short of who visited what (contract §7). All of it holds from the
// first run and at every reload; nothing switches it off but `bench = true`, which binds the box to addresses that are
// nobody's.

// Private, shared, documentation, benchmarking, link-local or unique local space.
bool is_bench_space(const Prefix& prefix);

// A bench's inside_prefixes must be there and in such space.
Diagnostics guard_wires(const Config& config);
// Records of everything and full addresses are for benches.
Diagnostics guard_events(const Config& config);
// A book on this appliance: models, and treatments other than pass and mark of VPN, proxy and Tor applications, of
// flows with ECH or of unknown flows, are for benches. A rule counts whether it is enforced or observed; one that is
// off does not. A rule on everything singles nobody out and is allowed.
Diagnostics guard_book(const Config& config, const Book& book, const Dictionary& dictionary);

}  // namespace slowlane

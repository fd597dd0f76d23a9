#include "control/bench_cases.h"

#include <array>

namespace slowlane::bench {

std::span<const Case> cases() {
  static constexpr std::array table = {
      Case{"steady", "packets of settled flows, in random order", run_steady},
      Case{"tls", "new TLS flows, host rules only", run_new_tls},
      Case{"quic", "new QUIC flows, host rules only", run_new_quic},
      Case{"protocol", "new flows under protocol rules (nDPI)", run_new_protocol},
      Case{"hello", "reading one ClientHello", run_hello},
      Case{"hosts", "judging by 10 to 1,000,000 names; loading them", run_hosts},
      Case{"globs", "judging by 10 to 10,000 globs; loading them", run_globs},
      Case{"regexes", "judging by 10 to 10,000 regular expressions; loading them", run_regexes},
      Case{"reload", "another book under full load, 100,000 flows", run_reload},
      Case{"memory", "memory of a flow", run_memory},
      Case{"lateness", "how late shape and delay release, in virtual time", run_lateness},
  };
  return table;
}

}  // namespace slowlane::bench

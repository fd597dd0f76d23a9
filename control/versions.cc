#include "control/versions.h"

#include <string_view>

#include "dataplane/classifier.h"
#include "hw/eal.h"
#include "rules/patterns.h"

namespace slowlane {

std::array<LibraryVersion, 3> library_versions() {
  constexpr std::string_view kDpdk = "DPDK ";
  std::string dpdk = Eal::version();
  if (dpdk.starts_with(kDpdk)) dpdk.erase(0, kDpdk.size());
  return {{{"dpdk", "DPDK", dpdk},
           {"ndpi", "nDPI", Classifier::version()},
           {"hyperscan", "Hyperscan", hyperscan_version()}}};
}

}  // namespace slowlane

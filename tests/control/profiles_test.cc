#include <gmock/gmock.h>

#include <filesystem>
#include <numeric>

#include "control/config.h"
#include "hw/ports.h"

namespace slowlane {
namespace {

namespace fs = std::filesystem;

const fs::path kProfiles = fs::path(SLOWLANE_SOURCE) / "hw/profiles";

// A machine with cores enough for every profile.
Machine large() {
  Machine machine;
  machine.cores.resize(16);
  std::iota(machine.cores.begin(), machine.cores.end(), 0u);
  return machine;
}

TEST(Profiles, AreAppliancesWithoutAMistake) {
  unsigned profiles = 0;
  for (const auto& entry : fs::directory_iterator(kProfiles)) {
    SCOPED_TRACE(entry.path());
    const Result<Config> config = load_config(entry.path(), large());
    if (!config)
      for (const Diagnostic& one : config.diagnostics()) ADD_FAILURE() << one.print();
    ++profiles;
  }
  EXPECT_GE(profiles, 8u);
}

TEST(Profiles, AskForOneWorkerAQueueAtMost) {
  for (const auto& entry : fs::directory_iterator(kProfiles)) {
    SCOPED_TRACE(entry.path());
    const Result<Config> config = load_config(entry.path(), large());
    ASSERT_TRUE(config);
    for (const PortConfig& port : config->ports) EXPECT_LE(port.spec.queues, config->cores.workers.size());
  }
}

}  // namespace
}  // namespace slowlane

#include "tests/support/eal_environment.h"

#include <sched.h>

namespace slowlane {

void EalEnvironment::SetUp() {
  cpu_set_t allowed;
  if (sched_getaffinity(0, sizeof(allowed), &allowed) == 0) processors_before_ = CPU_COUNT(&allowed);
  eal_ = std::make_unique<Eal>(kMemory);
}

void EalEnvironment::TearDown() { eal_.reset(); }

}  // namespace slowlane

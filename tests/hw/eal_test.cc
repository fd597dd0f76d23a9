#include "hw/eal.h"

#include <rte_lcore.h>
#include <sched.h>

#include <string>
#include <thread>

#include "tests/support/eal_environment.h"

namespace slowlane {
namespace {

TEST(Eal, SaysInOneSentenceThatItRunsAlready) {
  try {
    const Eal second;
    FAIL() << "DPDK started twice";
  } catch (const EalError& error) {
    EXPECT_STREQ(error.what(), "DPDK does not start: it was started in this process before");
  }
}

TEST(Eal, LeavesTheCallerOnAllItsProcessors) {
  cpu_set_t allowed;
  ASSERT_EQ(sched_getaffinity(0, sizeof(allowed), &allowed), 0);
  EXPECT_EQ(CPU_COUNT(&allowed), kEalEnvironment->processors_before());
}

TEST(Eal, RunsOnOneCoreOfItsOwn) { EXPECT_EQ(rte_lcore_count(), 1u); }

TEST(Eal, MakesAThreadItsOwnForAsLongAsItIsAsked) {
  std::thread([] {
    EXPECT_EQ(rte_lcore_id(), unsigned{LCORE_ID_ANY});
    {
      const EalThread thread;
      EXPECT_NE(rte_lcore_id(), unsigned{LCORE_ID_ANY});
      const EalThread again;
      EXPECT_NE(rte_lcore_id(), unsigned{LCORE_ID_ANY});
    }
    EXPECT_EQ(rte_lcore_id(), unsigned{LCORE_ID_ANY});
  }).join();
}

TEST(Eal, NamesItsVersion) { EXPECT_EQ(std::string(Eal::version()).rfind("DPDK ", 0), 0u); }

}  // namespace
}  // namespace slowlane

#pragma once

#include <memory>
#include <vector>

#include "control/config.h"
#include "control/core_loop.h"
#include "control/flow_reporter.h"
#include "control/live_book.h"
#include "dataplane/clock.h"
#include "dataplane/commons.h"
#include "dataplane/events.h"
#include "dataplane/mailbox.h"
#include "dataplane/worker.h"
#include "hw/cores.h"
#include "hw/eal.h"
#include "hw/live_port.h"
#include "hw/pool.h"
#include "rules/result.h"

namespace slowlane {

// One worker and what goes with it. Where it lives, it stays: others point at it.
struct Core {
  std::unique_ptr<Mailbox> mailbox;
  std::unique_ptr<FlowEvents> events;
  std::unique_ptr<FlowReporter> reporter;
  std::unique_ptr<Worker> worker;
  std::unique_ptr<CoreLoop> loop;
};

// A box as built: everything that an appliance file asks for, in the order in which it is made; taken down in reverse.
struct Appliance {
  Config config;
  Clock clock;
  std::unique_ptr<Eal> eal;
  std::unique_ptr<PacketPool> pool;
  std::vector<std::unique_ptr<LivePort>> ports;  // as in config.ports
  std::unique_ptr<LiveBook> book;
  Plan plan;  // who reads, and sends through, which queue
  std::unique_ptr<Commons> commons;
  std::vector<Core> cores;
  Nanos started = 0;
};

// Builds a box that begins with these rules: opens its ports, makes its workers. Nothing moves until the loops are
// started.
// Diagnostics: whatever stands in the way, all that can be known at once.
Result<std::unique_ptr<Appliance>> build_appliance(Config config, std::unique_ptr<const RuleSet> rules);

}  // namespace slowlane

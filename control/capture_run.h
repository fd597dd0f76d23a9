#pragma once

#include <memory>
#include <string>
#include <vector>

#include "dataplane/snapshot.h"
#include "dataplane/witness.h"
#include "dataplane/worker.h"
#include "hw/capture_port.h"
#include "hw/pool.h"
#include "rules/ip.h"

namespace slowlane {

// Captures sent through rules whose classes do nothing, packet by packet, for commands that ask what flows are and not
// what becomes of them: every packet is done, and its flow as it was right behind that packet, when the witness hears
// of it. Writes nothing.
class CaptureRun {
 public:
  // Throws Failure where a file is no capture. `pool` and `witness` must outlive the run.
  CaptureRun(const std::vector<std::string>& files, std::unique_ptr<const RuleSet> rules,
             const std::vector<Prefix>& inside, PacketPool& pool, Witness& witness);

  // Moves on by one packet. False: there is none.
  bool step();
  // Ends every flow; the witness hears of them.
  void finish() { worker_.finish(); }

  const RuleSet& rules() const { return *snapshot_->rules; }
  const Worker& worker() const { return worker_; }

 private:
  std::unique_ptr<CapturePort> port_;
  std::unique_ptr<const Snapshot> snapshot_;
  Worker worker_;
};

// A book's rules with its classes' treatments and its expectations taken away. Throws Failure with every mistake.
std::unique_ptr<const RuleSet> load_untreated(const std::string& book);

}  // namespace slowlane

#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "control/annotate.h"
#include "control/class_stats.h"
#include "control/flow_rows.h"
#include "control/packets.h"
#include "control/replay_options.h"
#include "control/series.h"
#include "control/top_names.h"
#include "dataplane/witness.h"
#include "dataplane/worker.h"
#include "hw/capture_writer.h"

namespace slowlane {

// Everything that hangs on a replay: told about packets and flows by the worker, it feeds the outputs that were asked
// for; the others cost nothing. Files appear with commit().
class ReplayOutputs : public Witness {
 public:
  // Opens all outputs, so that what cannot be written is known before the run. `start` is the first arrival. Throws
  // Failure.
  ReplayOutputs(const ReplayOptions& options, const RuleSet& rules, Nanos start);
  // Must come before the first packet: names and applications are the worker's.
  void attach(const Worker& worker);

  void packet_done(const Packet& packet, Fate fate) noexcept override;
  void flow_done(const Flow& flow, FlowEnd why) noexcept override;
  // The run is over after so many packets. Throws Failure.
  void commit(std::uint64_t packets, const std::string& report);

  CaptureWriter* leaving() { return leaving_.get(); }  // null: not asked for
  const std::vector<ClassTimes>& times() const { return times_; }
  const TopNames& names() const { return names_; }

 private:
  const ReplayOptions& options_;
  const RuleSet& rules_;
  const Names* name_texts_ = nullptr;
  std::vector<ClassTimes> times_;
  TopNames names_;
  ReceptionOrder order_;
  std::unique_ptr<CaptureWriter> leaving_;
  std::unique_ptr<CaptureWriter> dropped_;
  std::unique_ptr<Annotator> annotator_;
  std::optional<Output> report_file_;
  std::optional<Output> flows_file_;
  std::optional<Output> series_file_;
  std::optional<Output> packets_file_;
  std::optional<FlowRows> flows_;
  std::optional<Series> series_;
  std::optional<PacketRows> packets_;
};

}  // namespace slowlane

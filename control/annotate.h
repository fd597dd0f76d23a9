#pragma once

#include <memory>
#include <string>
#include <vector>

#include "control/packet_record.h"
#include "hw/capture_reader.h"
#include "hw/capture_writer.h"
#include "rules/ruleset.h"

namespace slowlane {

// --annotate: the capture as it was, with a pcapng comment on each packet that says what became of it. Reads the
// captures a second time, in step with the records, so that nothing has to be kept of packets that are held or
// rewritten.
class Annotator : public RecordSink {
 public:
  // Throws Failure.
  Annotator(const std::string& path, const std::vector<std::string>& captures, const RuleSet& rules);

  void record(const PacketRecord& record) noexcept override;
  // The run is over after so many packets: those without a record are still held. Throws Failure.
  void commit(std::uint64_t packets);

  // "frame=12 fate=dropped reason=police class=slow rule=media"
  static std::string comment(const PacketRecord& record, const RuleSet& rules);

 private:
  const CapturedFrame* next_frame() noexcept;
  void write_held(std::uint64_t before) noexcept;
  void write(const CapturedFrame& frame, Side side, const std::string& comment) noexcept;

  std::vector<std::unique_ptr<CaptureReader>> readers_;
  std::unique_ptr<CaptureWriter> writer_;
  const RuleSet& rules_;
  std::size_t current_ = 0;
  std::uint64_t read_ = 0;  // frames, over all captures
};

}  // namespace slowlane

#pragma once

#include "dataplane/flow.h"
#include "dataplane/packet.h"

namespace slowlane {

// What became of a packet.
struct Fate {
  bool sent = true;
  DropReason reason = DropReason::police;  // of what was not sent
};

enum class FlowEnd : std::uint8_t { idle, new_syn, closed, hold_over, evicted, end_of_run };

// Who is told about every packet and flow of a run: replay's outputs, and later the events of a box. Called by the
// worker, in its thread, in order; must not keep the references.
class Witness {
 public:
  virtual ~Witness() = default;
  // Once per packet, when its fate is certain: at `packet.departure`. Its bytes are as they leave.
  virtual void packet_done(const Packet& packet, Fate fate) noexcept = 0;
  // Called with its first packet, before that is looked at.
  virtual void flow_begun(const Flow&) noexcept {}
  // Its verdict has become final.
  virtual void flow_settled(const Flow&) noexcept {}
  virtual void flow_done(const Flow& flow, FlowEnd why) noexcept = 0;
};

}  // namespace slowlane

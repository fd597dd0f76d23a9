#pragma once

#include "dataplane/events.h"
#include "dataplane/witness.h"
#include "dataplane/worker.h"

namespace slowlane {

// What a live worker tells of its flows: events, for control to write down. In the worker's thread.
class FlowReporter final : public Witness {
 public:
  explicit FlowReporter(FlowEvents& events) : events_(events) {}
  // Before the first turn; must outlive it.
  void attach(const Worker& worker) { worker_ = &worker; }

  void packet_done(const Packet&, Fate) noexcept override {}
  void flow_begun(const Flow& flow) noexcept override { events_.begun(flow, worker_->names(), worker_->now()); }
  void flow_settled(const Flow& flow) noexcept override { events_.classified(flow, worker_->names(), worker_->now()); }
  void flow_done(const Flow& flow, FlowEnd why) noexcept override {
    events_.ended(flow, worker_->names(), why, worker_->now());
  }

 private:
  FlowEvents& events_;
  const Worker* worker_ = nullptr;
};

}  // namespace slowlane

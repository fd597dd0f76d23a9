#pragma once

#include <string>
#include <unordered_map>

#include "control/flow_record.h"
#include "control/rows.h"

namespace slowlane {

// --flows: one record a flow, as JSON lines or CSV, when it ends.
class FlowRows {
 public:
  // The context's parts must outlive the rows.
  FlowRows(Output& out, RowFormat format, const FlowContext& context);

  // Notes what only a packet tells: the ICMP message that began its flow.
  void packet(const Packet& packet) noexcept;
  void flow(const Flow& flow, FlowEnd why) noexcept;

 private:
  Output& out_;
  RowFormat format_;
  FlowContext context_;
  std::unordered_map<std::uint64_t, IcmpHead> icmp_;  // by flow id, until the flow ends
};

}  // namespace slowlane

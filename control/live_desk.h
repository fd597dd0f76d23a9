#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "control/appliance.h"
#include "control/flow_lists.h"
#include "control/flow_question.h"
#include "control/live_record.h"
#include "control/mail_room.h"
#include "control/name_board.h"
#include "control/reply.h"
#include "control/traces.h"

namespace slowlane {

// What can be seen of a running box's flows and packets while they run: lists, one trace, events as they come, busy
// names. Control's thread; the box outlives it.
class LiveDesk {
 public:
  explicit LiveDesk(Appliance& box);

  // A refusal now, or an answer, or lines, later.
  Reply flows(const nlohmann::ordered_json& request);
  Reply trace(const nlohmann::ordered_json& request, Nanos now);
  Reply watch(const nlohmann::ordered_json& request);

  // Every event that a worker told, and its record where somebody wants that one.
  void note(const FlowEvent& event, const LiveContext& context, Nanos now);
  bool watched();
  void tell(const std::string& record);

  // Reads what workers answered.
  void step(Nanos now);
  // Whether somebody waits for workers: control should look again soon.
  bool busy() const { return lists_.busy() || traces_.running(); }

  // Of a class, the busiest first.
  std::vector<BusyName> names(std::string_view cls) const { return names_.top(cls, kNames); }

 private:
  static constexpr std::size_t kNames = 10;

  QuestionContext question() const;
  LiveContext live() const;

  Appliance& box_;
  MailRoom mail_;
  FlowLists lists_;
  Traces traces_;
  NameBoard names_;
  std::vector<std::string> wires_;
  std::vector<std::shared_ptr<Feed>> watchers_;
};

}  // namespace slowlane

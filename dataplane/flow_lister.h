#pragma once

#include <array>
#include <cstdint>

#include "dataplane/flow_table.h"
#include "dataplane/mailbox.h"
#include "dataplane/names.h"

namespace slowlane {

// Lists a worker's flows for control, a few records a turn: it walks all of them once, keeps the first of those that
// fit, and then tells them as fast as control reads. What happens to flows meanwhile is seen where it was not passed
// yet. Allocates nothing.
class FlowLister {
 public:
  FlowLister(FlowTable& table, const Names& names, std::uint16_t worker)
      : table_(table), names_(names), worker_(worker) {}

  void begin(const Request& request) noexcept;
  bool busy() const noexcept { return state_ != State::idle; }
  // Visits at most `budget` records, or tells of at most that many flows. Returns how many: 0 where there is nothing
  // to do or no room for answers.
  std::uint32_t step(std::uint32_t budget, Mailbox& mailbox, Nanos now) noexcept;

 private:
  enum class State : std::uint8_t { idle, walking, telling };
  struct Pick {
    std::uint64_t rank = 0;  // the larger, the earlier it is told
    std::uint64_t id = 0;    // of the flow: its record may be another's by now
    std::uint32_t index = 0;
  };

  std::uint32_t walk(std::uint32_t budget) noexcept;
  std::uint32_t tell(std::uint32_t budget, Mailbox& mailbox, Nanos now) noexcept;
  void pick(const Flow& flow, std::uint32_t index) noexcept;
  bool tell_end(Mailbox& mailbox) noexcept;

  FlowTable& table_;
  const Names& names_;
  const std::uint16_t worker_;
  State state_ = State::idle;
  Request request_;
  std::uint32_t next_ = 0;  // record to visit, then pick to tell
  std::uint32_t visited_ = 0;
  std::uint32_t matched_ = 0;
  std::uint32_t picked_ = 0;
  std::array<Pick, Request::kMostFlows> picks_{};  // while walking a heap, its lowest rank first
};

}  // namespace slowlane

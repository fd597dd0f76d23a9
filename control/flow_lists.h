#pragma once

#include <cstdint>
#include <deque>
#include <future>
#include <optional>
#include <string>
#include <vector>

#include "control/live_record.h"
#include "control/mail_room.h"

namespace slowlane {

// Lists of a box's flows: asked of all workers, put together when the last has answered. One at a time; a few wait.
// Nobody waits for a worker: answers are promised. Control's thread.
class FlowLists {
 public:
  static constexpr std::size_t kMostWaiting = 8;
  static constexpr Nanos kPatience = 10 * kSecond;  // for the workers; then what is there is told, and said to be part

  explicit FlowLists(MailRoom& mail) : mail_(mail) {}

  // The answer, one line without its end. `request` was read by read_flows().
  std::future<std::string> ask(const Request& request);
  // An answer of a worker; others' are passed over. `context`: what its numbers mean.
  void take(std::size_t worker, const Answer& answer, const LiveContext& context);
  // Begins what waits, ends what takes too long.
  void step(Nanos now);
  bool busy() const { return active_.has_value() || !waiting_.empty(); }

 private:
  struct List {
    Request request;
    std::promise<std::string> promise;
    Nanos until = 0;
    std::size_t open = 0;  // workers that have not ended
    std::uint64_t visited = 0;
    std::uint64_t matched = 0;
    struct Row {
      std::uint64_t rank = 0;
      std::string record;
    };
    std::vector<Row> rows;
  };

  void finish();

  MailRoom& mail_;
  std::deque<List> waiting_;
  std::optional<List> active_;
};

}  // namespace slowlane

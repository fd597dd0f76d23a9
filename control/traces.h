#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <utility>

#include "control/feed.h"
#include "control/mail_room.h"
#include "control/trace_record.h"

namespace slowlane {

// The trace of a box: one at a time, bounded in packets and time, over when its client goes. Control's thread.
class Traces {
 public:
  static constexpr Nanos kLongest = 60 * kSecond;

  explicit Traces(MailRoom& mail) : mail_(mail) {}

  // Null: one runs already. `request` was read by read_trace(); `how`: addresses that it shows.
  std::shared_ptr<Feed> begin(const Request& request, Nanos lasts, Addresses how, Nanos now);
  // An answer of a worker; others' are passed over. context.began is this trace's.
  void take(std::size_t worker, const Answer& answer, const TraceContext& context);
  // Ends it where its time is over, its packets are all told, or nobody reads it any more.
  void step(const TraceContext& context, Nanos now);
  bool running() const { return feed_ != nullptr; }
  Nanos began() const { return began_; }
  const FlowFilter& asked() const { return request_.filter; }

 private:
  using Key = std::pair<std::size_t, std::uint32_t>;  // worker and packet

  void tell(const nlohmann::ordered_json& record);
  void end(const char* why, const TraceContext& context);

  MailRoom& mail_;
  std::shared_ptr<Feed> feed_;  // null: none runs
  Request request_;
  Nanos began_ = 0;
  Nanos until_ = 0;
  std::uint32_t begun_ = 0;  // packets
  std::uint32_t told_ = 0;
  std::map<std::size_t, std::uint32_t> missed_;  // by worker
  std::map<Key, Answer> open_;                   // packets whose fate is not known
};

}  // namespace slowlane

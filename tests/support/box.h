#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "control/live_book.h"
#include "dataplane/worker.h"
#include "tests/support/loose_packet.h"
#include "tests/support/packet_builder.h"

namespace slowlane {

// A book from its text; throws std::runtime_error with every diagnostic.
Book book_of(std::string_view text);
std::unique_ptr<const RuleSet> rules_of(std::string_view text, const Dictionary& dictionary = {});

// Pools as small as a test needs them.
Worker::Config small_config();

// A worker on a one-armed wire, driven in virtual time: frames arrive when the test says, and everything that became
// of them is there to be looked at. run() ends by itself and checks conservation.
class Box {
 public:
  explicit Box(std::string_view book);
  Box(std::string_view book, const Worker::Config& config, std::vector<Prefix> inside = {});
  Box(std::shared_ptr<const Snapshot> snapshot, const Worker::Config& config, std::vector<Prefix> inside = {});
  ~Box();

  // Arrivals must not go back in time. `wire_length` 0: as long as the frame.
  Box& arrive(Nanos at, const Bytes& frame, std::uint32_t wire_length = 0);
  Box& arrive(Nanos at, const Frame& frame) { return arrive(at, frame.build()); }
  // Another book from `at` on. Times must not go back.
  Box& reload(Nanos at, std::string_view book);
  // Everything arrives, what is held leaves, all flows end.
  void run();

  struct Seen {  // one packet; index = order of arrival
    bool sent = false;
    DropReason reason = DropReason::police;
    Nanos in = 0;
    Nanos out = 0;
    Side side = Side::inside;
    std::uint64_t flow = 0;
    std::string cls;
    Bytes bytes;
  };
  struct Ended {
    Flow flow;
    FlowEnd why = FlowEnd::idle;
    std::string cls;
    std::string rule;  // "" where none decided
    std::vector<std::string> hosts;
    std::string protocol;
  };
  const std::vector<Seen>& packets() const;
  const std::vector<std::uint64_t>& order() const;  // numbers (from 1) in the order in which they left
  const std::vector<Ended>& flows() const;          // in the order in which they ended
  const Ended& flow_of(std::uint64_t id) const;
  const std::vector<std::string>& refused() const;  // why reloads were
  const std::vector<std::string>& settled() const;  // classes, as witnesses were told of them
  LiveBook& book();                                 // of boxes made from a text
  Worker& worker();
  std::string host_of(std::size_t flow_index) const;  // deciding or last name; ""
  std::size_t sent() const;
  std::size_t dropped(DropReason reason) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace slowlane

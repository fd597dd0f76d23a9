#pragma once

#include <cstdint>

#include "dataplane/events.h"
#include "dataplane/flow_filter.h"
#include "dataplane/parse.h"
#include "dataplane/spsc_ring.h"

namespace slowlane {

// By what the first of many flows are chosen: the most bytes, the most packets, the oldest.
enum class FlowOrder : std::uint8_t { bytes, packets, age };

// What control asks of a worker. A new listing takes the place of one that runs, a new trace likewise.
struct Request {
  enum class Kind : std::uint8_t { list, trace, stop_trace };
  static constexpr std::uint16_t kMostFlows = 1000;
  static constexpr std::uint16_t kMostPackets = 1000;

  Kind kind = Kind::list;
  std::uint32_t number = 0;  // its answers carry it
  FlowFilter filter;
  FlowOrder order = FlowOrder::bytes;  // of a listing
  std::uint16_t most = 0;              // flows of a listing, packets of a trace; at most the above
};

// One packet's way through a worker while it is traced: when its verdict was asked for, and again when its fate is
// certain.
struct TraceStep {
  static constexpr std::uint64_t kNoBucket = ~std::uint64_t{0};

  std::uint32_t packet = 0;  // of this worker, from 1 on; both answers about it have the same
  std::uint8_t wire = 0;
  Side side = Side::inside;
  bool has_flow = false;  // false: no table had room for one
  bool is_new = false;    // the flow begins with it
  bool was_open = false;  // the flow was looked at, or judged
  bool trigger = false;   // it brought the verdict
  bool sender_is_low = false;
  bool client_is_low = false;
  FlowKey key;
  Headers headers;
  Nanos arrival = 0;
  // Of its fate.
  bool sent = false;
  DropReason reason = DropReason::police;
  bool marked = false;
  bool reset = false;
  ClassId cls = kPass;  // it was treated by
  Nanos departure = 0;
  std::uint64_t bucket_bytes = kNoBucket;  // left in the bucket of the class's policer
  std::uint64_t bucket_burst = 0;          // what that bucket holds when full
  std::uint32_t flow_waits = 0;            // packets of the flow, in its direction, that are held
  std::uint32_t class_waits = 0;           // packets in the class's queue, where all flows share one
};

// One answer: plain bytes that belong to nobody.
struct Answer {
  enum class Kind : std::uint8_t {
    flow,    // one of the first
    listed,  // all that were found were told
    step,    // a packet came; `event` has the flow as it is after it was judged, where it has one
    fate,    // what became of it
    missed,  // `missed` alone: it grew, and no other answer came since to say so
  };

  Kind kind = Kind::flow;
  std::uint32_t number = 0;  // of the request
  FlowEvent event;
  std::uint32_t visited = 0;  // of listed: flows there were
  std::uint32_t matched = 0;  // of listed: flows that fit
  std::uint32_t missed = 0;   // of step, fate and missed: answers that found no room so far
  TraceStep step;
};

// Between control and one worker: one writes what the other reads. Made by control before the worker, outlives it.
class Mailbox {
 public:
  static constexpr std::uint32_t kRequests = 8;
  static constexpr std::uint32_t kAnswers = 256;  // about 2 KB each

  Mailbox() : requests(kRequests), answers(kAnswers) {}

  SpscRing<Request> requests;  // control's
  SpscRing<Answer> answers;    // the worker's
};

}  // namespace slowlane

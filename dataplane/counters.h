#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "dataplane/parse.h"

namespace slowlane {

// Why a packet did not leave. Every way to lose a packet has a row here; the conservation test fails without one.
enum class DropReason : std::uint8_t {
  police,            // its token bucket was empty
  over_burst,        // longer than its bucket is deep
  lose,              // a random draw
  drop,              // the drop treatment, its hold included
  reset,             // another transport under the reset treatment
  allow,             // the budget is spent
  queue_full,        // the class's queue
  held_full,         // the box's bound on held packets (memory.held)
  cannot_rewrite,    // mark or reset inside an encapsulation that cannot be rewritten
  fragment_limit,    // fragments = "hold": more fragments than the limit
  fragment_timeout,  // fragments = "hold": the datagram never became complete
  tx_full,           // the port did not take it
  spread_full,       // the ring to the worker that it belongs to, or that sends it
  tap,               // it came in on a tap, which never sends
  count
};
const char* name_of(DropReason reason);
inline constexpr std::size_t kDropReasons = static_cast<std::size_t>(DropReason::count);

// Why a flow shows no server name.
enum class NotFound : std::uint8_t {
  none,            // it does
  no_payload,      // nothing was sent
  not_recognised,  // no TLS, QUIC, HTTP or DNS
  no_sni,          // a ClientHello without a name
  no_host,         // an HTTP request without Host
  malformed_hello,
  incomplete,    // the hello or request never became whole
  encrypted,     // picked up behind the handshake
  quic_version,  // a QUIC version whose keys are not known
  quic_keys,     // an Initial that did not decrypt
  midstream,     // flows.midstream = false
  budget,        // max_packets or max_bytes was spent
  no_memory,     // no assembler was free
  unsupported_transport,
  count
};
const char* name_of(NotFound reason);

// Everything else that is counted, one row each; names are those of the report and of `ctl counters`.
enum class Counter : std::uint8_t {
  received_packets,
  received_bytes,
  sent_packets,
  sent_bytes,
  cut_bytes,
  marked_packets,
  reset_packets,
  not_ip,
  truncated,
  offloaded,
  time_backwards,
  bypassed_packets,
  elsewhere_packets,
  spread_packets,
  flows_begun,
  flows_ended,
  flows_evicted,
  unjudged_packets,
  unjudged_flows,
  fragments_followed,
  fragments_early,
  fragments_no_room,
  judged,
  not_inspected,
  looks_no_memory,
  names_no_memory,
  probes_no_memory,
  hosts_no_memory,
  queues_no_memory,
  states_no_memory,
  count
};
const char* name_of(Counter counter);

// One number with one writer (its worker) and any readers: no locked instruction on the writer's side.
class Count {
 public:
  void add(std::uint64_t n = 1) noexcept {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  // For what is no count: the last of something.
  void set(std::uint64_t value) noexcept { value_.store(value, std::memory_order_relaxed); }
  // For what was counted too early.
  void take_back(std::uint64_t n) noexcept { add(~n + 1); }
  std::uint64_t read() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

// What one worker counted. Written by the worker alone, read by control at any time.
struct alignas(64) Counters {
  template <class Enum>
  using Row = std::array<Count, static_cast<std::size_t>(Enum::count)>;

  Row<Counter> plain;
  Row<DropReason> dropped_packets;
  Row<DropReason> dropped_bytes;
  Row<Malformed> malformed;
  Row<NotFound> not_found;  // flows

  Count& operator[](Counter counter) { return plain[static_cast<std::size_t>(counter)]; }
  const Count& operator[](Counter counter) const { return plain[static_cast<std::size_t>(counter)]; }
};

}  // namespace slowlane

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "dataplane/bucket.h"
#include "dataplane/counters.h"
#include "dataplane/names.h"
#include "dataplane/parse.h"
#include "dataplane/quic.h"
#include "rules/facts.h"
#include "rules/verdict.h"

namespace slowlane {

// Up is from the inside to the outside.
enum class Direction : std::uint8_t { up, down };
constexpr std::size_t at(Direction direction) { return static_cast<std::size_t>(direction); }

// How a flow's initiator was found (contract §3).
enum class ClientBy : std::uint8_t { syn, syn_ack, port, first };

// How the deciding (or last) name was found.
enum class FoundBy : std::uint8_t { none, whole, segments, records, initials };

// Which idle time a flow is under, and which of the table's lists it stands in.
enum class IdleClass : std::uint8_t { syn, udp, established };
inline constexpr std::size_t kIdleClasses = 3;

inline constexpr std::uint32_t kNoIndex = 0xffffffff;

// Packets of one direction of one flow that the shaper holds. Written by the shaper.
struct HeldState {
  std::uint32_t shaped = 0;        // packets in a shape queue
  std::uint32_t delayed = 0;       // packets in the delay line
  std::uint32_t queue = kNoIndex;  // the shape queue they are in, or the flow's own one
  Nanos last_due = 0;              // of the delay line: later packets are due no earlier
};

// One conversation, owned by one core, the same entry for both directions. A packet of a settled flow touches the
// first 128 bytes to be judged and treated, and the 64 after them, which its record is counted in.
struct alignas(64) Flow {
  // --- hot
  FlowKey key;
  Nanos last = 0;                        // arrival of the last packet
  std::array<Bucket, 2> police;          // flow-scoped police of the class in force
  std::array<std::uint64_t, 2> bytes{};  // IP bytes, per direction
  std::array<std::uint32_t, 2> packets{};
  std::uint32_t generation = 0;  // of the snapshot that judged it
  ClassId cls = kPending;
  RuleId rule = kNoRule;
  std::uint32_t state = kNoIndex;  // treatment state, where the class needs more than the buckets above
  std::uint32_t newer = kNoIndex;  // links of the table's idle lists
  std::uint32_t older = kNoIndex;
  std::uint32_t listed_at = 0;    // seconds; when it was last moved in its list
  bool client_is_low : 1 = true;  // the initiator is key.low
  bool client_inside : 1 = true;
  bool looking : 1 = true;             // the inspector still looks
  bool settled : 1 = false;            // the verdict is final
  bool wants_application : 1 = false;  // of the last verdict
  bool wants_payload : 1 = false;
  bool holding : 1 = false;  // a hold is running, or packets are held: neither expires nor is evicted
  bool had_payload : 1 = false;
  IdleClass idle = IdleClass::syn;
  std::uint8_t tcp_seen = 0;  // TcpFlags seen, both directions
  std::uint8_t observed_count = 0;
  std::uint8_t connection = 0;     // how far a TCP connection got, written by flow_keeper
  bool asked_application = false;  // the books that judged it so far asked for these
  bool asked_payload = false;
  bool inherited_hold = false;  // its class is that of a hold which an earlier connection began

  // --- cold: facts, inspection and the record
  alignas(64) std::uint64_t id = 0;
  std::array<Nanos, 2> last_of{};  // arrival of the last packet per direction
  std::array<Nanos, 2> longest_gap{};
  std::uint64_t last_frame = 0;
  Nanos first = 0;
  std::uint64_t first_frame = 0;
  std::uint16_t first_capture = 0;   // index of the capture file of its first packet
  Side trigger_side = Side::inside;  // of the packet that brought the verdict
  std::array<std::uint64_t, 2> dropped_bytes{};
  std::array<std::uint32_t, 2> dropped_packets{};
  std::array<std::uint32_t, 2> delayed_packets{};
  std::array<Nanos, 2> delay_max{};
  std::array<Nanos, 2> first_drop{-1, -1};  // -1: none
  std::array<HeldState, 2> held{};
  std::array<RuleId, Verdict::kMaxObserved> observed{};
  std::array<std::uint32_t, Verdict::kMaxObserved> shadow{kNoIndex, kNoIndex, kNoIndex, kNoIndex};

  static constexpr std::size_t kMaxNames = 4;
  std::array<NameId, kMaxNames> names{};
  std::array<NameSource, kMaxNames> name_sources{};
  std::uint8_t name_count = 0;
  std::uint8_t deciding_name = 0xff;  // index of the name that decided
  std::uint8_t spoken = 0xff;         // NameSource of the protocol that our readers recognised
  FoundBy found = FoundBy::none;
  NotFound not_found = NotFound::no_payload;
  ClientBy client_by = ClientBy::first;
  bool midstream = false;
  bool more_names = true;
  Known ech = Known::not_yet;
  Known quic = Known::not_yet;
  Known application = Known::not_yet;
  Known payload = Known::not_yet;
  std::uint32_t quic_version = 0;
  std::uint32_t payload_size = 0;
  ProtocolId master = kUnknownProtocol;
  ProtocolId app = kUnknownProtocol;
  std::uint16_t category = 0;
  std::array<std::uint16_t, 4> vlans{};
  std::uint8_t vlan_count = 0;
  std::array<Encap, 8> encaps{};
  std::uint8_t encap_count = 0;

  // Classes that counted it among their flows, by serial; the last few, so that a book that is taken back counts none
  // twice.
  static constexpr std::uint32_t kPassSerial = 0;  // "pass" is the first class of every run
  std::array<std::uint32_t, 4> counted_in{kNoIndex, kNoIndex, kNoIndex, kNoIndex};

  std::uint64_t trigger_frame = 0;  // the packet that brought the verdict
  Nanos trigger_time = -1;
  std::uint32_t drawn_after = kNoIndex;   // after_packets as drawn
  std::uint32_t drawn_window = kNoIndex;  // max_packets as drawn

  // Looking.
  std::array<std::uint32_t, 2> next_seq{};  // per direction, client first: where the reader stands
  std::array<bool, 2> seq_known{};
  std::array<std::uint32_t, 2> assembler{kNoIndex, kNoIndex};
  std::uint16_t inspected_packets = 0;
  std::uint16_t probed_packets = 0;
  std::uint32_t inspected_bytes = 0;
  std::uint32_t probe = kNoIndex;         // nDPI's struct, while it is asked
  std::uint32_t kept_payload = kNoIndex;  // copy of the first payload, while rules wait for other facts
  std::uint32_t first_syn_seq = 0;        // of the initiator
  std::array<std::uint32_t, 2> fin_seq{};
  QuicReader::ConnectionId quic_id;

  // Of `connection`: the outside began it too (fact G2).
  static constexpr std::uint8_t kOutsideBegan = 32;
  Side initiator() const { return client_inside && (connection & kOutsideBegan) == 0 ? Side::inside : Side::outside; }
  const Address& client() const { return client_is_low ? key.low : key.high; }
  const Address& server() const { return client_is_low ? key.high : key.low; }
  std::uint16_t client_port() const { return client_is_low ? key.low_port : key.high_port; }
  std::uint16_t server_port() const { return client_is_low ? key.high_port : key.low_port; }
  const Address& inside_address() const { return client_inside ? client() : server(); }
  std::uint64_t packet_count() const { return std::uint64_t{packets[0]} + packets[1]; }
};
static_assert(offsetof(Flow, id) == 128, "the hot part is two cache lines");
static_assert(sizeof(Flow) == 512, "memory for a million flows");

}  // namespace slowlane

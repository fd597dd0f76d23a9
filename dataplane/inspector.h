#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "dataplane/classifier.h"
#include "dataplane/counters.h"
#include "dataplane/first_flight.h"
#include "dataplane/flow.h"
#include "dataplane/names.h"
#include "dataplane/packet.h"
#include "dataplane/pool.h"
#include "rules/book.h"
#include "rules/ruleset.h"

namespace slowlane {

// Turns payload into facts, within a book's budget of packets and bytes, and says when it is done. One per worker.
// Server names come from our own readers, on every flow; nDPI is fed only while a flow's verdict still wants it.
class Inspector {
 public:
  struct Pools {
    std::uint32_t looks = 4096;     // flows whose first bytes are being put in order
    std::uint32_t payloads = 4096;  // flows whose first payload is kept until they are judged
  };
  // `classifier` may be null: nothing asks nDPI. `names` and `counters` are the worker's.
  Inspector(const Pools& pools, Names& names, Classifier* classifier, Counters& counters);

  // Sets what the first packet of a flow decides: which facts will never come.
  void begin(Flow& flow, const Needs& needs) noexcept;
  // The flow goes on under another book: what that asks for is looked for where there still is time; where there is
  // not, it stays absent, and the flow is counted as not inspected for it.
  void renew(Flow& flow, const Needs& needs) noexcept;
  // Looks at one packet of a flow that is `looking`; `from_client` by the flow's reckoning, `seed` of random draws.
  // True: the flow's facts grew, or looking ended.
  bool look(Flow& flow, const Packet& packet, bool from_client, const Inspection& how, std::uint64_t seed) noexcept;
  // The facts of a flow as they stand; they point into the flow, the name store and this inspector's scratch.
  Facts facts(const Flow& flow) noexcept;
  // A server name that one packet shows by itself, for flows that are no longer looked at.
  std::optional<HostName> glance(const Flow& flow, const Packet& packet, const Inspection& how) noexcept;
  // Ends looking, if it has not ended: missing facts become absent, the pools get their pieces back.
  void end(Flow& flow, NotFound why) noexcept;
  // The verdict is final: what was kept for judging may go.
  void settle(Flow& flow) noexcept;
  // The flow is going away: gives back its names too.
  void forget(Flow& flow) noexcept;

 private:
  struct KeptPayload {
    std::array<std::uint8_t, kPayloadLimit> bytes;
    std::uint32_t size = 0;
  };

  bool note_payload(Flow& flow, const Packet& packet) noexcept;
  bool classify(Flow& flow, const Packet& packet, bool from_client, const Inspection& how) noexcept;
  bool classify_by_name(Flow& flow) noexcept;
  void answer(Flow& flow, const Classifier::Answer& answer) noexcept;
  bool wants_nothing(const Flow& flow) const noexcept;

  FirstFlight first_flight_;
  Pool<KeptPayload> payloads_;
  Names& names_;
  Classifier* classifier_;
  Counters& counters_;
  std::array<HostName, Flow::kMaxNames> host_names_;
};

}  // namespace slowlane

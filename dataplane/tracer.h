#pragma once

#include <cstdint>

#include "dataplane/flow.h"
#include "dataplane/mailbox.h"
#include "dataplane/names.h"
#include "dataplane/packet.h"
#include "dataplane/treater.h"

namespace slowlane {

// Follows some packets through a worker and tells control of each twice: when its verdict stands, and when its fate is
// certain. Bounded in packets by the request, in time by control; answers that find no room are counted. While no trace
// runs it is one comparison a packet.
class Tracer {
 public:
  Tracer(const Names& names, Treater& treater, std::uint16_t worker)
      : names_(names), treater_(treater), worker_(worker) {}

  void begin(const Request& request, Mailbox& mailbox) noexcept;
  void end() noexcept;
  bool on() const noexcept { return left_ > 0; }

  // What a packet met on its way to its verdict.
  struct Seen {
    bool was_open = false;
    bool trigger = false;
  };
  // Requires on(). Sets packet.traced where the packet is one that is asked for.
  void judged(Packet& packet, const Flow& flow, Seen seen) noexcept;
  void unjudged(Packet& packet) noexcept;
  // Requires packet.traced.
  void done(const Packet& packet, bool sent, DropReason reason) noexcept;
  // Now and then: says what found no room, where no answer did.
  void tell_missed() noexcept;

 private:
  Answer* claim(Answer::Kind kind) noexcept;
  Answer* begin_step(Packet& packet) noexcept;
  bool is_ours(const Packet& packet) const noexcept { return mailbox_ != nullptr && packet.traced >= first_; }

  const Names& names_;
  Treater& treater_;
  const std::uint16_t worker_;
  Mailbox* mailbox_ = nullptr;  // null: no trace
  Request request_;
  std::uint32_t left_ = 0;   // packets
  std::uint32_t next_ = 1;   // number of the next packet, over all traces of the run
  std::uint32_t first_ = 1;  // of this trace
  std::uint32_t missed_ = 0;
  std::uint32_t told_missed_ = 0;
};

}  // namespace slowlane

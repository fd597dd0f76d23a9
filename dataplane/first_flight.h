#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "dataplane/assembler.h"
#include "dataplane/counters.h"
#include "dataplane/flow.h"
#include "dataplane/names.h"
#include "dataplane/packet.h"
#include "dataplane/pool.h"
#include "dataplane/quic.h"
#include "dataplane/stream_reader.h"
#include "rules/book.h"

namespace slowlane {

// Reads server names out of the first packets of a flow and writes them into it: puts TCP segments and CRYPTO frames
// in order where one packet is not enough, and decides when no name will come. One per worker.
class FirstFlight {
 public:
  // `looks` flows at once can have bytes put in order; one more is counted and read no further.
  FirstFlight(std::uint32_t looks, Names& names, Counters& counters);

  // Notes where a TCP stream begins. Call for every packet while the flow shows no end of names.
  void note_sequence(Flow& flow, const Headers& headers, std::size_t from) noexcept;
  // Reads a packet with payload; `from` is 0 for the client's. True: a name, ECH or a version was learned, or no more
  // will come (flow.more_names is then false).
  bool read(Flow& flow, const Packet& packet, std::size_t from, const Inspection& how) noexcept;
  // What one packet shows by itself; changes nothing.
  std::optional<HostName> glance(const Flow& flow, const Packet& packet, const Inspection& how) noexcept;
  // No more names: missing facts become absent, the pool gets its pieces back. `why` counts where nothing was found.
  void stop(Flow& flow, NotFound why) noexcept;

 private:
  struct Look {
    Assembler assembler;
    std::uint32_t consumed = 0;
    std::uint32_t pieces = 0;
  };
  struct Progress {
    std::size_t used = 0;
    bool grew = false;
    bool waiting = false;
  };

  bool read_tcp(Flow& flow, const Packet& packet, std::size_t from, const Inspection& how) noexcept;
  bool read_alone(Flow& flow, const Packet& packet, const Inspection& how) noexcept;
  bool read_udp(Flow& flow, const Packet& packet, std::size_t from, const Inspection& how) noexcept;
  bool read_quic(Flow& flow, std::span<const std::uint8_t> datagram, const Inspection& how) noexcept;
  bool read_crypto(Flow& flow, const Initial& initial, const Inspection& how) noexcept;
  bool read_quic_hello(Flow& flow, std::span<const std::uint8_t> hello, FoundBy found, const Inspection& how) noexcept;
  bool read_dns_message(Flow& flow, std::span<const std::uint8_t> message, const Inspection& how) noexcept;
  bool read_direct(Flow& flow, std::span<const std::uint8_t> bytes, std::size_t from, const Inspection& how) noexcept;
  bool read_assembled(Flow& flow, std::size_t offset, std::span<const std::uint8_t> bytes, std::size_t from,
                      const Inspection& how) noexcept;
  Progress read_stream(Flow& flow, std::span<const std::uint8_t> stream, FoundBy found, const Inspection& how) noexcept;
  Progress take_step(Flow& flow, const StreamStep& step, std::span<const std::uint8_t> rest, FoundBy found,
                     const Inspection& how) noexcept;
  void learn_name(Flow& flow, std::string_view name, NameSource source, FoundBy found) noexcept;
  void finish(Flow& flow, NotFound why, const Inspection& how) noexcept;
  Look* look_of(Flow& flow, std::size_t from) noexcept;  // null: none is free, reading was stopped
  void release(Flow& flow, std::size_t from) noexcept;

  bool snapped_ = false;  // the packet at hand was not captured whole: the rest of its bytes will never come
  StreamReader stream_;
  QuicReader quic_;
  Pool<Look> looks_;
  Names& names_;
  Counters& counters_;
};

}  // namespace slowlane

// Names in datagrams: QUIC and DNS.
#include <string_view>

#include "dataplane/dns.h"
#include "dataplane/first_flight.h"
#include "dataplane/hello.h"

namespace slowlane {

bool FirstFlight::read_udp(Flow& flow, const Packet& packet, std::size_t from, const Inspection& how) noexcept {
  const auto datagram = packet.payload();
  if ((is_dns_port(flow.key.low_port) || is_dns_port(flow.key.high_port)) && read_dns_message(flow, datagram, how))
    return true;
  // Initials are sealed with keys of the client's choice: only its own can be opened (RFC 9001 §5.2).
  if (from != 0) return false;
  if (looks_like_quic(datagram)) return read_quic(flow, datagram, how);
  if (flow.quic == Known::yes || how.names == Inspection::Names::every) return false;
  stop(flow, NotFound::not_recognised);
  return true;
}

bool FirstFlight::read_quic(Flow& flow, std::span<const std::uint8_t> datagram, const Inspection& how) noexcept {
  const Initial& initial = quic_.read(datagram, flow.quic_id);
  using Status = Initial::Status;
  if (initial.status == Status::not_quic) {
    if (flow.quic == Known::yes) return false;
    stop(flow, NotFound::not_recognised);
    return true;
  }
  const bool grew = flow.quic != Known::yes;
  flow.quic = Known::yes;
  flow.quic_version = initial.version;
  flow.spoken = static_cast<std::uint8_t>(NameSource::quic);
  switch (initial.status) {
    case Status::unsupported_version: flow.not_found = NotFound::quic_version; return grew;
    case Status::undecryptable: flow.not_found = NotFound::quic_keys; return grew;
    case Status::not_quic:
    case Status::other_long: return grew;
    case Status::crypto: break;
  }
  if (!initial.gquic) return read_crypto(flow, initial, how) || grew;
  const std::string_view name = initial.frame_count > 0 ? read_chlo_name(initial.frames[0].data) : std::string_view{};
  learn_name(flow, name, NameSource::quic, FoundBy::whole);
  finish(flow, name.empty() ? NotFound::no_sni : NotFound::none, how);
  return true;
}

bool FirstFlight::read_crypto(Flow& flow, const Initial& initial, const Inspection& how) noexcept {
  const auto frames = initial.crypto();
  if (frames.empty()) return false;
  if (frames.size() == 1 && frames[0].offset == 0 && flow.assembler[0] == kNoSlot &&
      read_quic_hello(flow, frames[0].data, FoundBy::whole, how))
    return true;
  Look* look = look_of(flow, 0);
  if (look == nullptr) return true;
  for (const CryptoFrame& frame : frames)
    if (frame.offset < Assembler::kCapacity) look->assembler.put(static_cast<std::size_t>(frame.offset), frame.data);
  ++look->pieces;
  const FoundBy found = look->pieces > 1 ? FoundBy::initials : FoundBy::whole;
  return read_quic_hello(flow, look->assembler.prefix(), found, how);
}

// True: the hello was whole, or will never be.
bool FirstFlight::read_quic_hello(Flow& flow, std::span<const std::uint8_t> bytes, FoundBy found,
                                  const Inspection& how) noexcept {
  const Hello hello = read_hello(bytes);
  if (hello.status == HelloStatus::incomplete) {
    flow.not_found = NotFound::incomplete;
    return false;
  }
  if (hello.status != HelloStatus::complete && hello.server_name.empty()) {
    stop(flow, NotFound::malformed_hello);
    return true;
  }
  flow.ech = hello.ech ? Known::yes : Known::absent;
  learn_name(flow, hello.server_name, NameSource::quic, found);
  finish(flow, hello.server_name.empty() ? NotFound::no_sni : NotFound::none, how);
  return true;
}

}  // namespace slowlane

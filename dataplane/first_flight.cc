#include "dataplane/first_flight.h"

#include <algorithm>

#include "dataplane/dns.h"
#include "dataplane/hello.h"
#include "dataplane/packet_reader.h"

namespace slowlane {
namespace {

constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kUdp = 17;

bool on_dns_port(const FlowKey& key) { return is_dns_port(key.low_port) || is_dns_port(key.high_port); }

bool is_text(std::span<const std::uint8_t> bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) {
    return (byte >= 0x20 && byte < 0x7f) || byte == '\r' || byte == '\n' || byte == '\t';
  });
}

// Short bytes that we do not know, and lines of text, do not end looking: they come before a hello in SMTP, IMAP, XMPP,
// PostgreSQL and other protocols that turn to TLS on the way (facts C8, C8b for the short ones).
bool may_step_over(std::span<const std::uint8_t> bytes, const Inspection& how) {
  return bytes.size() <= how.unknown_max || is_text(bytes);
}

}  // namespace

FirstFlight::FirstFlight(std::uint32_t looks, Names& names, Counters& counters)
    : looks_(looks), names_(names), counters_(counters) {}

void FirstFlight::note_sequence(Flow& flow, const Headers& headers, std::size_t from) noexcept {
  if (headers.transport != kTcp || !(headers.tcp_flags & kSyn)) return;
  flow.next_seq[from] = headers.tcp_seq + 1;
  flow.seq_known[from] = true;
  const std::size_t peer = 1 - from;
  if ((headers.tcp_flags & kAck) && !flow.seq_known[peer]) {
    flow.next_seq[peer] = headers.tcp_ack;
    flow.seq_known[peer] = true;
  }
}

bool FirstFlight::read(Flow& flow, const Packet& packet, std::size_t from, const Inspection& how) noexcept {
  const std::uint8_t transport = packet.parsed.headers.transport;
  snapped_ = packet.parsed.headers.captured_payload < packet.parsed.headers.payload_bytes;
  if (transport == kTcp) return read_tcp(flow, packet, from, how);
  if (transport == kUdp) return read_udp(flow, packet, from, how);
  stop(flow, NotFound::unsupported_transport);
  return true;
}

bool FirstFlight::read_tcp(Flow& flow, const Packet& packet, std::size_t from, const Inspection& how) noexcept {
  // Behind the handshake the initiator is a guess, so both ends may turn out to be the client.
  const bool guessed = flow.client_by == ClientBy::port || flow.client_by == ClientBy::first;
  if (from != 0 && !guessed && how.hello_from == Inspection::HelloFrom::client) return false;
  std::span<const std::uint8_t> bytes = packet.payload();
  if (on_dns_port(flow.key) && bytes.size() > 2) return read_dns_message(flow, bytes.subspan(2), how);
  if (how.hello == Inspection::Hello::packet) return read_alone(flow, packet, how);
  if (!how.reassemble) {
    const Progress progress = read_stream(flow, bytes, FoundBy::whole, how);
    return progress.grew || !flow.more_names;
  }
  const Headers& headers = packet.parsed.headers;
  const std::uint32_t seq = headers.tcp_seq + ((headers.tcp_flags & kSyn) ? 1 : 0);
  if (!flow.seq_known[from]) {
    flow.next_seq[from] = seq;
    flow.seq_known[from] = true;
  }
  auto ahead = static_cast<std::int32_t>(seq - flow.next_seq[from]);
  if (ahead < 0) {
    const auto known = static_cast<std::size_t>(-static_cast<std::int64_t>(ahead));
    if (known >= bytes.size()) return false;
    bytes = bytes.subspan(known);
    ahead = 0;
  }
  if (ahead == 0 && flow.assembler[from] == kNoSlot) return read_direct(flow, bytes, from, how);
  return read_assembled(flow, static_cast<std::size_t>(ahead), bytes, from, how);
}

// As the box of 2021 did it (facts C1-C10): each packet by itself, and a large one that it does not know is the last
// that it looks at, text or not.
bool FirstFlight::read_alone(Flow& flow, const Packet& packet, const Inspection& how) noexcept {
  const std::size_t size = packet.parsed.headers.payload_bytes;
  const StreamStep step = read_packet(packet.payload(), size);
  if (step.what != StreamStep::What::unrecognised)
    return take_step(flow, step, packet.payload(), FoundBy::whole, how).grew;
  if (size > how.unknown_max) stop(flow, NotFound::not_recognised);
  flow.not_found = NotFound::not_recognised;
  return !flow.more_names;
}

bool FirstFlight::read_direct(Flow& flow, std::span<const std::uint8_t> bytes, std::size_t from,
                              const Inspection& how) noexcept {
  const Progress progress = read_stream(flow, bytes, FoundBy::whole, how);
  flow.next_seq[from] += static_cast<std::uint32_t>(progress.used);
  if (!flow.more_names) return true;
  if (progress.waiting) {
    Look* look = look_of(flow, from);
    if (look == nullptr) return true;
    look->assembler.put(0, bytes.subspan(progress.used));
    look->pieces = 1;
  }
  return progress.grew;
}

bool FirstFlight::read_assembled(Flow& flow, std::size_t offset, std::span<const std::uint8_t> bytes, std::size_t from,
                                 const Inspection& how) noexcept {
  Look* look = look_of(flow, from);
  if (look == nullptr) return true;
  if (look->assembler.put(offset, bytes) != Assembler::Put::taken) return false;
  ++look->pieces;
  const auto prefix = look->assembler.prefix();
  const FoundBy found = look->pieces > 1 ? FoundBy::segments : FoundBy::whole;
  const Progress progress = read_stream(flow, prefix.subspan(look->consumed), found, how);
  if (!flow.more_names) return true;
  look->consumed += static_cast<std::uint32_t>(progress.used);
  if (prefix.size() == Assembler::kCapacity) {
    stop(flow, NotFound::budget);
    return true;
  }
  if (look->consumed == look->assembler.held()) {
    flow.next_seq[from] += look->consumed;
    release(flow, from);
  }
  return progress.grew;
}

FirstFlight::Progress FirstFlight::read_stream(Flow& flow, std::span<const std::uint8_t> stream, FoundBy found,
                                               const Inspection& how) noexcept {
  Progress all;
  while (flow.more_names && !all.waiting && all.used < stream.size()) {
    const auto rest = stream.subspan(all.used);
    const Progress one = take_step(flow, stream_.step(rest), rest, found, how);
    all.used += one.used;
    all.grew |= one.grew;
    all.waiting = one.waiting;
  }
  return all;
}

FirstFlight::Progress FirstFlight::take_step(Flow& flow, const StreamStep& step, std::span<const std::uint8_t> rest,
                                             FoundBy found, const Inspection& how) noexcept {
  using What = StreamStep::What;
  if (step.recognised) flow.spoken = static_cast<std::uint8_t>(step.source);
  if (step.several_records) found = FoundBy::records;
  const std::size_t used = step.length > 0 ? std::min(step.length, rest.size()) : rest.size();
  switch (step.what) {
    case What::need_more:
      flow.not_found = NotFound::incomplete;
      if (!snapped_ || step.name.empty()) return {.waiting = true};
      learn_name(flow, step.name, step.source, found);
      finish(flow, NotFound::incomplete, how);
      return {.used = rest.size(), .grew = true};
    case What::passed_over: flow.not_found = NotFound::incomplete; return {.used = used};
    case What::preamble:
      learn_name(flow, step.name, step.source, found);
      return {.used = used, .grew = !step.name.empty()};
    case What::name:
    case What::no_name:
      if (step.source == NameSource::tls) flow.ech = step.ech ? Known::yes : Known::absent;
      learn_name(flow, step.name, step.source, found);
      finish(flow, step.reason, how);
      return {.used = used, .grew = true};
    case What::stop: stop(flow, step.reason); return {.used = used, .grew = true};
    case What::unrecognised: break;
  }
  if (how.names != Inspection::Names::every && !may_step_over(rest, how)) stop(flow, NotFound::not_recognised);
  flow.not_found = NotFound::not_recognised;
  return {.used = rest.size()};
}

bool FirstFlight::read_dns_message(Flow& flow, std::span<const std::uint8_t> message, const Inspection& how) noexcept {
  const DnsQuestion question = read_dns(message);
  if (question.status != DnsQuestion::Status::complete) return false;
  flow.spoken = static_cast<std::uint8_t>(NameSource::dns);
  learn_name(flow, question.name(), NameSource::dns, FoundBy::whole);
  finish(flow, NotFound::no_host, how);
  return true;
}

std::optional<HostName> FirstFlight::glance(const Flow& flow, const Packet& packet, const Inspection& how) noexcept {
  const auto payload = packet.payload();
  if (flow.key.transport == kTcp) {
    const bool alone = how.hello == Inspection::Hello::packet;
    const StreamStep step = alone ? read_packet(payload, packet.parsed.headers.payload_bytes) : stream_.step(payload);
    if (step.what != StreamStep::What::name) return std::nullopt;
    return HostName{step.name, step.source};
  }
  if (flow.key.transport != kUdp || !looks_like_quic(payload)) return std::nullopt;
  QuicReader::ConnectionId fresh;
  const Initial& initial = quic_.read(payload, fresh);
  if (initial.status != Initial::Status::crypto || initial.frame_count == 0) return std::nullopt;
  const Hello hello = read_hello(initial.frames[0].data);
  if (hello.status != HelloStatus::complete || hello.server_name.empty()) return std::nullopt;
  return HostName{hello.server_name, NameSource::quic};
}

void FirstFlight::learn_name(Flow& flow, std::string_view name, NameSource source, FoundBy found) noexcept {
  std::array<char, 255> lower;
  if (name.empty() || name.size() > lower.size()) return;
  std::transform(name.begin(), name.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  const NameId id = names_.hold({lower.data(), name.size()});
  if (id == kNoName) {
    counters_[Counter::names_no_memory].add();
    flow.not_found = NotFound::no_memory;
    return;
  }
  for (std::size_t i = 0; i < flow.name_count; ++i)
    if (flow.names[i] == id && flow.name_sources[i] == source) return names_.release(id);
  if (flow.name_count == Flow::kMaxNames) {
    if (flow.settled) return names_.release(id);
    names_.release(flow.names[--flow.name_count]);  // names that led to nothing must not hide one that will
  }
  flow.names[flow.name_count] = id;
  flow.name_sources[flow.name_count++] = source;
  flow.found = found;
  flow.not_found = NotFound::none;
}

// A hello or request was read to its end: the first ends looking, unless the book wants every name.
void FirstFlight::finish(Flow& flow, NotFound why, const Inspection& how) noexcept {
  if (how.names == Inspection::Names::first) return stop(flow, why);
  if (flow.name_count == 0) flow.not_found = why;
}

void FirstFlight::stop(Flow& flow, NotFound why) noexcept {
  if (flow.name_count == 0 && flow.not_found != NotFound::no_memory) flow.not_found = why;
  flow.more_names = false;
  if (flow.ech == Known::not_yet) flow.ech = Known::absent;
  if (flow.quic == Known::not_yet) flow.quic = Known::absent;
  release(flow, 0);
  release(flow, 1);
}

FirstFlight::Look* FirstFlight::look_of(Flow& flow, std::size_t from) noexcept {
  if (flow.assembler[from] == kNoSlot) {
    const std::uint32_t slot = looks_.take();
    if (slot == kNoSlot) {
      counters_[Counter::looks_no_memory].add();
      stop(flow, NotFound::no_memory);
      return nullptr;
    }
    flow.assembler[from] = slot;
    looks_[slot].assembler.reset();
  }
  return &looks_[flow.assembler[from]];
}

void FirstFlight::release(Flow& flow, std::size_t from) noexcept {
  if (flow.assembler[from] == kNoSlot) return;
  looks_.give_back(flow.assembler[from]);
  flow.assembler[from] = kNoSlot;
}

}  // namespace slowlane

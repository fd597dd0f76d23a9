#include "dataplane/quic.h"

#include <algorithm>
#include <optional>

#include "dataplane/quic_header.h"
#include "dataplane/quic_keys.h"

namespace slowlane {
namespace {

constexpr std::size_t kLongestDatagram = 65536;

std::span<const std::uint8_t> bytes_of(const QuicReader::ConnectionId& id) { return {id.bytes.data(), id.length}; }

void keep(QuicReader::ConnectionId& kept, std::span<const std::uint8_t> id) {
  kept.length = static_cast<std::uint8_t>(id.size());
  std::copy(id.begin(), id.end(), kept.bytes.begin());
}

void add(Initial& initial, const CryptoFrame& frame) {
  if (initial.frame_count < initial.frames.size()) initial.frames[initial.frame_count++] = frame;
}

}  // namespace

struct QuicReader::State {
  std::optional<std::span<const std::uint8_t>> open(const QuicPacket& packet, std::span<const std::uint8_t> bytes,
                                                    ConnectionId& first) noexcept;
  void read_initial(const QuicPacket& packet, std::span<const std::uint8_t> bytes, ConnectionId& first) noexcept;

  QuicKeys keys;
  Initial initial;
  std::size_t used = 0;  // of `clear`
  std::array<std::uint8_t, kLongestDatagram> clear;
};

QuicReader::QuicReader() : state_(std::make_unique<State>()) {}
QuicReader::~QuicReader() = default;

std::optional<std::span<const std::uint8_t>> QuicReader::State::open(const QuicPacket& packet,
                                                                     std::span<const std::uint8_t> bytes,
                                                                     ConnectionId& first) noexcept {
  const auto out = std::span(clear).subspan(used);
  const auto own = packet.id;
  auto size = keys.open(packet.dialect, own, bytes, packet.number_at, out);
  if (size) {
    keep(first, own);
  } else if (const auto kept = bytes_of(first); !kept.empty() && !std::ranges::equal(kept, own)) {
    size = keys.open(packet.dialect, kept, bytes, packet.number_at, out);
  }
  if (!size) return std::nullopt;
  used += *size;
  return out.first(*size);
}

void QuicReader::State::read_initial(const QuicPacket& packet, std::span<const std::uint8_t> bytes,
                                     ConnectionId& first) noexcept {
  using Status = Initial::Status;
  const auto payload = open(packet, bytes, first);
  if (!payload) {
    if (initial.status == Status::crypto) return;
    initial.status = forces_negotiation(packet.version) ? Status::unsupported_version : Status::undecryptable;
    return;
  }
  initial.status = Status::crypto;
  initial.gquic = packet.dialect.chlo;
  using Numbers = QuicFrameWalk::Numbers;
  QuicFrameWalk walk(*payload, packet.dialect.google_frames ? Numbers::google : Numbers::ietf);
  while (const auto frame = walk.next()) add(initial, *frame);
}

const Initial& QuicReader::read(std::span<const std::uint8_t> datagram, ConnectionId& first) noexcept {
  using Status = Initial::Status;
  using Type = QuicPacket::Type;
  Initial& initial = state_->initial;
  initial.status = Status::not_quic;
  initial.version = 0;
  initial.frame_count = 0;
  initial.gquic = false;
  state_->used = 0;
  datagram = datagram.first(std::min(datagram.size(), kLongestDatagram));

  if (const GooglePacket google = read_google_packet(datagram); google.recognised) {
    initial.version = google.version;
    initial.gquic = true;
    initial.status = google.chlo.empty() ? Status::other_long : Status::crypto;
    if (!google.chlo.empty()) add(initial, {0, google.chlo});
    return initial;
  }
  // Coalesced packets (RFC 9000 §12.2): each tells where it ends.
  while (!datagram.empty()) {
    const QuicPacket packet = read_quic_packet(datagram);
    if (packet.type == Type::none) break;
    if (initial.status == Status::not_quic) {
      initial.version = packet.version;
      initial.status = packet.type == Type::unknown_version ? Status::unsupported_version : Status::other_long;
    }
    if (packet.type == Type::initial) {
      state_->read_initial(packet, datagram.first(packet.size), first);
    }
    if (packet.size == 0) break;
    datagram = datagram.subspan(packet.size);
  }
  return initial;
}

bool looks_like_quic(std::span<const std::uint8_t> datagram) noexcept {
  return read_google_packet(datagram).recognised || read_quic_packet(datagram).type != QuicPacket::Type::none;
}

}  // namespace slowlane

#include "dataplane/quic_header.h"

namespace slowlane {
namespace {

constexpr std::uint32_t kV1 = 0x00000001;
constexpr std::uint32_t kV2 = 0x6b3343cf;
constexpr std::uint32_t kV2Draft = 0x709a50c4;
constexpr std::uint32_t kQ050 = 0x51303530;
constexpr std::uint32_t kT050 = 0x54303530;
constexpr std::uint32_t kT051 = 0x54303531;
constexpr std::size_t kLongestId = 20;     // RFC 9000 §17.2
constexpr std::size_t kShortestId = 8;     // of a client's first Initial, RFC 9000 §7.2
constexpr std::size_t kLeastFirst = 1200;  // bytes of a client's first datagram, RFC 9000 §14.1

constexpr QuicDialect ietf(QuicSalt salt) { return {.salt = salt}; }

// Facebook's own version numbers; the salts are those that its mvfst chooses for them.
QuicDialect mvfst(std::uint32_t version) {
  switch (version & 0xff) {
    case 0x01: return ietf(QuicSalt::draft22);
    case 0x03:
    case 0x04: return ietf(QuicSalt::v1);
    default: return ietf(QuicSalt::draft23);
  }
}

QuicDialect draft(std::uint32_t number) {
  if (number < 22 || number > 34) return {};
  if (number == 22) return ietf(QuicSalt::draft22);
  if (number < 29) return ietf(QuicSalt::draft23);
  return ietf(number < 33 ? QuicSalt::draft29 : QuicSalt::v1);
}

std::uint32_t be32(std::span<const std::uint8_t> bytes) {
  return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 | std::uint32_t{bytes[2]} << 8 | bytes[3];
}

QuicPacket::Type type_of(std::uint8_t first, const QuicDialect& dialect) {
  unsigned code = (first >> 4) & 3u;
  if (dialect.v2) code = (code + 3) & 3;  // RFC 9369 §3.2 moved the codes by one
  if (code == 0) return QuicPacket::Type::initial;
  return code == 3 ? QuicPacket::Type::retry : QuicPacket::Type::other;
}

// Token and length of a packet that has them; fills number_at and size.
void read_lengths(std::span<const std::uint8_t> datagram, std::size_t at, QuicPacket& packet) {
  if (packet.type == QuicPacket::Type::initial) {
    const QuicInteger token = read_quic_integer(datagram.subspan(at));
    if (token.size == 0 || token.value > datagram.size() - at - token.size) return;
    at += token.size + static_cast<std::size_t>(token.value);
  }
  const QuicInteger length = read_quic_integer(datagram.subspan(at));
  if (length.size == 0 || length.value > datagram.size() - at - length.size) return;
  packet.number_at = at + length.size;
  packet.size = packet.number_at + static_cast<std::size_t>(length.value);
}

}  // namespace

QuicInteger read_quic_integer(std::span<const std::uint8_t> bytes) noexcept {
  if (bytes.empty()) return {};
  const std::size_t size = std::size_t{1} << (bytes[0] >> 6);
  if (size > bytes.size()) return {};
  std::uint64_t value = bytes[0] & 0x3f;
  for (std::size_t i = 1; i < size; ++i) value = value << 8 | bytes[i];
  return {value, size};
}

QuicDialect dialect_of(std::uint32_t version) noexcept {
  if (version >> 8 == 0xff0000) return draft(version & 0xff);
  if (version >> 8 == 0xfaceb0) return mvfst(version);
  // A client that forces negotiation may seal with any version's keys; those seen take the newest.
  if (forces_negotiation(version)) return ietf(QuicSalt::v1);
  switch (version) {
    case kV1: return ietf(QuicSalt::v1);
    case kV2: return {.salt = QuicSalt::v2, .v2 = true};
    case kV2Draft: return {.salt = QuicSalt::v2_draft, .v2 = true};
    case kQ050: return {.salt = QuicSalt::q050, .google_frames = true, .chlo = true};
    case kT050: return {.salt = QuicSalt::t050, .google_frames = true};
    case kT051: return {.salt = QuicSalt::t051, .google_frames = true};
    default: return {};
  }
}

QuicPacket read_quic_packet(std::span<const std::uint8_t> datagram) noexcept {
  if (datagram.size() < 7 || !(datagram[0] & 0x80)) return {};
  QuicPacket packet;
  packet.version = be32(datagram.subspan(1));
  const std::size_t id_size = datagram[5];
  if (datagram.size() < 6 + id_size + 1) return {};
  packet.id = datagram.subspan(6, id_size);
  const std::size_t source_size = datagram[6 + id_size];
  const std::size_t at = 7 + id_size + source_size;
  if (datagram.size() < at || id_size > kLongestId || source_size > kLongestId) return {};

  if (packet.version == 0) {
    // A list of versions follows (RFC 9000 §17.2.1).
    if (datagram.size() - at >= 4 && (datagram.size() - at) % 4 == 0) packet.type = QuicPacket::Type::negotiation;
    return packet;
  }
  packet.dialect = dialect_of(packet.version);
  if (packet.dialect.salt == QuicSalt::none) {
    const bool first = (datagram[0] & 0x40) && id_size >= kShortestId && datagram.size() >= kLeastFirst;
    if (first || packet.version >> 8 == 0xff0000) packet.type = QuicPacket::Type::unknown_version;
    return packet;
  }
  packet.type = type_of(datagram[0], packet.dialect);
  if (packet.type != QuicPacket::Type::retry) read_lengths(datagram, at, packet);
  return packet;
}

}  // namespace slowlane

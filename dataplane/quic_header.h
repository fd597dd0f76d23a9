#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace slowlane {

// A variable-length integer (RFC 9000 §16); size 0: its bytes are not all there.
struct QuicInteger {
  std::uint64_t value = 0;
  std::size_t size = 0;
};
QuicInteger read_quic_integer(std::span<const std::uint8_t> bytes) noexcept;

// How the Initials of a version are sealed and what they hold.
enum class QuicSalt : std::uint8_t { none, draft22, draft23, draft29, v1, v2_draft, v2, q050, t050, t051 };
struct QuicDialect {
  QuicSalt salt = QuicSalt::none;  // none: keys are not known
  bool v2 = false;                 // labels and packet types of RFC 9369
  bool google_frames = false;      // CRYPTO is frame 0x08
  bool chlo = false;               // CRYPTO carries Google's CHLO, not TLS
};
QuicDialect dialect_of(std::uint32_t version) noexcept;
// 0x?a?a?a?a: reserved to force version negotiation (RFC 9000 §15).
constexpr bool forces_negotiation(std::uint32_t version) { return (version & 0x0f0f0f0f) == 0x0a0a0a0a; }

// One long-header packet at the head of a datagram (RFC 8999 §5.1, RFC 9000 §17.2).
struct QuicPacket {
  enum class Type : std::uint8_t { none, initial, other, retry, negotiation, unknown_version };
  Type type = Type::none;
  std::uint32_t version = 0;
  QuicDialect dialect;
  std::span<const std::uint8_t> id;  // destination connection id
  std::size_t number_at = 0;         // where the packet number begins
  std::size_t size = 0;              // of this packet in the datagram; 0: it is cut short, or its end is not known
};

// Reads a header without opening anything. `none` where the form is not QUIC's; a version that is not known is believed
// only with the form and size that a client's first datagram must have.
QuicPacket read_quic_packet(std::span<const std::uint8_t> datagram) noexcept;

}  // namespace slowlane

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "dataplane/quic_header.h"

namespace slowlane {

// Opens client Initials (RFC 9001 §5, RFC 9369 §3.3). The only door to libcrypto. One per worker: owns its contexts,
// and keeps the keys of the last connections, whose next Initial then costs no derivation. A measured Initial of 1,200
// bytes costs about 5 us with a new key, half of that SHA-256, and 1.3 us with a kept one (Zen 4 without SHA
// instructions).
class QuicKeys {
 public:
  // Throws std::runtime_error where libcrypto lacks a cipher.
  QuicKeys();
  ~QuicKeys();
  QuicKeys(const QuicKeys&) = delete;
  QuicKeys& operator=(const QuicKeys&) = delete;

  // Removes header protection and opens `packet` (one packet, its header included) with the client's keys for `id`.
  // Writes at most packet.size() bytes to `out`; returns the payload's length, none where authentication failed.
  std::optional<std::size_t> open(const QuicDialect& dialect, std::span<const std::uint8_t> id,
                                  std::span<const std::uint8_t> packet, std::size_t number_at,
                                  std::span<std::uint8_t> out) noexcept;

 private:
  struct Contexts;
  std::unique_ptr<Contexts> contexts_;
};

}  // namespace slowlane

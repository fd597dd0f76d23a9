#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "dataplane/gquic.h"
#include "dataplane/quic_frames.h"

namespace slowlane {

// What a UDP datagram shows of a client's QUIC Initial packets.
struct Initial {
  enum class Status : std::uint8_t {
    crypto,               // `frames` hold the decrypted CRYPTO frames (perhaps none: only PADDING and PING)
    not_quic,             // no long header, or nothing that is QUIC
    other_long,           // a QUIC long header, but no Initial: 0-RTT, Handshake, Retry, version negotiation; or Google
                          // QUIC without a hello
    unsupported_version,  // QUIC by its form, of a version whose keys are not known
    undecryptable         // an Initial whose authentication failed (perhaps the server's, or another connection id)
  };
  Status status = Status::not_quic;
  std::uint32_t version = 0;           // of any long header
  std::array<CryptoFrame, 64> frames;  // what exceeds the room is left out
  std::size_t frame_count = 0;
  bool gquic = false;  // Google QUIC (Q0xx): `frames[0]` is its CHLO, read by read_chlo_name()

  std::span<const CryptoFrame> crypto() const { return {frames.data(), frame_count}; }
};

// Opens client Initials: v1, v2 (RFC 9369), drafts 22-34, mvfst, T050 and T051; and Google QUIC's hellos, clear (up to
// Q049) or sealed (Q050). One per worker: owns the crypto contexts and the buffer that `frames` point into, valid until
// the next call. A datagram's first 64 KiB are all there is.
class QuicReader {
 public:
  // Throws std::runtime_error where libcrypto cannot do it.
  QuicReader();
  ~QuicReader();
  QuicReader(const QuicReader&) = delete;
  QuicReader& operator=(const QuicReader&) = delete;

  // The connection id that keys are derived from is the first Initial's of the flow (RFC 9001 §5.2): a later Initial
  // may carry another one (after a server's answer), so the caller keeps the first and passes it back.
  struct ConnectionId {
    std::uint8_t length = 0;  // 0: none kept yet
    std::array<std::uint8_t, 20> bytes{};
  };
  // Reads every coalesced Initial of a client's datagram. Tries the datagram's own id, then `first`; a packet's own id
  // that opened it becomes `first` (after a Retry the keys come from the new id).
  const Initial& read(std::span<const std::uint8_t> datagram, ConnectionId& first) noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Whether a datagram begins with a QUIC long header (RFC 8999 §5.1) or Google QUIC's public header, without decrypting
// anything.
bool looks_like_quic(std::span<const std::uint8_t> datagram) noexcept;

}  // namespace slowlane

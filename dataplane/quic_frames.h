#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace slowlane {

// One CRYPTO frame of an Initial packet (RFC 9000 §19.6).
struct CryptoFrame {
  std::uint64_t offset = 0;
  std::span<const std::uint8_t> data;
};

// Walks the frames of an opened Initial: CRYPTO, with PADDING, PING, ACK and CONNECTION_CLOSE between (RFC 9000 §12.4).
// Ends at the first frame that cannot stand there.
class QuicFrameWalk {
 public:
  // Google's Q050, T050 and T051 number their frames otherwise.
  enum class Numbers : std::uint8_t { ietf, google };
  QuicFrameWalk(std::span<const std::uint8_t> payload, Numbers numbers) noexcept : rest_(payload), numbers_(numbers) {}

  // The next CRYPTO frame; none where the payload, or what can be read of it, ends.
  std::optional<CryptoFrame> next() noexcept;

 private:
  bool step_over(std::uint64_t type) noexcept;
  bool step_over_ack(std::uint64_t type) noexcept;
  bool step_over_close(std::uint64_t type) noexcept;
  bool skip(std::uint64_t size) noexcept;
  std::optional<std::uint64_t> take_integer() noexcept;
  std::optional<CryptoFrame> take_crypto() noexcept;

  std::span<const std::uint8_t> rest_;
  Numbers numbers_;
};

}  // namespace slowlane

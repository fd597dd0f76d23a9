#include "dataplane/quic_frames.h"

#include <algorithm>

#include "dataplane/quic_header.h"

namespace slowlane {
namespace {

// Frame types, RFC 9000 §19.
constexpr std::uint64_t kPadding = 0x00;
constexpr std::uint64_t kPing = 0x01;
constexpr std::uint64_t kAck = 0x02;
constexpr std::uint64_t kAckEcn = 0x03;
constexpr std::uint64_t kCrypto = 0x06;
constexpr std::uint64_t kClose = 0x1c;
constexpr std::uint64_t kApplicationClose = 0x1d;
// Google's.
constexpr std::uint64_t kGooglePing = 0x07;
constexpr std::uint64_t kGoogleCrypto = 0x08;

}  // namespace

std::optional<CryptoFrame> QuicFrameWalk::next() noexcept {
  const std::uint64_t crypto = numbers_ == Numbers::google ? kGoogleCrypto : kCrypto;
  while (!rest_.empty()) {
    // Padding comes in long runs, and a type of one byte.
    rest_ = rest_.subspan(static_cast<std::size_t>(
        std::find_if(rest_.begin(), rest_.end(), [](std::uint8_t byte) { return byte != kPadding; }) - rest_.begin()));
    const auto type = take_integer();
    if (!type) break;
    if (*type == crypto) return take_crypto();
    if (!step_over(*type)) break;
  }
  rest_ = {};
  return std::nullopt;
}

bool QuicFrameWalk::step_over(std::uint64_t type) noexcept {
  if (numbers_ == Numbers::google) return type == kGooglePing;
  switch (type) {
    case kPing: return true;
    case kAck:
    case kAckEcn: return step_over_ack(type);
    case kClose:
    case kApplicationClose: return step_over_close(type);
    default: return false;
  }
}

// RFC 9000 §19.3.
bool QuicFrameWalk::step_over_ack(std::uint64_t type) noexcept {
  const auto largest = take_integer();
  const auto delay = take_integer();
  const auto ranges = take_integer();
  const auto first = take_integer();
  if (!largest || !delay || !ranges || !first) return false;
  // Each of these takes a byte at least, so the payload bounds the loop.
  std::uint64_t left = 2 * std::min<std::uint64_t>(*ranges, rest_.size()) + (type == kAckEcn ? 3 : 0);
  for (; left > 0; --left) {
    if (!take_integer()) return false;
  }
  return true;
}

// RFC 9000 §19.19.
bool QuicFrameWalk::step_over_close(std::uint64_t type) noexcept {
  if (!take_integer()) return false;
  if (type == kClose && !take_integer()) return false;
  const auto reason = take_integer();
  return reason && skip(*reason);
}

bool QuicFrameWalk::skip(std::uint64_t size) noexcept {
  if (size > rest_.size()) return false;
  rest_ = rest_.subspan(static_cast<std::size_t>(size));
  return true;
}

std::optional<std::uint64_t> QuicFrameWalk::take_integer() noexcept {
  const QuicInteger integer = read_quic_integer(rest_);
  if (integer.size == 0) return std::nullopt;
  rest_ = rest_.subspan(integer.size);
  return integer.value;
}

std::optional<CryptoFrame> QuicFrameWalk::take_crypto() noexcept {
  const auto offset = take_integer();
  const auto length = take_integer();
  const auto data = rest_;
  if (!offset || !length || !skip(*length)) {
    rest_ = {};
    return std::nullopt;
  }
  return CryptoFrame{*offset, data.first(static_cast<std::size_t>(*length))};
}

}  // namespace slowlane

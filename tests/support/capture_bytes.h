#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "hw/captured_frame.h"

namespace slowlane {

using Bytes = std::vector<std::uint8_t>;

// Appends a number in a byte order.
template <class T>
void put_number(Bytes& bytes, T value, ByteOrder order) {
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    const std::size_t place = order == ByteOrder::little ? i : sizeof(T) - 1 - i;
    bytes.push_back(static_cast<std::uint8_t>(static_cast<std::uint64_t>(value) >> (8 * place)));
  }
}

// `size` bytes that differ from one `seed` to another.
Bytes some_bytes(std::size_t size, unsigned seed = 0);

// What a frame's header says where it is not what the frame is.
struct Claim {
  std::optional<std::uint32_t> captured = std::nullopt;
  std::optional<std::uint32_t> original = std::nullopt;
};

// A pcap file put together by hand, right or wrong.
class PcapBytes {
 public:
  static constexpr std::uint32_t kMicro = 0xa1b2c3d4;
  static constexpr std::uint32_t kNano = 0xa1b23c4d;
  static constexpr std::uint32_t kPatched = 0xa1b2cd34;
  struct Style {
    ByteOrder order = ByteOrder::little;
    std::uint32_t magic = kMicro;
    std::uint16_t major = 2;
    std::uint16_t minor = 4;
    std::uint32_t network = 1;
  };

  PcapBytes() : PcapBytes(Style{}) {}
  explicit PcapBytes(const Style& style);
  PcapBytes& frame(std::uint32_t seconds, std::uint32_t ticks, const Bytes& bytes, const Claim& claim = {});
  const Bytes& bytes() const { return bytes_; }

 private:
  Style style_;
  Bytes bytes_;
};

// A pcapng file put together by hand, right or wrong. section() first.
class PcapngBytes {
 public:
  PcapngBytes& section(ByteOrder order = ByteOrder::little);
  PcapngBytes& interface(std::uint16_t dlt, std::uint32_t snap_length = 0, const Bytes& options = {});
  // The option that gives an interface its tick, and the one that moves its times, in the section's byte order.
  Bytes resolution(std::uint8_t value) const;
  Bytes offset(std::int64_t seconds) const;

  PcapngBytes& packet(std::uint32_t interface, std::uint64_t ticks, const Bytes& bytes, const Claim& claim = {});
  PcapngBytes& old_packet(std::uint16_t interface, std::uint64_t ticks, const Bytes& bytes);
  PcapngBytes& simple_packet(const Bytes& bytes, const Claim& claim = {});
  PcapngBytes& block(std::uint32_t type, Bytes body);
  const Bytes& bytes() const { return bytes_; }

 private:
  ByteOrder order_ = ByteOrder::little;
  Bytes bytes_;
};

}  // namespace slowlane

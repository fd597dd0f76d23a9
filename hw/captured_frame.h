#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "dataplane/parse.h"
#include "rules/units.h"

namespace slowlane {

// One frame as a capture file tells it. `bytes` point into the reader and last until it reads on.
struct CapturedFrame {
  Nanos time = 0;                 // of the capture, 0 to kLatest
  std::uint64_t number = 0;       // as tshark counts, from 1
  std::uint32_t wire_length = 0;  // original length, at least bytes.size()
  std::uint32_t interface = 0;    // index within its section; 0 in a pcap file
  std::uint16_t dlt = 0;          // LINKTYPE_ number
  LinkType link = LinkType::unsupported;
  std::span<const std::uint8_t> bytes;
};

// The longest frame that is believed: tcpdump's and tshark's own bound. What claims more is damaged.
inline constexpr std::uint32_t kLongestFrame = 262144;

// Times outside are held to these bounds, so that arithmetic on them is safe: 1970 to 2116.
inline constexpr Nanos kLatest = Nanos{1} << 62;

// Nanoseconds wide enough for whatever a file claims.
using WideNanos = __int128;
constexpr Nanos bounded(WideNanos time) { return static_cast<Nanos>(std::clamp<WideNanos>(time, 0, kLatest)); }

enum class ByteOrder : std::uint8_t { little, big };

// The unsigned number at `offset` of `bytes`, which must have all of it.
template <class T>
T number_at(std::span<const std::uint8_t> bytes, std::size_t offset, ByteOrder order) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i)
    value = value << 8 | bytes[offset + (order == ByteOrder::big ? i : sizeof(T) - 1 - i)];
  return static_cast<T>(value);
}

}  // namespace slowlane

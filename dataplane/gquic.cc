#include "dataplane/gquic.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace slowlane {
namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr std::array<std::uint8_t, 4> kChlo = {'C', 'H', 'L', 'O'};
constexpr std::array<std::uint8_t, 4> kSni = {'S', 'N', 'I', 0};
constexpr std::size_t kHash = 12;  // authenticates a packet that is not sealed yet
constexpr std::size_t kIndexEntry = 8;
constexpr std::size_t kLongestName = 255;

bool is_digit(std::uint8_t byte) { return byte >= '0' && byte <= '9'; }

// The number in "Q0nn"; 0 for anything else.
int google_number(Bytes version) {
  if (version[0] != 'Q' || version[1] != '0' || !is_digit(version[2]) || !is_digit(version[3])) return 0;
  return (version[2] - '0') * 10 + (version[3] - '0');
}

std::uint32_t be32(Bytes bytes) {
  return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 | std::uint32_t{bytes[2]} << 8 | bytes[3];
}

std::size_t le16(Bytes bytes) { return static_cast<std::size_t>(bytes[0] | bytes[1] << 8); }
std::size_t le32(Bytes bytes) { return le16(bytes) | le16(bytes.subspan(2)) << 16; }

// Where the version stands, and how many bytes lie before the frames.
struct Layout {
  std::size_t version_at = 0;  // 0: not such a packet
  std::size_t frames_at = 0;
};

// Up to Q043: flags, 8 bytes of connection id, version, packet number, hash; up to Q033 private flags too.
Layout public_header(Bytes datagram) {
  constexpr std::size_t kVersionAt = 1 + 8;
  constexpr std::array<std::size_t, 4> kNumberSizes = {1, 2, 4, 6};
  const std::uint8_t flags = datagram[0];
  const bool versioned = (flags & 0x01) && !(flags & 0x02) && (flags & 0x08) && !(flags & 0xc0);
  if (!versioned || datagram.size() < kVersionAt + 4) return {};
  const int number = google_number(datagram.subspan(kVersionAt, 4));
  if (number == 0 || number > 43) return {};
  const std::size_t private_flags = number <= 33 ? 1 : 0;
  return {kVersionAt, kVersionAt + 4 + kNumberSizes[(flags >> 4) & 3u] + kHash + private_flags};
}

// Q044 to Q049: type, version, one byte with both id lengths, the ids, packet number, hash.
Layout long_header(Bytes datagram) {
  constexpr std::size_t kVersionAt = 1;
  if (!(datagram[0] & 0x80) || datagram.size() < kVersionAt + 5) return {};
  const int number = google_number(datagram.subspan(kVersionAt, 4));
  if (number < 44 || number > 49) return {};
  const auto id_size = [](unsigned code) { return code == 0 ? std::size_t{0} : std::size_t{code} + 3; };
  const std::uint8_t sizes = datagram[kVersionAt + 4];
  const std::size_t ids = id_size(sizes >> 4) + id_size(sizes & 0x0fu);
  return {kVersionAt, kVersionAt + 5 + ids + (datagram[0] & 3u) + 1 + kHash};
}

bool is_host_name(std::string_view name) {
  return name.size() <= kLongestName &&
         std::all_of(name.begin(), name.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

}  // namespace

GooglePacket read_google_packet(Bytes datagram) noexcept {
  if (datagram.empty()) return {};
  const Layout layout = (datagram[0] & 0x80) ? long_header(datagram) : public_header(datagram);
  if (layout.version_at == 0) return {};
  GooglePacket packet{.recognised = true, .version = be32(datagram.subspan(layout.version_at)), .chlo = {}};
  if (datagram.size() <= layout.frames_at) return packet;
  // The frames before the hello differ from version to version; its own tag finds it.
  const auto frames = datagram.subspan(layout.frames_at);
  const auto at = std::search(frames.begin(), frames.end(), kChlo.begin(), kChlo.end());
  packet.chlo = frames.subspan(static_cast<std::size_t>(at - frames.begin()));
  return packet;
}

// A message is its tag, the number of its entries (two bytes, two of padding), an index of (tag, end of its value), and
// the values; all numbers little-endian.
std::string_view read_chlo_name(Bytes chlo) noexcept {
  if (chlo.size() < 8 || !std::equal(kChlo.begin(), kChlo.end(), chlo.begin())) return {};
  const std::size_t entries = le16(chlo.subspan(4));
  if (chlo.size() - 8 < entries * kIndexEntry) return {};
  const auto values = chlo.subspan(8 + entries * kIndexEntry);
  std::size_t begin = 0;
  for (std::size_t i = 0; i < entries; ++i) {
    const auto entry = chlo.subspan(8 + i * kIndexEntry, kIndexEntry);
    const std::size_t end = le32(entry.subspan(4));
    if (end < begin || end > values.size()) return {};
    if (std::equal(kSni.begin(), kSni.end(), entry.begin())) {
      const std::string_view name(reinterpret_cast<const char*>(values.data()) + begin, end - begin);
      return is_host_name(name) ? name : std::string_view{};
    }
    begin = end;
  }
  return {};
}

}  // namespace slowlane

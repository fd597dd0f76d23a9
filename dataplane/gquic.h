#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace slowlane {

// A client's packet of Google QUIC up to Q049, whose hello is in clear.
struct GooglePacket {
  bool recognised = false;             // a public header that names such a version
  std::uint32_t version = 0;           // "Q046" as a number, as on the wire
  std::span<const std::uint8_t> chlo;  // from the message's tag to the packet's end; empty where there is none
};
GooglePacket read_google_packet(std::span<const std::uint8_t> datagram) noexcept;

// The SNI tag of a Google QUIC CHLO; empty where there is none, or where it cannot be a host name.
std::string_view read_chlo_name(std::span<const std::uint8_t> chlo) noexcept;

}  // namespace slowlane

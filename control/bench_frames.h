#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "rules/facts.h"

namespace slowlane {

// Frames that `slowlane bench` sends: Ethernet, IPv4 without options, then TCP or UDP, between a client (a number that
// stands in its address and port) and one server. All their fields are where the constants say, so that one frame can
// be dressed as many flows. Checksums are left 0: nothing in the path checks them.
namespace bench {

using Bytes = std::vector<std::uint8_t>;

constexpr std::size_t kSource = 14 + 12;       // address
constexpr std::size_t kDestination = 14 + 16;  // address
constexpr std::size_t kSourcePort = 14 + 20;
constexpr std::size_t kDestinationPort = kSourcePort + 2;
constexpr std::size_t kTcpPayload = 14 + 20 + 20;

// `from` is inside for the client's frames. `size` of the frame: padded with payload up to it.
Bytes tcp_frame(Side from, std::uint8_t flags, std::span<const std::uint8_t> payload, std::size_t size = 0);
Bytes udp_frame(Side from, std::uint16_t server_port, std::span<const std::uint8_t> payload);

// Makes a frame the one of client `number`: 10.0.0.0/8 and, past 2^24, other ports.
void dress(std::span<std::uint8_t> frame, Side from, std::uint64_t number) noexcept;

// A ClientHello's handshake message with a server name, padded to `size` bytes, and the same in a TLS record.
Bytes client_hello(std::string_view name, std::size_t size);
Bytes tls_record(std::span<const std::uint8_t> handshake);
// Where the name stands in it, counted from the front.
std::size_t name_in(std::span<const std::uint8_t> bytes, std::string_view name);

// A QUIC v1 Initial of 1,200 bytes with a hello in one CRYPTO frame, sealed under a connection id made of `number`
// (RFC 9001 §5). Throws std::runtime_error where libcrypto refuses.
Bytes quic_initial(std::span<const std::uint8_t> hello, std::uint64_t number);

}  // namespace bench
}  // namespace slowlane

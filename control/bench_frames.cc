#include "control/bench_frames.h"

#include <algorithm>

#include "dataplane/parse.h"

namespace slowlane::bench {
namespace {

constexpr std::size_t kEthernet = 14;
constexpr std::size_t kIp = 20;
constexpr std::uint32_t kServer = 0xc6336401;  // 198.51.100.1
constexpr std::uint32_t kClients = 0x0a000000;
constexpr std::uint16_t kFirstPort = 20000;

void put16(Bytes& out, std::size_t value) {
  out.push_back(static_cast<std::uint8_t>(value >> 8));
  out.push_back(static_cast<std::uint8_t>(value));
}
void write16(std::uint8_t* at, std::uint32_t value) noexcept {
  at[0] = static_cast<std::uint8_t>(value >> 8);
  at[1] = static_cast<std::uint8_t>(value);
}
void write32(std::uint8_t* at, std::uint32_t value) noexcept {
  write16(at, value >> 16);
  write16(at + 2, value & 0xffff);
}
void append(Bytes& out, std::span<const std::uint8_t> bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }

Bytes ip_frame(Side from, std::uint8_t protocol, std::uint16_t server_port, std::size_t transport_and_payload) {
  Bytes frame(kEthernet + kIp + 4, 0);
  frame[0] = frame[6] = 2;  // locally administered addresses
  write16(&frame[12], 0x0800);
  frame[kEthernet] = 0x45;
  write16(&frame[kEthernet + 2], static_cast<std::uint32_t>(kIp + transport_and_payload));
  frame[kEthernet + 8] = 64;
  frame[kEthernet + 9] = protocol;
  const bool by_client = from == Side::inside;
  write32(&frame[by_client ? kDestination : kSource], kServer);
  write16(&frame[by_client ? kDestinationPort : kSourcePort], server_port);
  dress(frame, from, 0);
  return frame;
}

// One TLS extension.
void put_extension(Bytes& out, std::uint16_t type, std::span<const std::uint8_t> body) {
  put16(out, type);
  put16(out, body.size());
  append(out, body);
}

Bytes server_name(std::string_view name) {
  Bytes body;
  put16(body, name.size() + 3);
  body.push_back(0);
  put16(body, name.size());
  body.insert(body.end(), name.begin(), name.end());
  return body;
}

}  // namespace

Bytes tcp_frame(Side from, std::uint8_t flags, std::span<const std::uint8_t> payload, std::size_t size) {
  const std::size_t padding = std::max(size, kTcpPayload + payload.size()) - kTcpPayload - payload.size();
  Bytes frame = ip_frame(from, 6, 443, 20 + payload.size() + padding);
  append(frame, Bytes{0, 0, 0, 1, 0, 0, 0, 1, 0x50, flags, 0xff, 0xff, 0, 0, 0, 0});
  append(frame, payload);
  frame.resize(frame.size() + padding, 0x61);
  return frame;
}

Bytes udp_frame(Side from, std::uint16_t server_port, std::span<const std::uint8_t> payload) {
  Bytes frame = ip_frame(from, 17, server_port, 8 + payload.size());
  put16(frame, 8 + payload.size());
  put16(frame, 0);
  append(frame, payload);
  return frame;
}

void dress(std::span<std::uint8_t> frame, Side from, std::uint64_t number) noexcept {
  const bool by_client = from == Side::inside;
  write32(&frame[by_client ? kSource : kDestination], kClients | static_cast<std::uint32_t>(number & 0xffffff));
  write16(&frame[by_client ? kSourcePort : kDestinationPort],
          static_cast<std::uint32_t>(kFirstPort + (number >> 24) % 40000));
}

Bytes client_hello(std::string_view name, std::size_t size) {
  Bytes extensions;
  put_extension(extensions, 0, server_name(name));
  put_extension(extensions, 10, Bytes{0, 4, 0, 0x1d, 0, 0x17});
  put_extension(extensions, 13, Bytes{0, 4, 4, 3, 8, 4});
  put_extension(extensions, 16, Bytes{0, 3, 2, 'h', '2'});
  put_extension(extensions, 43, Bytes{2, 3, 4});
  Bytes share{0, 36, 0, 0x1d, 0, 32};
  share.resize(share.size() + 32, 0x5a);
  put_extension(extensions, 51, share);

  Bytes body{3, 3};
  body.resize(body.size() + 32, 0x11);
  body.push_back(32);
  body.resize(body.size() + 32, 0x22);
  put16(body, 6);
  append(body, Bytes{0x13, 1, 0x13, 2, 0x13, 3, 1, 0});
  const std::size_t so_far = 4 + body.size() + 2 + extensions.size();
  if (size >= so_far + 4) put_extension(extensions, 21, Bytes(size - so_far - 4, 0));
  put16(body, extensions.size());
  append(body, extensions);

  Bytes message{1, 0};
  put16(message, body.size());
  append(message, body);
  return message;
}

Bytes tls_record(std::span<const std::uint8_t> handshake) {
  Bytes record{22, 3, 1};
  put16(record, handshake.size());
  append(record, handshake);
  return record;
}

std::size_t name_in(std::span<const std::uint8_t> bytes, std::string_view name) {
  return static_cast<std::size_t>(std::search(bytes.begin(), bytes.end(), name.begin(), name.end()) - bytes.begin());
}

}  // namespace slowlane::bench

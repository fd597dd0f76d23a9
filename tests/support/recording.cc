#include "tests/support/recording.h"

#include <algorithm>

#include "tests/support/capture_bytes.h"
#include "tests/support/hello_builder.h"

namespace slowlane {

Recording& Recording::frame(Nanos at, const Bytes& bytes) {
  frames_.emplace_back(at, bytes);
  return *this;
}

Bytes Recording::bytes() const {
  auto sorted = frames_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  PcapBytes::Style style;
  style.magic = PcapBytes::kNano;
  PcapBytes file(style);
  for (const auto& [at, bytes] : sorted) {
    const Nanos time = kBegin + at;
    file.frame(static_cast<std::uint32_t>(time / kSecond), static_cast<std::uint32_t>(time % kSecond), bytes);
  }
  return file.bytes();
}

std::string Recording::write(const TempFolder& folder, const std::string& name) const {
  return folder.write(name, bytes());
}

void Connection::segment(Nanos at, By by, std::uint8_t flags, const Bytes& payload) {
  const bool client = by == By::client;
  Frame frame;
  frame.ethernet();
  if (vlan_ != 0) frame.vlan(vlan_);
  const char* const server = "198.51.100.7";
  frame.ipv4(client ? client_ : server, client ? server : client_);
  frame.tcp(client ? client_port_ : server_port_, client ? server_port_ : client_port_);
  std::uint32_t& sequence = client ? up_ : down_;
  frame.seq(sequence).ack(client ? down_ : up_).flags(flags).payload(payload);
  sequence += static_cast<std::uint32_t>(payload.size()) + ((flags & kSyn) != 0 ? 1 : 0);
  recording_.frame(at, frame);
}

Connection& Connection::hello(Nanos at, std::string_view host) {
  segment(at, By::client, kSyn, {});
  segment(at + 10 * kMillisecond, By::server, kSyn | kAck, {});
  segment(at + 20 * kMillisecond, By::client, kAck, {});
  segment(at + 30 * kMillisecond, By::client, kAck | kPsh, chrome_hello(host));
  return *this;
}

Connection& Connection::up(Nanos at, std::size_t payload) {
  segment(at, By::client, kAck | kPsh, Bytes(payload, 0x55));
  return *this;
}

Connection& Connection::down(Nanos at, std::size_t payload) {
  segment(at, By::server, kAck | kPsh, Bytes(payload, 0xaa));
  return *this;
}

Connection& Connection::download(Nanos at, int count, Nanos every, std::size_t payload) {
  for (int i = 0; i < count; ++i) down(at + i * every, payload);
  return *this;
}

}  // namespace slowlane

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "tests/support/box.h"
#include "tests/support/packet_builder.h"

namespace slowlane {

// One TCP or UDP conversation that arrives at a box: keeps ports and sequence numbers, so that a test reads as a
// story. The client is 10.0.0.1, the server 198.51.100.7 unless told otherwise.
class Talk {
 public:
  explicit Talk(Box& box, std::uint16_t client_port = 40000, std::uint16_t server_port = 443)
      : box_(box), client_port_(client_port), server_port_(server_port) {}
  Talk& client(std::string_view address) { return client_ = address, *this; }
  Talk& server(std::string_view address) { return server_ = address, *this; }
  Talk& sequence(std::uint32_t client, std::uint32_t server) { return up_ = client, down_ = server, *this; }

  // SYN, SYN/ACK, ACK, a millisecond apart from `at` on.
  Talk& open(Nanos at) {
    box_.arrive(at, frame(true).seq(up_).flags(kSyn));
    box_.arrive(at + kMillisecond, frame(false).seq(down_).ack(up_ + 1).flags(kSyn | kAck));
    ++up_, ++down_;
    box_.arrive(at + 2 * kMillisecond, frame(true).seq(up_).ack(down_).flags(kAck));
    return *this;
  }
  Talk& syn(Nanos at) {
    box_.arrive(at, frame(true).seq(up_).flags(kSyn));
    ++up_;
    return *this;
  }
  Talk& up(Nanos at, const Bytes& payload) {
    box_.arrive(at, frame(true).seq(up_).ack(down_).flags(kAck | kPsh).payload(payload));
    up_ += static_cast<std::uint32_t>(payload.size());
    return *this;
  }
  Talk& down(Nanos at, const Bytes& payload) {
    box_.arrive(at, frame(false).seq(down_).ack(up_).flags(kAck | kPsh).payload(payload));
    down_ += static_cast<std::uint32_t>(payload.size());
    return *this;
  }
  // A piece of the client's stream that lies `offset` bytes ahead of what was sent; sends nothing else forward.
  Talk& up_at(Nanos at, std::uint32_t offset, const Bytes& payload) {
    box_.arrive(at, frame(true).seq(up_ + offset).ack(down_).flags(kAck | kPsh).payload(payload));
    return *this;
  }
  Talk& up_flags(Nanos at, std::uint8_t flags) {
    box_.arrive(at, frame(true).seq(up_).ack(down_).flags(flags));
    if (flags & (kSyn | kFin)) ++up_;
    return *this;
  }
  Talk& down_flags(Nanos at, std::uint8_t flags) {
    box_.arrive(at, frame(false).seq(down_).ack(up_).flags(flags));
    if (flags & (kSyn | kFin)) ++down_;
    return *this;
  }
  Talk& datagram_up(Nanos at, const Bytes& payload) {
    box_.arrive(at, Frame().ethernet().ip(client_, server_).udp(client_port_, server_port_).payload(payload));
    return *this;
  }
  Talk& datagram_down(Nanos at, const Bytes& payload) {
    box_.arrive(at, Frame().ethernet().ip(server_, client_).udp(server_port_, client_port_).payload(payload));
    return *this;
  }
  Frame frame(bool by_client) const {
    if (by_client) return Frame().ethernet().ip(client_, server_).tcp(client_port_, server_port_);
    return Frame().ethernet().ip(server_, client_).tcp(server_port_, client_port_);
  }

 private:
  Box& box_;
  std::string client_ = "10.0.0.1";
  std::string server_ = "198.51.100.7";
  std::uint16_t client_port_;
  std::uint16_t server_port_;
  std::uint32_t up_ = 1000;
  std::uint32_t down_ = 5000;
};

// `size` bytes that are nothing in particular.
inline Bytes filler(std::size_t size) { return Bytes(size, 0xee); }

}  // namespace slowlane

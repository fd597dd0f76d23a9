#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dataplane/flow.h"
#include "rules/units.h"
#include "tests/support/packet_builder.h"
#include "tests/support/temp_folder.h"

namespace slowlane {

// A capture made up by a test: frames with times from the run's start on, in any order of adding. Written as a pcap
// file with nanoseconds that begins at kBegin.
class Recording {
 public:
  static constexpr Nanos kBegin = 1'600'000'000 * kSecond;

  Recording& frame(Nanos at, const Bytes& bytes);
  Recording& frame(Nanos at, const Frame& made) { return frame(at, made.build()); }
  std::size_t size() const { return frames_.size(); }

  // The file's bytes, and the file in a test's folder; returns its path.
  Bytes bytes() const;
  std::string write(const TempFolder& folder, const std::string& name) const;

 private:
  std::vector<std::pair<Nanos, Bytes>> frames_;
};

// One TCP connection of a recording: keeps ports and sequence numbers. The client is 10.0.0.1 unless told otherwise.
class Connection {
 public:
  explicit Connection(Recording& recording, std::uint16_t client_port = 40000, std::uint16_t server_port = 443)
      : recording_(recording),
        client_port_(client_port),
        server_port_(server_port),
        up_(1000 * (static_cast<std::uint32_t>(recording.size()) + 1)),
        down_(up_ + 500) {}
  Connection& client(std::string_view address) { return client_ = address, *this; }
  Connection& vlan(std::uint16_t tag) { return vlan_ = tag, *this; }

  // SYN, SYN/ACK and ACK, 10 ms apart, then a ClientHello for `host` 30 ms after `at`.
  Connection& hello(Nanos at, std::string_view host);
  Connection& up(Nanos at, std::size_t payload);
  Connection& down(Nanos at, std::size_t payload);
  // `count` packets from the server, one each `every`.
  Connection& download(Nanos at, int count, Nanos every, std::size_t payload = 1000);

 private:
  enum class By : std::uint8_t { client, server };
  void segment(Nanos at, By by, std::uint8_t flags, const Bytes& payload);

  Recording& recording_;
  std::string client_ = "10.0.0.1";
  std::uint16_t client_port_;
  std::uint16_t server_port_;
  std::uint32_t up_;  // each connection has its own
  std::uint32_t down_;
  std::uint16_t vlan_ = 0;
};

}  // namespace slowlane

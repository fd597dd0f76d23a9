#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "hw/fd.h"
#include "tests/support/capture_bytes.h"

namespace slowlane {

// A network namespace for the calling thread, empty but for what a test puts there; it goes with this object, or with
// the process. Without the rights for it, why_not() says what is missing and the test skips.
class OwnNetwork {
 public:
  OwnNetwork();
  ~OwnNetwork();
  OwnNetwork(const OwnNetwork&) = delete;
  OwnNetwork& operator=(const OwnNetwork&) = delete;

  const std::string& why_not() const { return why_not_; }

  // `ip ARGUMENTS` in it; whether it succeeded.
  bool ip(const std::string& arguments) const;
  // Any command in it.
  bool run(const std::string& command) const;
  // Two ends of a cable, both up, with this MTU.
  bool add_cable(const std::string& one, const std::string& other, std::uint32_t mtu = 1500) const;

 private:
  Fd before_;
  std::string why_not_;
};

// What hangs on the far end of a cable: sends frames as they are and gets them as they were on the wire.
class FarEnd {
 public:
  explicit FarEnd(const std::string& device);

  // Whether the device took it.
  bool send(const Bytes& frame) const;
  // The next frame that comes in; nullopt: none for so long.
  std::optional<Bytes> receive(std::chrono::milliseconds patience = std::chrono::milliseconds(1000)) const;

 private:
  Fd socket_;
};

}  // namespace slowlane

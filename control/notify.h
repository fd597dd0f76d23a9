#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "rules/units.h"

namespace slowlane {

// Tells the service manager how the box is (sd_notify(3): a datagram to $NOTIFY_SOCKET), without libsystemd. Without a
// manager that listens it does nothing. Never blocks, never fails.
class Notify {
 public:
  // What the environment says; see notify_environment().
  struct Address {
    std::string socket;             // empty: nobody listens
    std::optional<Nanos> watchdog;  // how often alive() is expected at least; none: it is not
  };
  explicit Notify(Address address) : address_(std::move(address)) {}

  // How often to call alive(): twice as often as is expected. None: there is no need.
  std::optional<Nanos> alive_every() const;

  void ready(std::string_view status) const;     // the box forwards
  void status(std::string_view status) const;    // one line for people
  void alive() const;                            // every worker turns
  void stopping(std::string_view status) const;  // the box drains

 private:
  void tell(std::string_view message) const;

  const Address address_;
};

// $NOTIFY_SOCKET, $WATCHDOG_USEC and $WATCHDOG_PID of this process.
Notify::Address notify_environment();

}  // namespace slowlane

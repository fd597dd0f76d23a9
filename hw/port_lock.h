#pragma once

#include <optional>
#include <string>

#include "hw/fd.h"

namespace slowlane {

// Says to other processes of ours that a device is in use: a listening socket of a name that only one can have in a
// network namespace, and that is gone with its process however that ends.
class PortLock {
 public:
  // nullopt: another has it.
  static std::optional<PortLock> take(const std::string& device);
  // The process that has it; nullopt: none, 0: one that cannot be told.
  static std::optional<int> holder(const std::string& device);

 private:
  explicit PortLock(Fd socket) : socket_(std::move(socket)) {}
  Fd socket_;
};

}  // namespace slowlane

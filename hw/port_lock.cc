#include "hw/port_lock.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

namespace slowlane {
namespace {

// Abstract names begin with a zero byte, and belong to the network namespace.
struct Name {
  explicit Name(const std::string& device) {
    const std::string text = "slowlane/port/" + device;
    address.sun_family = AF_UNIX;
    const std::size_t length = std::min(text.size(), sizeof(address.sun_path) - 1);
    std::memcpy(address.sun_path + 1, text.data(), length);
    size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + length);
  }
  const sockaddr* generic() const { return reinterpret_cast<const sockaddr*>(&address); }
  sockaddr_un address{};
  socklen_t size;
};

Fd local_socket() { return Fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)); }

}  // namespace

std::optional<PortLock> PortLock::take(const std::string& device) {
  const Name name(device);
  Fd socket = local_socket();
  if (bind(socket.get(), name.generic(), name.size) != 0 || listen(socket.get(), 1) != 0) return std::nullopt;
  return PortLock(std::move(socket));
}

std::optional<int> PortLock::holder(const std::string& device) {
  const Name name(device);
  const Fd socket = local_socket();
  if (connect(socket.get(), name.generic(), name.size) != 0)
    return errno == EAGAIN ? std::optional(0) : std::nullopt;  // its queue of askers is full
  ucred who{};
  socklen_t size = sizeof(who);
  return getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &who, &size) == 0 ? who.pid : 0;
}

}  // namespace slowlane

#include "control/notify.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "hw/fd.h"

namespace slowlane {
namespace {

std::optional<std::int64_t> number_of(const char* variable) {
  const char* const text = std::getenv(variable);  // NOLINT(concurrency-mt-unsafe): read once at the start
  if (text == nullptr) return std::nullopt;
  std::int64_t number = 0;
  const char* const end = text + std::strlen(text);
  const auto read = std::from_chars(text, end, number);
  if (read.ec != std::errc() || read.ptr != end || number <= 0) return std::nullopt;
  return number;
}

// A status is one line: the protocol separates its fields by line ends.
std::string one_line(std::string_view text) {
  std::string line(text);
  std::ranges::replace(line, '\n', ' ');
  return line;
}

}  // namespace

std::optional<Nanos> Notify::alive_every() const {
  if (address_.socket.empty() || !address_.watchdog) return std::nullopt;
  return *address_.watchdog / 2;
}

void Notify::ready(std::string_view status) const { tell("READY=1\nSTATUS=" + one_line(status)); }
void Notify::status(std::string_view status) const { tell("STATUS=" + one_line(status)); }
void Notify::alive() const { tell("WATCHDOG=1"); }
void Notify::stopping(std::string_view status) const { tell("STOPPING=1\nSTATUS=" + one_line(status)); }

void Notify::tell(std::string_view message) const {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string& path = address_.socket;
  if (path.size() < 2 || path.size() >= sizeof address.sun_path || (path[0] != '/' && path[0] != '@')) return;
  std::memcpy(address.sun_path, path.data(), path.size());
  if (path[0] == '@') address.sun_path[0] = '\0';  // an abstract name (unix(7))
  const Fd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd) return;
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  (void)::sendto(fd.get(), message.data(), message.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
                 reinterpret_cast<const sockaddr*>(&address), size);
}

Notify::Address notify_environment() {
  Notify::Address address;
  if (const char* const socket = std::getenv("NOTIFY_SOCKET"))
    address.socket = socket;  // NOLINT(concurrency-mt-unsafe)
  const auto expected = number_of("WATCHDOG_USEC");
  const auto pid = number_of("WATCHDOG_PID");
  if (expected && (!pid || *pid == ::getpid())) address.watchdog = *expected * kMicrosecond;
  return address;
}

}  // namespace slowlane

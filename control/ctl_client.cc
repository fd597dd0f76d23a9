#include "control/ctl_client.h"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "hw/fd.h"

namespace slowlane {
namespace {

constexpr std::size_t kLongestAnswer = 64 << 20;

std::string why_not(int error) {
  switch (error) {
    case ENOENT:
    case ECONNREFUSED: return "no box serves there; name its socket with --socket";
    case EACCES: return "you may not use it; the group and mode of the sockets stand in the appliance file";
    case EAGAIN: return "the box does not answer";
    default: return std::strerror(error);
  }
}

bool send_all(const Fd& fd, const std::string& text) {
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t sent = ::send(fd.get(), text.data() + done, text.size() - done, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return false;
    done += static_cast<std::size_t>(sent);
  }
  return true;
}

// A connection over which the request was sent. `patience` 0: there is no hurry for answers.
Result<Fd> open_to(const std::string& socket, const std::string& request, Nanos patience) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket.empty() || socket.size() >= sizeof address.sun_path)
    return Diagnostic{socket, 0, "a socket's path has 1 to 107 bytes"};
  std::memcpy(address.sun_path, socket.data(), socket.size());
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const timeval most{.tv_sec = patience / kSecond, .tv_usec = patience % kSecond / kMicrosecond};
  for (const int option : {SO_RCVTIMEO, SO_SNDTIMEO})
    if (::setsockopt(fd.get(), SOL_SOCKET, option, &most, sizeof most) != 0)
      return Diagnostic{socket, 0, std::strerror(errno)};
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return Diagnostic{socket, 0, why_not(errno)};
  // A box that does not read on has said why.
  if (!send_all(fd, request) || !send_all(fd, "\n"))
    if (errno != EPIPE && errno != ECONNRESET) return Diagnostic{socket, 0, why_not(errno)};
  return fd;
}

Result<std::string> read_line(const Fd& fd, const std::string& socket) {
  std::string answer;
  std::array<char, 65536> chunk;
  while (answer.size() < kLongestAnswer) {
    const ssize_t got = ::recv(fd.get(), chunk.data(), chunk.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Diagnostic{socket, 0, why_not(errno)};
    if (got == 0) return Diagnostic{socket, 0, "the box hung up"};
    answer.append(chunk.data(), static_cast<std::size_t>(got));
    if (const std::size_t end = answer.find('\n'); end != std::string::npos) return answer.substr(0, end);
  }
  return Diagnostic{socket, 0, "the answer does not end"};
}

}  // namespace

Result<std::string> ask_box(const std::string& socket, const std::string& request, Nanos patience) {
  const auto fd = open_to(socket, request, patience);
  if (!fd) return fd.diagnostics();
  return read_line(*fd, socket);
}

Diagnostics follow_box(const std::string& socket, const std::string& request,
                       const std::function<bool(const std::string&)>& take) {
  const auto fd = open_to(socket, request, 0);
  if (!fd) return fd.diagnostics();
  std::string lines;
  std::array<char, 65536> chunk;
  while (lines.size() < kLongestAnswer) {
    const ssize_t got = ::recv(fd->get(), chunk.data(), chunk.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return {{socket, 0, why_not(errno)}};
    if (got == 0) return {{socket, 0, "the box hung up"}};
    lines.append(chunk.data(), static_cast<std::size_t>(got));
    for (std::size_t end; (end = lines.find('\n')) != std::string::npos; lines.erase(0, end + 1))
      if (!take(lines.substr(0, end))) return {};
  }
  return {{socket, 0, "a line does not end"}};
}

}  // namespace slowlane

#include "control/ctl_socket.h"

#include <grp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

namespace slowlane {
namespace {

constexpr int kWaiting = 16;  // connections that the system keeps until they are accepted

Diagnostic refused(const std::string& path, const std::string& what) {
  return {path, 0, what + ": " + std::strerror(errno)};
}

std::optional<sockaddr_un> address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) return std::nullopt;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

Fd make_socket() { return Fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)); }

bool bind_to(int fd, const sockaddr_un& address) {
  return ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

// Whether a process still accepts at the address; a nonblocking connect to a full queue says EAGAIN.
bool is_served(const sockaddr_un& address) {
  const Fd fd = make_socket();
  const bool connected = ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  return connected || errno == EAGAIN;
}

bool is_socket(const std::string& path) {
  struct stat about {};
  return lstat(path.c_str(), &about) == 0 && S_ISSOCK(about.st_mode);
}

// Mode and group before anyone can connect, which listen() allows.
std::optional<Diagnostic> limit_access(const std::string& path, unsigned mode, const std::string& group) {
  if (!group.empty()) {
    const ::group* const known = ::getgrnam(group.c_str());
    if (known == nullptr) return Diagnostic{path, 0, "there is no group \"" + group + "\""};
    if (::chown(path.c_str(), static_cast<uid_t>(-1), known->gr_gid) != 0)
      return refused(path, "it cannot be given to group \"" + group + "\"");
  }
  if (::chmod(path.c_str(), mode) != 0) return refused(path, "its mode cannot be set");
  return std::nullopt;
}

}  // namespace

Result<CtlSocket> CtlSocket::open(const std::string& path, unsigned mode, const std::string& group) {
  const auto address = address_of(path);
  if (!address) return Diagnostic{path, 0, "a socket's path has 1 to 107 bytes"};
  std::error_code error;
  if (const auto folder = std::filesystem::path(path).parent_path(); !folder.empty())
    std::filesystem::create_directories(folder, error);
  if (error) return Diagnostic{path, 0, "its folder cannot be made: " + error.message()};
  Fd fd = make_socket();
  if (fd.get() < 0) return refused(path, "no socket");
  if (!bind_to(fd.get(), *address)) {
    if (errno != EADDRINUSE) return refused(path, "it cannot be made");
    if (!is_socket(path)) return Diagnostic{path, 0, "there is a file of that name, which is no socket"};
    if (is_served(*address))
      return Diagnostic{path, 0, "another box serves there; end it, or give this one sockets of its own"};
    if (::unlink(path.c_str()) != 0 || !bind_to(fd.get(), *address)) return refused(path, "it cannot be replaced");
  }
  CtlSocket socket(std::move(fd), path);
  if (auto wrong = limit_access(path, mode, group)) return *std::move(wrong);
  if (::listen(socket.fd(), kWaiting) != 0) return refused(path, "it cannot listen");
  return socket;
}

CtlSocket::CtlSocket(Fd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {
  struct stat about {};
  if (lstat(path_.c_str(), &about) != 0) return;
  device_ = about.st_dev;
  inode_ = about.st_ino;
}

CtlSocket::CtlSocket(CtlSocket&& other) noexcept
    : fd_(std::move(other.fd_)), path_(std::exchange(other.path_, {})), device_(other.device_), inode_(other.inode_) {}

CtlSocket::~CtlSocket() {
  struct stat about {};
  const bool mine =
      !path_.empty() && lstat(path_.c_str(), &about) == 0 && about.st_dev == device_ && about.st_ino == inode_;
  if (mine) ::unlink(path_.c_str());
}

Fd CtlSocket::accept() { return Fd(::accept4(fd(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)); }

}  // namespace slowlane

#include "control/caller.h"

#include <pwd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>

namespace slowlane {

Caller box_caller() { return {Rights::change, ::geteuid(), ::getpid()}; }

Caller caller_at(int socket, Rights rights) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return {.rights = rights};
  return {rights, peer.uid, peer.pid};
}

std::string user_name(uid_t uid) {
  std::array<char, 4096> text;
  passwd entry{};
  passwd* found = nullptr;
  const bool known = ::getpwuid_r(uid, &entry, text.data(), text.size(), &found) == 0 && found != nullptr;
  return known ? entry.pw_name : std::to_string(uid);
}

}  // namespace slowlane

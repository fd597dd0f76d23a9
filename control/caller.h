#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace slowlane {

// What a socket may do: look at the box, or change it too.
enum class Rights : std::uint8_t { view, change };

// Who asks, as the system knows him (SO_PEERCRED).
struct Caller {
  Rights rights = Rights::view;
  uid_t uid = static_cast<uid_t>(-1);
  pid_t pid = 0;  // 0: not known
};

// The box itself, for what it does unasked.
Caller box_caller();
// The process at the other end of a UNIX socket.
Caller caller_at(int socket, Rights rights);
// "alice"; the number where the system knows no name. May ask the network: never on the thread that serves.
std::string user_name(uid_t uid);

}  // namespace slowlane

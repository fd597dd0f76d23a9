#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rules/result.h"

namespace slowlane {

// How a process that could do everything becomes one that can do what forwarding needs. By the thread that later starts
// the workers, which have what it has. DPDK's own threads lose everything with the change of user; without one they
// keep what they had. Diagnostics have no place.

// Becomes another user, keeping what the opening of sockets and files needs; to be called when the ports are open,
// which need more. Nothing is done where the process is not root or the name is empty. Diagnostics: there is no such
// user, or the system refuses.
Diagnostics become_user(const std::string& name);

enum class KeepLinks : std::uint8_t { no, yes };  // yes: CAP_NET_ADMIN, to set a port's link

// Gives up all else for good, and the way back through programs that raise privileges; to be called when everything is
// open.
Diagnostics drop_privileges(KeepLinks links);

// What this thread may do beyond what any process may: "net_admin", ...
std::vector<std::string> capabilities_left();

// Gives up everything: what a worker's thread calls, for all it does is receive and send.
void drop_all_capabilities() noexcept;

}  // namespace slowlane

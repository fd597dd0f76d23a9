#include "control/privileges.h"

#include <cap-ng.h>
#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <initializer_list>

namespace slowlane {
namespace {

constexpr auto kInForce = static_cast<capng_type_t>(CAPNG_EFFECTIVE | CAPNG_PERMITTED);

Diagnostics refused(const std::string& text) { return {{"", 0, text}}; }

// libcap-ng keeps what is chosen per thread, until it is applied.
void choose(std::initializer_list<unsigned> capabilities) {
  capng_clear(CAPNG_SELECT_BOTH);
  for (const unsigned capability : capabilities) capng_update(CAPNG_ADD, kInForce, capability);
}

}  // namespace

Diagnostics become_user(const std::string& name) {
  if (name.empty() || geteuid() != 0) return {};
  const passwd* user = getpwnam(name.c_str());
  if (user == nullptr)
    return refused(fmt::format("there is no user \"{}\"; make it with adduser --system --group {}", name, name));
  const uid_t uid = user->pw_uid;
  const gid_t gid = user->pw_gid;
  if (initgroups(name.c_str(), gid) != 0)
    return refused(fmt::format("user {}: its groups cannot be taken on: {}", name, std::strerror(errno)));
  choose({CAP_NET_ADMIN, CAP_NET_BIND_SERVICE});
  const int code = capng_change_id(static_cast<int>(uid), static_cast<int>(gid), CAPNG_CLEAR_BOUNDING);
  if (code != 0) return refused(fmt::format("user {}: the system does not allow it (libcap-ng says {})", name, code));
  return {};
}

Diagnostics drop_privileges(KeepLinks links) {
  // What it never had cannot be kept.
  const bool has = capng_get_caps_process() == 0 && capng_have_capability(CAPNG_PERMITTED, CAP_NET_ADMIN) == 1;
  if (has && links == KeepLinks::yes)
    choose({CAP_NET_ADMIN});
  else
    choose({});
  if (capng_apply(CAPNG_SELECT_CAPS) != 0)
    return refused(fmt::format("capabilities cannot be given up: {}", std::strerror(errno)));
  prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL);
  return {};
}

std::vector<std::string> capabilities_left() {
  std::vector<std::string> left;
  if (capng_get_caps_process() != 0) return left;
  for (unsigned number = 0; number <= CAP_LAST_CAP; ++number) {
    if (capng_have_capability(CAPNG_EFFECTIVE, number) != 1) continue;
    const char* name = capng_capability_to_name(number);
    left.emplace_back(name == nullptr ? std::to_string(number) : name);
  }
  return left;
}

void drop_all_capabilities() noexcept {
  choose({});
  capng_apply(CAPNG_SELECT_CAPS);
}

}  // namespace slowlane

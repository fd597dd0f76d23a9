#include "control/notify.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include "hw/fd.h"
#include "tests/support/temp_folder.h"

namespace slowlane {
namespace {

// The service manager's end.
class Manager {
 public:
  explicit Manager(const std::string& path) : fd_(::socket(AF_UNIX, SOCK_DGRAM, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    if (path[0] == '@') address.sun_path[0] = '\0';
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
    EXPECT_EQ(bind(fd_.get(), reinterpret_cast<const sockaddr*>(&address), size), 0);
  }
  std::string hear() const {
    std::array<char, 512> text{};
    const ssize_t got = ::recv(fd_.get(), text.data(), text.size(), MSG_DONTWAIT);
    return got < 0 ? "" : std::string(text.data(), static_cast<std::size_t>(got));
  }

 private:
  Fd fd_;
};

TEST(Notify, TellsTheManager) {
  const TempFolder folder;
  const Manager manager(folder.file("notify"));
  const Notify notify({folder.file("notify"), std::nullopt});
  notify.ready("2 wires");
  EXPECT_EQ(manager.hear(), "READY=1\nSTATUS=2 wires");
  notify.status("one\ntwo");
  EXPECT_EQ(manager.hear(), "STATUS=one two");
  notify.alive();
  EXPECT_EQ(manager.hear(), "WATCHDOG=1");
  notify.stopping("told to");
  EXPECT_EQ(manager.hear(), "STOPPING=1\nSTATUS=told to");
}

TEST(Notify, ReachesAbstractNames) {
  const std::string name = "@slowlane-notify-test-" + std::to_string(getpid());
  const Manager manager(name);
  Notify({name, std::nullopt}).alive();
  EXPECT_EQ(manager.hear(), "WATCHDOG=1");
}

TEST(Notify, WithoutAManagerDoesNothing) {
  Notify({"", std::nullopt}).ready("x");
  Notify({"/nowhere/at/all", std::nullopt}).ready("x");
  Notify({"relative", std::nullopt}).ready("x");
  Notify({std::string(300, '/'), std::nullopt}).ready("x");
}

TEST(Notify, IsAliveTwiceAsOftenAsIsExpected) {
  EXPECT_EQ(Notify({"/x", 2 * kSecond}).alive_every(), kSecond);
  EXPECT_EQ(Notify({"/x", std::nullopt}).alive_every(), std::nullopt);
  EXPECT_EQ(Notify({"", 2 * kSecond}).alive_every(), std::nullopt);
}

TEST(Notify, ReadsTheEnvironmentOfItsOwnProcess) {
  setenv("NOTIFY_SOCKET", "/run/n", 1);
  setenv("WATCHDOG_USEC", "3000000", 1);
  setenv("WATCHDOG_PID", std::to_string(getpid()).c_str(), 1);
  EXPECT_EQ(notify_environment().socket, "/run/n");
  EXPECT_EQ(notify_environment().watchdog, 3 * kSecond);
  setenv("WATCHDOG_PID", "1", 1);
  EXPECT_EQ(notify_environment().watchdog, std::nullopt);
  unsetenv("WATCHDOG_PID");
  setenv("WATCHDOG_USEC", "soon", 1);
  EXPECT_EQ(notify_environment().watchdog, std::nullopt);
  unsetenv("WATCHDOG_USEC");
  unsetenv("NOTIFY_SOCKET");
  EXPECT_EQ(notify_environment().socket, "");
}

}  // namespace
}  // namespace slowlane

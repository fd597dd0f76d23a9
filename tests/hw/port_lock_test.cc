#include "hw/port_lock.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

namespace slowlane {
namespace {

// A device that nobody else has.
std::string device() { return "test-" + std::to_string(getpid()); }

TEST(PortLock, IsHadByOneAtATime) {
  EXPECT_EQ(PortLock::holder(device()), std::nullopt);
  {
    const auto first = PortLock::take(device());
    ASSERT_TRUE(first);
    EXPECT_FALSE(PortLock::take(device()));
    EXPECT_TRUE(PortLock::take(device() + "x"));
    EXPECT_EQ(PortLock::holder(device()), getpid());
    for (int i = 0; i < 5; ++i) EXPECT_NE(PortLock::holder(device()), std::nullopt) << "however many ask";
  }
  EXPECT_EQ(PortLock::holder(device()), std::nullopt);
  EXPECT_TRUE(PortLock::take(device()));
}

TEST(PortLock, IsGoneWithItsProcess) {
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const std::string name = device();
  const pid_t child = fork();
  if (child == 0) {
    const auto lock = PortLock::take(name);
    if (write(ready[1], "x", 1) != 1) _exit(1);
    pause();
    _exit(0);
  }
  char byte = 0;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  EXPECT_EQ(PortLock::holder(name), child);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_EQ(PortLock::holder(name), std::nullopt);
  EXPECT_TRUE(PortLock::take(name));
  close(ready[0]);
  close(ready[1]);
}

}  // namespace
}  // namespace slowlane

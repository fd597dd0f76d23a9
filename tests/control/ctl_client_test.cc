#include "control/ctl_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>
#include <string>

#include "hw/fd.h"
#include "tests/support/temp_folder.h"

namespace slowlane {
namespace {

using testing::HasSubstr;

TEST(CtlClient, SaysWhyNobodyAnswers) {
  const TempFolder folder;
  EXPECT_THAT(ask_box(folder.file("none.sock"), "{}").diagnostics()[0].text, HasSubstr("no box serves there"));
  const Fd silent(::socket(AF_UNIX, SOCK_STREAM, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = folder.file("silent.sock");
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  ASSERT_EQ(bind(silent.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ASSERT_EQ(listen(silent.get(), 1), 0);
  EXPECT_THAT(ask_box(path, "{}", 20 * kMillisecond).diagnostics()[0].text, HasSubstr("does not answer"));
}

}  // namespace
}  // namespace slowlane

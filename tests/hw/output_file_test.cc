#include "hw/output_file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "tests/support/capture_bytes.h"
#include "tests/support/temp_folder.h"

namespace slowlane {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::HasSubstr;
using testing::IsEmpty;

std::unique_ptr<OutputFile> create(const std::string& path) { return std::move(OutputFile::create(path).value()); }

TEST(OutputFile, AppearsUnderItsNameWhenItIsWhole) {
  const TempFolder folder;
  const auto file = create(folder.file("out"));
  file->write(some_bytes(1'000'000));
  EXPECT_FALSE(std::filesystem::exists(folder.file("out")));
  EXPECT_EQ(file->finish(), std::nullopt);
  EXPECT_THAT(folder.names(), ElementsAre("out"));
  EXPECT_EQ(folder.read("out"), some_bytes(1'000'000));
}

TEST(OutputFile, LeavesNothingWithoutFinish) {
  const TempFolder folder;
  create(folder.file("out"))->write(some_bytes(1'000'000));
  EXPECT_THAT(folder.names(), IsEmpty());
}

TEST(OutputFile, LeavesWhatWasThereUntilThen) {
  const TempFolder folder;
  folder.write("out", some_bytes(10));
  create(folder.file("out"))->write(some_bytes(1'000'000));
  EXPECT_EQ(folder.read("out"), some_bytes(10));
  const auto file = create(folder.file("out"));
  file->write(some_bytes(20));
  EXPECT_EQ(file->finish(), std::nullopt);
  EXPECT_EQ(folder.read("out"), some_bytes(20));
}

TEST(OutputFile, HasThePermissionsOfAnOrdinaryFile) {
  const TempFolder folder;
  const mode_t mask = umask(027);
  EXPECT_EQ(create(folder.file("out"))->finish(), std::nullopt);
  umask(mask);
  struct stat status {};
  ASSERT_EQ(stat(folder.file("out").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0640u);
}

TEST(OutputFile, FollowsASymbolicLinkAndKeepsIt) {
  const TempFolder folder;
  folder.write("real", some_bytes(1));
  std::filesystem::create_symlink(folder.file("real"), folder.file("link"));
  const auto file = create(folder.file("link"));
  file->write(some_bytes(20));
  EXPECT_EQ(file->finish(), std::nullopt);
  EXPECT_TRUE(std::filesystem::is_symlink(folder.file("link")));
  EXPECT_EQ(folder.read("real"), some_bytes(20));
}

TEST(OutputFile, WritesPipesInPlace) {
  const TempFolder folder;
  ASSERT_EQ(mkfifo(folder.file("pipe").c_str(), 0600), 0);
  const int reader = open(folder.file("pipe").c_str(), O_RDWR);
  const auto file = create(folder.file("pipe"));
  file->write(some_bytes(20));
  EXPECT_EQ(file->finish(), std::nullopt);
  Bytes got(20);
  EXPECT_EQ(read(reader, got.data(), got.size()), 20);
  close(reader);
  EXPECT_THAT(got, ElementsAreArray(some_bytes(20)));
  EXPECT_TRUE(std::filesystem::is_fifo(folder.file("pipe")));
}

TEST(OutputFile, SaysThatTheDiskIsFull) {
  if (access("/dev/full", W_OK) != 0) GTEST_SKIP() << "no /dev/full here";
  const auto file = create("/dev/full");
  EXPECT_FALSE(file->failed());
  file->write(some_bytes(1'000'000));
  EXPECT_TRUE(file->failed());
  const auto problem = file->finish();
  ASSERT_TRUE(problem);
  EXPECT_EQ(problem->print(), "/dev/full: cannot be written: No space left on device");
}

TEST(OutputFile, SaysAtOnceThatAFolderIsNotThere) {
  const TempFolder folder;
  const auto file = OutputFile::create(folder.file("none/out"));
  ASSERT_FALSE(file);
  EXPECT_THAT(file.diagnostics().at(0).text, HasSubstr("cannot be written: No such file or directory"));
  EXPECT_FALSE(OutputFile::create("/"));
}

}  // namespace
}  // namespace slowlane

#include "control/outputs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "control/failure.h"
#include "tests/support/text_files.h"

namespace slowlane {
namespace {

using testing::ElementsAre;

Exit exit_of_refusal(const std::vector<std::string>& inputs, const std::vector<std::string>& outputs) {
  try {
    refuse_overwriting(inputs, outputs);
  } catch (const Failure& failure) {
    return failure.exit();
  }
  return Exit::done;
}

TEST(Output, AppearsUnderItsNameOnlyWhenItIsWhole) {
  const TempFolder folder;
  write_text(folder, "out.csv", "old");
  Output output(folder.file("out.csv"));
  output.write("new\n");
  EXPECT_EQ(read_text(folder, "out.csv"), "old");
  output.commit();
  EXPECT_EQ(read_text(folder, "out.csv"), "new\n");
  EXPECT_THAT(folder.names(), ElementsAre("out.csv"));
}

TEST(Output, LeavesNothingBehindWithoutCommit) {
  const TempFolder folder;
  {
    Output output(folder.file("out.csv"));
    output.write("half");
  }
  EXPECT_THAT(folder.names(), ElementsAre());
}

TEST(Output, SaysAtOnceThatAFolderIsMissing) {
  const TempFolder folder;
  try {
    const Output output(folder.file("missing/out.csv"));
    FAIL();
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.exit(), Exit::machine);
    EXPECT_THAT(failure.what(), testing::HasSubstr("missing/out.csv"));
  }
}

TEST(Output, SaysThatTheDiskIsFull) {
  Output output("/dev/full");
  output.write("text");
  EXPECT_THROW(output.commit(), Failure);
}

TEST(Overwriting, AnInputIsRefusedUnderAnyName) {
  const TempFolder folder;
  const std::string input = write_text(folder, "in.pcap", "x");
  std::filesystem::create_symlink(input, folder.file("link.pcap"));
  std::filesystem::create_hard_link(input, folder.file("hard.pcap"));
  EXPECT_EQ(exit_of_refusal({input}, {input}), Exit::wrong_usage);
  EXPECT_EQ(exit_of_refusal({input}, {folder.file("link.pcap")}), Exit::wrong_usage);
  EXPECT_EQ(exit_of_refusal({input}, {folder.file("hard.pcap")}), Exit::wrong_usage);
  EXPECT_EQ(exit_of_refusal({input}, {folder.file("missing/../in.pcap")}), Exit::wrong_usage);
  EXPECT_EQ(exit_of_refusal({input}, {"", folder.file("out.pcap")}), Exit::done);
}

TEST(Overwriting, TwoOutputsMayNotBeOne) {
  const TempFolder folder;
  EXPECT_EQ(exit_of_refusal({}, {folder.file("a"), folder.file("b")}), Exit::done);
  EXPECT_EQ(exit_of_refusal({}, {folder.file("a"), folder.file("./a")}), Exit::wrong_usage);
  EXPECT_EQ(exit_of_refusal({}, {"-", "-"}), Exit::wrong_usage);
  EXPECT_EQ(exit_of_refusal({"-"}, {"-"}), Exit::done);
  EXPECT_EQ(exit_of_refusal({}, {"/dev/null", "/dev/null"}), Exit::done);
}

}  // namespace
}  // namespace slowlane

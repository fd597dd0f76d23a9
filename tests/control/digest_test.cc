#include "control/digest.h"

#include <gtest/gtest.h>

#include "control/failure.h"
#include "tests/support/text_files.h"

namespace slowlane {
namespace {

TEST(Digest, IsWhatSha256sumPrints) {
  const TempFolder folder;
  EXPECT_EQ(file_digest(write_text(folder, "abc", "abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(file_digest(write_text(folder, "empty", "")),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Digest, OfABookIsThatOfItsFilesOneAfterAnother) {
  const TempFolder folder;
  const std::string one = write_text(folder, "one", "ab");
  const std::string two = write_text(folder, "two", "c");
  EXPECT_EQ(book_digest({one, two}), file_digest(write_text(folder, "abc", "abc")));
  EXPECT_NE(book_digest({two, one}), book_digest({one, two}));
}

TEST(Digest, SaysWhichFileCannotBeRead) {
  try {
    file_digest("/nowhere/at/all");
    FAIL();
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.exit(), Exit::wrong_input);
    EXPECT_NE(std::string(failure.what()).find("/nowhere/at/all"), std::string::npos);
  }
}

}  // namespace
}  // namespace slowlane

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

TEST(Digest, OfABookOfOneFileIsThatOfTheFile) {
  const TempFolder folder;
  const std::string book = write_text(folder, "book.cfg", "abc");
  EXPECT_EQ(book_digest({book}), file_digest(book));
}

TEST(Digest, OfABookWithListsIsThatOfTheirSums) {
  const TempFolder folder;
  const std::string book = write_text(folder, "book.cfg", "ab");
  const std::string list = write_text(folder, "list.txt", "c");
  // sha256sum - list.txt < book.cfg | sha256sum
  EXPECT_EQ(book_digest({book, list}), text_digest(text_digest("ab") + "  -\n" + text_digest("c") + "  list.txt\n"));
}

TEST(Digest, OfABookDoesNotDependOnItsFolderAndOwnName) {
  const auto sums = [](const char* book, const char* list) {
    return book_digest(std::vector<FileDigest>{{book, "1"}, {list, "2"}});
  };
  EXPECT_EQ(sums("book.cfg", "lists/a.txt"), sums("/etc/slowlane/old.cfg", "/etc/slowlane/lists/a.txt"));
  EXPECT_EQ(sums("./book.cfg", "./lists/a.txt"), sums("book.cfg", "lists/a.txt"));
  EXPECT_NE(sums("book.cfg", "lists/a.txt"), sums("book.cfg", "lists/b.txt"));
}

TEST(Digest, OfABookTellsWhichFileANameStandsIn) {
  const TempFolder folder;
  const std::string book = write_text(folder, "book.cfg", "");
  const auto sums = [&](const char* one, const char* two) {
    return book_digest({book, write_text(folder, "1", one), write_text(folder, "2", two)});
  };
  EXPECT_NE(sums("a\nb\n", "c\n"), sums("a\n", "b\nc\n"));
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

#include "control/book_text.h"

#include <gtest/gtest.h>

#include "control/load_rules.h"
#include "tests/support/text_files.h"

namespace slowlane {
namespace {

class BookTextTest : public testing::Test {
 protected:
  std::shared_ptr<const BookText> read(const std::string& text) {
    path_ = write_text(folder_, "b.cfg", text);
    rules_ = std::move(load_rules(path_, {}).value());
    return book_text_of(*rules_, collect_bundle(path_), "d1ge57");
  }
  TempFolder folder_;
  std::string path_;
  std::unique_ptr<const RuleSet> rules_;
};

TEST_F(BookTextTest, HoldsWhatHasRulesAndNoListsOfNames) {
  write_text(folder_, "names.txt", "example.com\n");
  write_text(folder_, "rules.cfg",
             "rules = ( { name = \"r\"; when = { host_list = [\"l\"]; }; then = \"pass\"; } );\n");
  const std::string text =
      "book = \"b\";\nlists = ( { name = \"l\"; file = \"names.txt\"; } );\n@include \"rules.cfg\"\n";
  const auto book = read(text);
  ASSERT_EQ(book->files.size(), 2U);
  EXPECT_EQ(book->path, path_);
  EXPECT_EQ(book->files[0].text, text);
  EXPECT_EQ(book->files[1].path, folder_.file("rules.cfg"));
  EXPECT_EQ(book->digest, "d1ge57");
  EXPECT_TRUE(book->whole);
}

TEST_F(BookTextTest, LeavesOutWhatIsTooLarge) {
  const auto book = read("book = \"b\";\n#" + std::string(BookText::kMost, 'x') + "\n");
  EXPECT_TRUE(book->files.empty());
  EXPECT_FALSE(book->whole);
  EXPECT_EQ(book->digest, "d1ge57");
}

}  // namespace
}  // namespace slowlane

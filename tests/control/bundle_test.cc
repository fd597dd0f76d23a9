#include "control/bundle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "rules/load.h"
#include "tests/support/text_files.h"

namespace slowlane {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;
using Json = nlohmann::ordered_json;

std::vector<std::string> paths_of(const Bundle& bundle) {
  std::vector<std::string> paths;
  for (const Bundle::File& file : bundle.files) paths.push_back(file.path);
  return paths;
}

// What a receiver makes of it.
Bundle sent(const Bundle& bundle) { return *bundle_of(Json::parse(to_json(bundle).dump())); }

class BundleOfFiles : public testing::Test {
 protected:
  // The mistakes of a book are the same read from its files and from what was sent.
  std::string mistakes(const std::string& book) const {
    const std::string path = write_text(folder_, "book.cfg", book);
    const auto there = load_book(path);
    const Bundle bundle = sent(collect_bundle(path));
    const auto here = load_book(bundle.path(), reader_of(bundle));
    EXPECT_FALSE(there);
    EXPECT_FALSE(here);
    if (there || here) return "";
    EXPECT_EQ(there.diagnostics(), here.diagnostics());
    std::string all;
    for (const Diagnostic& one : here.diagnostics()) all += one.print().substr(folder_.file("").size()) + "\n";
    return all;
  }

  TempFolder folder_;
};

TEST_F(BundleOfFiles, HoldsTheBookItsIncludesAndItsLists) {
  std::filesystem::create_directories(folder_.file("lists"));
  write_text(folder_, "lists/video.txt", "example.com\n");
  write_text(folder_, "classes.cfg", "classes = ( { name = \"slow\"; lose = { share = 0.5; }; } );\n");
  const std::string book =
      write_text(folder_, "book.cfg",
                 "@include \"classes.cfg\"\nlists = ( { name = \"v\"; file = \"lists/video.txt\"; } );\n"
                 "rules = ( { name = \"r\"; when = { host_list = \"v\"; }; then = \"slow\"; } );\n");
  const Bundle bundle = sent(collect_bundle(book));
  EXPECT_THAT(paths_of(bundle), ElementsAre(book, folder_.file("classes.cfg"), folder_.file("lists/video.txt")));
  const auto loaded = load_book(bundle.path(), reader_of(bundle));
  ASSERT_TRUE(loaded) << loaded.diagnostics().front().print();
  EXPECT_THAT(loaded->rules, SizeIs(1));
  EXPECT_EQ(bundle_digest(bundle), book_digest(loaded->files));
}

TEST_F(BundleOfFiles, HasTheDiagnosticsOfTheFilesThemselves) {
  write_text(folder_, "part.cfg", "classes = (\n  { name = \"a\"; lose = { shar = 0.5; }; }\n);\n");
  write_text(folder_, "list.txt", "good.example\nbad name\n");
  EXPECT_THAT(mistakes("@include \"part.cfg\"\nlists = ( { name = \"v\"; file = \"list.txt\"; } );\n"),
              testing::AllOf(HasSubstr("part.cfg:2: "), HasSubstr("list.txt:2: ")));
  EXPECT_THAT(mistakes("rules = (\n;\n"), HasSubstr("book.cfg:2: "));
}

TEST_F(BundleOfFiles, TellsWhyAFileWasMissingWhereItWasCollected) {
  EXPECT_THAT(mistakes("lists = ( { name = \"v\"; file = \"none.txt\"; } );\n"), HasSubstr("there is no such file"));
  EXPECT_THAT(mistakes("\n@include \"none.cfg\"\n"), HasSubstr("book.cfg:2: "));
  std::filesystem::create_directories(folder_.file("folder"));
  EXPECT_THAT(mistakes("@include \"folder\"\n"), HasSubstr("a folder"));
}

TEST_F(BundleOfFiles, OpensNothingElse) {
  const std::string secret = write_text(folder_, "secret", "example.com\n");
  const Bundle bundle{{{"b.cfg", "lists = ( { name = \"v\"; file = \"" + secret + "\"; } );", ""}}};
  const auto loaded = load_book(bundle.path(), reader_of(bundle));
  ASSERT_FALSE(loaded);
  EXPECT_THAT(loaded.diagnostics().front().text, HasSubstr("was not sent with the book"));
}

TEST(Bundle, RefusesRequestsOfAnotherShape) {
  for (const char* text :
       {"{}", R"({"files":3})", R"({"files":[]})", R"({"files":[3]})", R"({"files":[{"path":"a"}]})",
        R"({"files":[{"path":"","text":""}]})", R"({"files":[{"path":"a","text":"","missing":"x"}]})",
        R"({"files":[{"path":"a","text":3}]})", R"({"files":[{"path":"a","text":""},{"path":"a","text":""}]})"})
    EXPECT_FALSE(bundle_of(Json::parse(text))) << text;
}

// Paths are kept with every version.
TEST(Bundle, HasPathsOfABoundedLength) {
  const auto with_path = [](std::size_t length) {
    return bundle_of({{"files", Json::array({{{"path", std::string(length, 'p')}, {"text", ""}}})}});
  };
  EXPECT_TRUE(with_path(4096));
  EXPECT_THAT(with_path(4097).diagnostics()[0].text, HasSubstr("at most 4096 bytes"));
}

TEST(Bundle, OfOtherThanUtf8CannotBeSent) {
  EXPECT_THAT(unsendable({{{"a", "# h\xc3\xa9\n", ""}}}), IsEmpty());
  const Diagnostics wrong = unsendable({{{"a", "# one\n# h\xe9\n", ""}}});
  ASSERT_THAT(wrong, SizeIs(1));
  EXPECT_THAT(wrong[0].print(), StartsWith("a:2: is not UTF-8"));
}

TEST(Bundle, DigestsCoverEveryTextAndName) {
  const Bundle one{{{"b.cfg", "x", ""}, {"l.txt", "y", ""}}};
  Bundle other = one;
  other.files[1].text = "z";
  EXPECT_NE(bundle_digest(one), bundle_digest(other));
  other = one;
  other.files[1].path = "m.txt";
  EXPECT_NE(bundle_digest(one), bundle_digest(other));
  EXPECT_EQ(bundle_digest(one), bundle_digest(sent(one)));
}

}  // namespace
}  // namespace slowlane

#include "control/pattern_folder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "rules/ruleset.h"
#include "tests/rules/texts.h"
#include "tests/support/text_files.h"

namespace slowlane {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

TEST(PatternFiles, ComeBackAsTheyWereToWhoeverHasTheKey) {
  const TempFolder folder;
  PatternFolder(folder.file("cache")).keep("key", std::string("a\0b", 3));
  PatternFolder again(folder.file("cache"));
  EXPECT_EQ(again.find("key"), std::string("a\0b", 3));
  EXPECT_FALSE(again.find("other"));
}

TEST(PatternFiles, ThatAreDamagedAreNotThere) {
  const TempFolder folder;
  PatternFolder cache(folder.file("c"));
  cache.keep("key", "some bytes");
  const std::string file = std::filesystem::directory_iterator(folder.file("c"))->path();
  std::string text = read_text(folder, "c/" + std::filesystem::path(file).filename().string());
  text.back() ^= 1;
  std::ofstream(file, std::ios::binary) << text;
  EXPECT_FALSE(cache.find("key"));
  std::filesystem::resize_file(file, 10);
  EXPECT_FALSE(cache.find("key"));
  cache.keep("key", "some bytes");
  EXPECT_EQ(cache.find("key"), "some bytes");
}

TEST(PatternFiles, AreNotTakenFromAFolderThatOthersMayWrite) {
  const TempFolder folder;
  PatternFolder(folder.file("c")).keep("key", "bytes");
  ASSERT_EQ(chmod(folder.file("c").c_str(), 0777), 0);
  EXPECT_FALSE(PatternFolder(folder.file("c")).find("key"));
}

TEST(PatternFiles, AreOnlySoMany) {
  const TempFolder folder;
  PatternFolder cache(folder.file("c"));
  for (std::size_t i = 0; i < PatternFolder::kMostFiles + 5; ++i) cache.keep(std::to_string(i), "bytes");
  const auto files = std::filesystem::directory_iterator(folder.file("c"));
  EXPECT_EQ(static_cast<std::size_t>(std::distance(begin(files), end(files))), PatternFolder::kMostFiles);
  EXPECT_TRUE(cache.find(std::to_string(PatternFolder::kMostFiles + 4)));
}

TEST(PatternFiles, NeedAFolder) {
  const TempFolder folder;
  write_text(folder, "file", "");
  for (const std::string& path : {std::string(), folder.file("file/c")}) {
    PatternFolder cache(path);
    cache.keep("key", "bytes");
    EXPECT_FALSE(cache.find("key"));
  }
}

// A book's patterns, compiled into a folder and taken from there.
TEST(PatternFiles, JudgeAsTheCompiledOnesDo) {
  const TempFolder folder;
  const auto compile = [&] {
    PatternFolder cache(folder.file("c"));
    const std::string text =
        "classes = ( { name = \"gone\"; drop = { }; } );\n"
        "rules = ( { name = \"g\"; when = { host = [\"a*b.example\", \"/^re+d/\"]; }; then = \"gone\"; },\n"
        "          { name = \"p\"; when = { payload = \"/^HELO/\"; }; then = \"gone\"; } );\n"
        "expect = ( { host = \"axxb.example\"; then = \"gone\"; }, { host = \"reeed\"; then = \"gone\"; },\n"
        "           { host = \"axxc.example\"; then = \"pass\"; } );\n";
    const auto rules = RuleSet::compile(*book_of(text), {}, &cache);
    EXPECT_TRUE(rules) << printed(rules.diagnostics());
    return std::filesystem::directory_iterator(folder.file("c"));
  };
  const auto files = compile();
  EXPECT_EQ(std::distance(begin(files), end(files)), 3) << "literals, expressions, payload";
  compile();
}

}  // namespace
}  // namespace slowlane

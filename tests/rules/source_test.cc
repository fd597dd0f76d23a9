#include "rules/source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/rules/texts.h"

namespace slowlane {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> places(const Source& source) {
  std::vector<std::string> out;
  for (const Source::Line& line : source.lines)
    out.push_back(source.files[line.file] + ":" + std::to_string(line.line));
  return out;
}

std::string refusal(std::map<std::string, std::string> files) {
  const auto source = read_source("a.cfg", files_of(std::move(files)));
  return source ? "" : printed(source.diagnostics());
}

TEST(Source, EveryLineKnowsItsFile) {
  const auto source = read_source("d/a.cfg", files_of({{"d/a.cfg", "one = 1;\n  @include \"e/b.cfg\"\nlast = 2;\n"},
                                                       {"d/e/b.cfg", "two = 2;\n@include \"c.cfg\"\n"},
                                                       {"d/e/c.cfg", "three = 3;"}}));
  ASSERT_TRUE(source);
  EXPECT_THAT(source->files, ElementsAre("d/a.cfg", "d/e/b.cfg", "d/e/c.cfg"));
  EXPECT_THAT(places(*source), ElementsAre("d/a.cfg:1", "d/e/b.cfg:1", "d/e/c.cfg:1", "d/e/b.cfg:2", "d/a.cfg:2",
                                           "d/a.cfg:3", "d/a.cfg:4"));
  EXPECT_EQ(source->shown(3), "three = 3;");
}

TEST(Source, DirectivesInTextsAndCommentsAreNone) {
  const auto source = read_source(
      "a.cfg", files_of({{"a.cfg", "x = \"\n@include \\\"b\\\"\n\";\n# @include \"b\"\n/*\n@include \"b\"\n*/\n"}}));
  ASSERT_TRUE(source);
  EXPECT_EQ(source->files.size(), 1u);
}

TEST(Source, ScalarsKeepTheirLineAndIntegersTheirDigits) {
  const auto source = read_source("a.cfg", files_of({{"a.cfg",
                                                      "a = [\"x\"\n, \"y\" # 7\n \"z\"\n];\n"
                                                      "b = (1, -2L, 0xFF, 1.5, 1e3, .5, true, FALSE, 08);\n"
                                                      "true-ish5 = +3LL;\n"}}));
  ASSERT_TRUE(source);
  std::vector<std::string> seen;
  for (const auto& scalar : source->scalars) seen.push_back(std::to_string(scalar.line) + ":" + scalar.integer);
  EXPECT_THAT(seen, ElementsAre("1:", "2:", "5:1", "5:-2L", "5:0xFF", "5:", "5:", "5:", "5:", "5:", "5:08", "6:+3LL"));
}

TEST(Source, FilesThatCannotBeReadAreNamedWhereTheyAreNamed) {
  EXPECT_THAT(refusal({{"a.cfg", "\n@include \"b.cfg\"\n@include \"c.cfg\"\n"}}),
              HasSubstr("a.cfg:2: @include \"b.cfg\": there is no such file (b.cfg)"));
  EXPECT_THAT(refusal({}), HasSubstr("a.cfg: there is no such file"));
}

TEST(Source, IncludesThatNeverEndAreRefused) {
  EXPECT_THAT(refusal({{"a.cfg", "@include \"b.cfg\"\n"}, {"b.cfg", "\n@include \"a.cfg\"\n"}}),
              HasSubstr("b.cfg:2: @include \"a.cfg\": the file includes itself"));
  std::map<std::string, std::string> chain{{"a.cfg", "@include \"1\""}};
  for (int i = 1; i < 20; ++i) chain[std::to_string(i)] = "@include \"" + std::to_string(i + 1) + "\"";
  EXPECT_THAT(refusal(chain), HasSubstr("more than 10 deep"));
  std::map<std::string, std::string> wide{{"a.cfg", ""}, {"1", ""}, {"2", ""}, {"3", "x = 1;\n"}};
  for (int i = 0; i < 100; ++i)
    for (int depth = 0; depth < 3; ++depth)
      wide[depth == 0 ? "a.cfg" : std::to_string(depth)] += "@include \"" + std::to_string(depth + 1) + "\"\n";
  EXPECT_THAT(refusal(wide), HasSubstr("more than 1000 includes"));
}

TEST(Source, WhatIsLeftOpenIsNamedWhereItBegan) {
  EXPECT_THAT(refusal({{"a.cfg", "a = 1;\nb = \"open;\n\n"}}), HasSubstr("a.cfg:2: the text that starts here"));
  EXPECT_THAT(refusal({{"a.cfg", "a = 1;\n/* open\n"}}), HasSubstr("a.cfg:2: the comment that starts here"));
  EXPECT_THAT(refusal({{"a.cfg", "@include b.cfg\n"}}), HasSubstr("@include takes a file name in quotes"));
  EXPECT_THAT(refusal({{"a.cfg", "@include \"b.cfg\n"}}), HasSubstr("@include takes a file name in quotes"));
}

TEST(Source, BytesThatLibconfigWouldLoseAreRefused) {
  EXPECT_THAT(refusal({{"a.cfg", "a = 1;\nb = \"/^\\x00/\";"}}), HasSubstr("a.cfg:2: \\x00 would end this text"));
  EXPECT_EQ(refusal({{"a.cfg", "b = \"/^\\\\x00/\";"}}), "");
  EXPECT_THAT(refusal({{"a.cfg", std::string("a\n\0b", 4)}}), HasSubstr("a.cfg:2: a zero byte"));
  EXPECT_THAT(refusal({{"a.cfg", "x = " + std::string(100, '(') + std::string(100, ')') + ";"}}), HasSubstr("64 deep"));
}

TEST(Source, WhatIsNoUtf8IsRefusedInIncludesAndCommentsToo) {
  EXPECT_EQ(refusal({{"a.cfg", "# caf\xc3\xa9\na = 1;\n"}}), "");
  EXPECT_THAT(refusal({{"a.cfg", "a = 1;\n# caf\xe9\n"}}), HasSubstr("a.cfg:2: is not UTF-8"));
  EXPECT_THAT(refusal({{"a.cfg", "@include \"b.cfg\"\n"}, {"b.cfg", "\n\nb = \"caf\xe9\";\n"}}),
              HasSubstr("b.cfg:3: is not UTF-8"));
}

TEST(Source, PathsAreRelativeToTheFileThatNamesThem) {
  EXPECT_EQ(beside("rules/book/a.cfg", "lists/v.txt"), "rules/book/lists/v.txt");
  EXPECT_EQ(beside("a.cfg", "v.txt"), "v.txt");
  EXPECT_EQ(beside("rules/a.cfg", "/etc/v.txt"), "/etc/v.txt");
}

TEST(Source, OnlyFilesAreRead) {
  EXPECT_THAT(read_file("/dev/zero").diagnostics().front().text, HasSubstr("device"));
  EXPECT_THAT(read_file("/").diagnostics().front().text, HasSubstr("folder"));
  EXPECT_THAT(read_file("/nonexistent/x").diagnostics().front().text, HasSubstr("no such file"));
}

TEST(Source, FilesAreReadWhole) {
  const auto path = std::filesystem::temp_directory_path() / ("slowlane-source-test-" + std::to_string(::getpid()));
  const std::string text(200'000, 'x');
  std::ofstream(path) << text;
  const auto read = read_file(path.string());
  std::filesystem::remove(path);
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, text);
}

}  // namespace
}  // namespace slowlane

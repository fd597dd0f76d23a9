#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "rules/lint.h"
#include "rules/load.h"
#include "rules/ruleset.h"
#include "tests/rules/texts.h"

namespace slowlane {
namespace {

const std::string kFolder = SLOWLANE_SOURCE "/rules/book/published";

std::vector<std::filesystem::path> files(std::initializer_list<std::string> endings) {
  std::vector<std::filesystem::path> out;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(kFolder))
    if (std::ranges::find(endings, entry.path().extension().string()) != endings.end()) out.push_back(entry.path());
  std::ranges::sort(out);
  return out;
}

// The last numbers of each theme of the published facts; some have letters behind them.
bool is_fact(const std::string& id) {
  static const std::map<char, int> kLast{{'A', 8},  {'B', 10}, {'C', 12}, {'D', 4}, {'E', 12}, {'F', 10},
                                         {'G', 10}, {'H', 6},  {'I', 6},  {'J', 4}, {'K', 12}, {'L', 10}};
  const auto theme = kLast.find(id[0]);
  return theme != kLast.end() && std::stoi(id.substr(1)) <= theme->second;
}

std::vector<std::string> ids_in(const std::string& text) {
  static const std::regex kId("\\b[A-L][0-9]{1,2}[a-j]?\\b");
  std::vector<std::string> out;
  for (std::sregex_iterator at(text.begin(), text.end(), kId); at != std::sregex_iterator(); ++at)
    out.push_back(at->str());
  return out;
}

struct Line {
  std::string place;
  std::string code;
  std::string comment;
};

std::vector<Line> lines_of(const std::filesystem::path& path) {
  std::vector<Line> out;
  std::ifstream file(path);
  std::string text;
  for (int number = 1; std::getline(file, text); ++number) {
    const std::size_t hash = text.find('#');
    out.push_back({path.filename().string() + ":" + std::to_string(number), text.substr(0, hash),
                   hash == std::string::npos ? "" : text.substr(hash)});
  }
  return out;
}

// Facts that were remembered, not read: they assert nothing. Of the last two only a half was, at second hand.
bool is_recalled(const std::string& id, const std::string& comment) {
  static const std::set<std::string> kRecalled{"F6b", "F9", "G4", "G9", "H4"};
  static const std::set<std::string> kHalf{"F7", "I2"};
  return kRecalled.contains(id) || (kHalf.contains(id) && comment.find("READ-2nd") == std::string::npos);
}

TEST(Published, EveryBookLoadsAndAnswersAsItExpects) {
  std::size_t count = 0;
  for (const auto& path : files({".cfg"})) {
    auto book = load_book(path.string());
    ASSERT_TRUE(book) << printed(book.diagnostics());
    EXPECT_EQ(book->name, path.stem().string());
    EXPECT_EQ(book->purpose, "model") << path;
    EXPECT_FALSE(book->expects.empty()) << path;
    const auto rules = RuleSet::compile(std::move(*book), {});
    EXPECT_TRUE(rules) << printed(rules.diagnostics());
    ++count;
  }
  EXPECT_GE(count, 14u);
}

TEST(Published, OnlyWarningsThatTheBookExplainsAreLeft) {
  const std::map<std::string, std::size_t> explained{
      {"twitter-2021-03-10", 1}, {"twitter-2021-03-10-fixed", 1}, {"tspu-2022", 1}, {"freeze-2025-bytes", 1}};
  for (const auto& path : files({".cfg"})) {
    const auto book = load_book(path.string());
    ASSERT_TRUE(book);
    const auto known = explained.find(book->name);
    const Diagnostics warnings = lint(*book, {});
    EXPECT_EQ(warnings.size(), known == explained.end() ? 0u : known->second) << book->name << "\n"
                                                                              << printed(warnings);
  }
}

// "rules = (" and the like: the lines within are what counts.
bool opens_section(const std::string& code) {
  return code.find_first_of("({") != std::string::npos && code.find(';') == std::string::npos &&
         code.find('"') == std::string::npos;
}

TEST(Published, EverySettingCitesAFactOrSaysThatItIsFree) {
  for (const auto& path : files({".cfg", ".inc"})) {
    for (const Line& line : lines_of(path)) {
      if (line.code.find('=') == std::string::npos || line.code.starts_with("book =") || opens_section(line.code))
        continue;
      const bool is_free = line.comment.find("free parameter") != std::string::npos;
      EXPECT_TRUE(is_free || !ids_in(line.comment).empty()) << line.place << ": " << line.code;
    }
  }
}

TEST(Published, NoFactIsCitedThatWasOnlyRemembered) {
  std::size_t cited = 0;
  for (const auto& path : files({".cfg", ".inc"}))
    for (const Line& line : lines_of(path))
      for (const std::string& id : ids_in(line.comment)) {
        EXPECT_TRUE(is_fact(id)) << line.place << ": " << id;
        EXPECT_FALSE(is_recalled(id, line.comment)) << line.place << ": " << id;
        ++cited;
      }
  EXPECT_GT(cited, 100u);
}

}  // namespace
}  // namespace slowlane

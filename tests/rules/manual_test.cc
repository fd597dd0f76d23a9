#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "rules/keys.h"
#include "rules/treatments.h"
#include "tests/rules/texts.h"

namespace slowlane {
namespace {

std::string manual() {
  std::ifstream file(SLOWLANE_SOURCE "/docs/book-language.md");
  return {std::istreambuf_iterator<char>(file), {}};
}

// The words of small letters in a text.
std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> out{""};
  for (const char c : text) {
    const bool in_word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    if (in_word)
      out.back() += c;
    else if (!out.back().empty())
      out.emplace_back();
  }
  if (out.back().empty()) out.pop_back();
  return out;
}

// A word as code in the first column of a table.
bool has_row(const std::string& text, const std::string& word) {
  for (std::size_t row = text.find("\n| `"); row != std::string::npos; row = text.find("\n| `", row + 1)) {
    const std::size_t begin = row + 3;
    const std::string column = text.substr(begin, text.find(" |", begin) - begin);
    if (column.find("`" + word + "`") != std::string::npos) return true;
  }
  return false;
}

TEST(Manual, EveryMatchKeyHasARow) {
  const std::string text = manual();
  for (const Key& key : keys()) EXPECT_TRUE(has_row(text, key.name)) << key.name;
}

TEST(Manual, EveryTreatmentHasARowWithItsSettings) {
  const std::string text = manual();
  for (const TreatmentRow& row : treatments()) {
    EXPECT_TRUE(has_row(text, row.name)) << row.name;
    for (const std::string& word : words_of(row.allowed))
      EXPECT_TRUE(has_row(text, word)) << word << " of " << row.name;
  }
}

// What a message lists as allowed settings of a group is the group's whole language.
TEST(Manual, EverySettingIsNamed) {
  const std::string text = manual();
  for (const char* book : {"x = 1;", "lists = ( { x = 1; } );", "rules = ( { x = 1; } );", "expect = ( { x = 1; } );",
                           "inspection = { x = 1; };", "inspection = { fragments = { x = 1; }; };",
                           "flows = { x = 1; };", "classes = ( { x = 1; drop = { x = 1; }; } );"}) {
    const std::string said = mistakes_of(book);
    const std::string start = "(allowed: ";
    std::size_t at = said.find(start);
    EXPECT_NE(at, std::string::npos) << book;
    for (; at != std::string::npos; at = said.find(start, at + 1)) {
      const std::size_t begin = at + start.size();
      for (const std::string& word : words_of(said.substr(begin, said.find(')', begin) - begin)))
        EXPECT_NE(text.find(word), std::string::npos) << word;
    }
  }
}

// The example at the top of the page, and what it calls the defaults, load.
TEST(Manual, ItsFirstExampleLoads) {
  const std::string text = manual();
  const std::size_t begin = text.find("```\nbook = ") + 4;
  EXPECT_EQ(mistakes_of(text.substr(begin, text.find("```", begin) - begin)), "");
  const std::size_t defaults = text.find("inspection = {");
  EXPECT_EQ(mistakes_of(text.substr(defaults, text.find("```", defaults) - defaults)), "");
}

}  // namespace
}  // namespace slowlane

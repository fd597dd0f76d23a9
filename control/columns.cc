#include "control/columns.h"

#include <algorithm>
#include <cstddef>

namespace slowlane {
namespace {

// Characters, not bytes: a UTF-8 sequence counts once.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

}  // namespace

std::string Columns::print() const {
  std::vector<std::size_t> widths;
  std::vector<std::string> names;
  for (const Head& head : heads_) {
    widths.push_back(width_of(head.name));
    names.push_back(head.name);
  }
  for (const auto& row : rows_)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  std::string text;
  const auto print_row = [&](const std::vector<std::string>& row) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string blanks(widths[i] - width_of(row[i]), ' ');
      line += "  " + (heads_[i].align == Align::left ? row[i] + blanks : blanks + row[i]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  };
  print_row(names);
  for (const auto& row : rows_) print_row(row);
  return text;
}

}  // namespace slowlane

#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace slowlane {

// Text in columns, as wide as what is in them.
class Columns {
 public:
  enum class Align : std::uint8_t { left, right };
  struct Head {
    std::string name;
    Align align = Align::right;
  };
  explicit Columns(std::vector<Head> heads) : heads_(std::move(heads)) {}

  // As many cells as there are heads.
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  bool empty() const { return rows_.empty(); }
  // Head and rows, each line indented by two blanks and without blanks at its end.
  std::string print() const;

 private:
  std::vector<Head> heads_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace slowlane

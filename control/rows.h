#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "control/outputs.h"

namespace slowlane {

enum class RowFormat : std::uint8_t { csv, jsonl };
// By a path's ending: ".csv", ".jsonl" or ".json"; else `otherwise`.
RowFormat row_format_of(std::string_view path, RowFormat otherwise);

// Rows of named columns into an output: CSV with a head line (RFC 4180), or one JSON object a line. Call one adder per
// column, in order, then end_row().
class RowWriter {
 public:
  RowWriter(Output& out, RowFormat format, std::vector<std::string> columns);

  RowWriter& text(std::string_view value);
  RowWriter& literal(std::string_view number);  // digits that need no quotes
  RowWriter& null();                            // empty in CSV
  template <std::integral T>
  RowWriter& number(T value) {
    return literal(std::to_string(value));
  }
  void end_row();

 private:
  void begin_cell();

  Output& out_;
  RowFormat format_;
  std::vector<std::string> columns_;
  std::size_t column_ = 0;
  std::string line_;
};

// Quoted where CSV asks for it.
std::string csv_quoted(std::string_view text);
// A JSON string with its quotes; bytes that are no UTF-8 become U+FFFD.
std::string json_quoted(std::string_view text);

}  // namespace slowlane

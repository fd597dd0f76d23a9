#include "control/rows.h"

#include <nlohmann/json.hpp>

namespace slowlane {

RowFormat row_format_of(std::string_view path, RowFormat otherwise) {
  if (path.ends_with(".csv")) return RowFormat::csv;
  if (path.ends_with(".jsonl") || path.ends_with(".json")) return RowFormat::jsonl;
  return otherwise;
}

RowWriter::RowWriter(Output& out, RowFormat format, std::vector<std::string> columns)
    : out_(out), format_(format), columns_(std::move(columns)) {
  if (format_ != RowFormat::csv) return;
  for (std::size_t i = 0; i < columns_.size(); ++i) line_ += (i > 0 ? "," : "") + columns_[i];
  out_.write(line_ + "\n");
  line_.clear();
}

void RowWriter::begin_cell() {
  if (format_ == RowFormat::jsonl)
    line_ += (column_ == 0 ? "{\"" : ",\"") + columns_[column_] + "\":";
  else if (column_ > 0)
    line_ += ',';
  ++column_;
}

RowWriter& RowWriter::text(std::string_view value) {
  begin_cell();
  line_ += format_ == RowFormat::jsonl ? json_quoted(value) : csv_quoted(value);
  return *this;
}

RowWriter& RowWriter::literal(std::string_view number) {
  begin_cell();
  line_ += number;
  return *this;
}

RowWriter& RowWriter::null() {
  begin_cell();
  if (format_ == RowFormat::jsonl) line_ += "null";
  return *this;
}

void RowWriter::end_row() {
  line_ += format_ == RowFormat::jsonl ? "}\n" : "\n";
  out_.write(line_);
  line_.clear();
  column_ = 0;
}

std::string csv_quoted(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
}

std::string json_quoted(std::string_view text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace slowlane

#include "rules/source.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <utility>

#include "rules/utf8.h"

namespace slowlane {
namespace {

constexpr std::size_t kMostFile = 1ull << 30;
constexpr std::size_t kMostText = 64ull << 20;  // a book with its includes; lists are read elsewhere
constexpr std::size_t kMostIncludes = 1000;
constexpr std::size_t kDeepestInclude = 10;  // as libconfig's own
constexpr std::size_t kDeepestNesting = 64;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool starts_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '*'; }
bool in_word(char c) { return starts_word(c) || is_digit(c) || c == '-' || c == '_'; }

bool is_boolean(std::string_view word) {
  const auto same = [](char a, char b) { return (a | 0x20) == b; };
  return std::ranges::equal(word, std::string_view("true"), same) ||
         std::ranges::equal(word, std::string_view("false"), same);
}

// Copies files into one text, token by token as libconfig's scanner reads them, and notes what it goes by.
class Flattener {
 public:
  explicit Flattener(const ReadFile& read) : read_(read) {}

  Result<Source> run(const std::string& path) {
    auto text = read_(path);
    if (!text) return Diagnostic{path, 0, text.diagnostics().front().text};
    out_.lines.emplace_back();
    append(path, *text);
    if (!mistakes_.empty()) return std::move(mistakes_);
    return std::move(out_);
  }

 private:
  // One file being read: its text, and how far.
  struct Reader {
    const std::string& path;
    std::string_view text;
    std::uint32_t file;
    std::size_t at = 0;
    int line = 1;

    bool has(std::string_view next) const { return text.substr(at).starts_with(next); }
  };

  void append(const std::string& path, std::string_view text) {
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    Reader reader{path, text, number_of(path)};
    if (const std::size_t zero = text.find('\0'); zero != std::string_view::npos) {
      const auto line = 1 + std::ranges::count(text.substr(0, zero), '\n');
      return complain(reader, static_cast<int>(line), "a zero byte: this is no text file");
    }
    if (const auto wrong = not_utf8(path, text)) return mistakes_.push_back(*wrong);
    open_.push_back(path);
    claim_line(reader);
    bool fresh_line = true;
    while (reader.at < text.size() && mistakes_.empty()) {
      if (fresh_line && include(reader)) continue;
      fresh_line = text[reader.at] == '\n';
      token(reader);
    }
    if (!out_.text.ends_with('\n')) put('\n');
    open_.pop_back();
  }

  std::uint32_t number_of(const std::string& path) {
    const auto at = std::ranges::find(out_.files, path);
    const auto index = static_cast<std::uint32_t>(at - out_.files.begin());
    if (at == out_.files.end()) out_.files.push_back(path);
    return index;
  }

  void complain(const Reader& reader, int line, std::string text) {
    mistakes_.push_back({reader.path, line, std::move(text)});
  }

  // The line of the text that is being written now comes from where the reader is. The line of a directive thus
  // belongs to the file it includes.
  void claim_line(const Reader& reader) { out_.lines.back() = {reader.file, reader.line}; }

  void put(char c) {
    out_.text += c;
    if (c == '\n') out_.lines.emplace_back();
  }

  void copy(Reader& reader, std::size_t count) {
    for (; count > 0 && reader.at < reader.text.size(); --count) {
      const char c = reader.text[reader.at++];
      put(c);
      if (c != '\n') continue;
      ++reader.line;
      claim_line(reader);
    }
  }

  void scalar(std::string_view integer) {
    out_.scalars.push_back({static_cast<std::uint32_t>(out_.lines.size()), std::string(integer)});
  }

  // libconfig knows the directive at the start of a line only, after blanks.
  bool include(Reader& reader) {
    constexpr std::string_view kDirective = "@include";
    const std::size_t begin = std::min(reader.text.find_first_not_of(" \t", reader.at), reader.text.size());
    if (!reader.text.substr(begin).starts_with(kDirective)) return false;
    const std::size_t open = reader.text.find_first_not_of(" \t", begin + kDirective.size());
    const std::size_t close = open == std::string_view::npos ? open : reader.text.find_first_of("\"\n", open + 1);
    const bool whole = close != std::string_view::npos && reader.text[open] == '"' && reader.text[close] == '"';
    if (!whole || close == open + 1) {
      complain(reader, reader.line, "@include takes a file name in quotes: @include \"common.cfg\"");
      return true;
    }
    const std::string name(reader.text.substr(open + 1, close - open - 1));
    reader.at = close + 1;
    include_file(reader, name);
    return true;
  }

  void include_file(const Reader& reader, const std::string& name) {
    const std::string path = beside(reader.path, name);
    const std::string start = "@include \"" + name + "\": ";
    if (std::ranges::find(open_, path) != open_.end())
      return complain(reader, reader.line, start + "the file includes itself, directly or through others");
    if (open_.size() > kDeepestInclude)
      return complain(reader, reader.line, start + "files are included more than 10 deep");
    if (++includes_ > kMostIncludes) return complain(reader, reader.line, start + "more than 1000 includes");
    auto text = read_(path);
    if (!text) return complain(reader, reader.line, start + text.diagnostics().front().text + " (" + path + ")");
    if (out_.text.size() + text->size() > kMostText)
      return complain(reader, reader.line,
                      start + "the book grows larger than 64 MiB; long lists belong in list files");
    append(path, *text);
    claim_line(reader);
  }

  void token(Reader& reader) {
    const char c = reader.text[reader.at];
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f') return copy(reader, 1);
    if (c == '#' || reader.has("//"))
      return copy(reader, std::min(reader.text.find('\n', reader.at), reader.text.size()) - reader.at);
    if (reader.has("/*")) return comment(reader);
    const bool follows_text = std::exchange(after_text_, c == '"');
    if (c == '"') return string(reader, follows_text);
    if (starts_word(c)) return word(reader);
    if (is_digit(c) || c == '.' || c == '-' || c == '+') return number(reader);
    if (c == '(' || c == '[' || c == '{') ++nesting_;
    if ((c == ')' || c == ']' || c == '}') && nesting_ > 0) --nesting_;
    if (nesting_ > kDeepestNesting)
      return complain(reader, reader.line, "groups and lists are nested more than 64 deep");
    copy(reader, 1);
  }

  void comment(Reader& reader) {
    const std::size_t end = reader.text.find("*/", reader.at + 2);
    if (end == std::string_view::npos)
      return complain(reader, reader.line, "the comment that starts here with /* never ends");
    copy(reader, end + 2 - reader.at);
  }

  void string(Reader& reader, bool follows_text) {
    std::size_t end = reader.at + 1;
    for (; end < reader.text.size() && reader.text[end] != '"'; ++end) {
      if (reader.text[end] != '\\') continue;
      // libconfig turns \x00 into the end of the text and loses what follows.
      if (reader.text.substr(end + 1, 3) == "x00" || reader.text.substr(end + 1, 3) == "X00")
        return complain(reader, reader.line, "\\x00 would end this text; for the expression \\x00 write \\\\x00");
      ++end;
    }
    if (end >= reader.text.size()) return complain(reader, reader.line, "the text that starts here with \" never ends");
    if (!follows_text) scalar({});
    copy(reader, end + 1 - reader.at);
  }

  void word(Reader& reader) {
    std::size_t end = reader.at;
    while (end < reader.text.size() && in_word(reader.text[end])) ++end;
    if (is_boolean(reader.text.substr(reader.at, end - reader.at))) scalar({});
    copy(reader, end - reader.at);
  }

  static std::size_t skip(std::string_view text, std::size_t at, bool (*wanted)(char)) {
    while (at < text.size() && wanted(text[at])) ++at;
    return at;
  }

  void number(Reader& reader) {
    const std::string_view text = reader.text.substr(reader.at);
    std::size_t end = 0;
    bool integer = true;
    if (text.size() > 2 && text[0] == '0' && (text[1] | 0x20) == 'x' && is_hex(text[2])) {
      end = skip(text, 2, is_hex);
    } else {
      end = skip(text, text[0] == '-' || text[0] == '+' ? 1 : 0, is_digit);
      bool digits = end > 0 && is_digit(text[end - 1]);
      if (end < text.size() && text[end] == '.') {
        integer = false;
        digits = true;
        end = skip(text, end + 1, is_digit);
      }
      std::size_t exponent = end + 1;
      if (exponent < text.size() && (text[exponent] == '-' || text[exponent] == '+')) ++exponent;
      if (digits && end < text.size() && (text[end] | 0x20) == 'e' && exponent < text.size() &&
          is_digit(text[exponent])) {
        integer = false;
        end = skip(text, exponent, is_digit);
      }
      if (!digits) return copy(reader, 1);
    }
    for (int i = 0; i < 2 && integer && end < text.size() && text[end] == 'L'; ++i) ++end;
    scalar(integer ? text.substr(0, end) : std::string_view{});
    copy(reader, end);
  }

  const ReadFile& read_;
  Source out_;
  Diagnostics mistakes_;
  std::vector<std::string> open_;  // files being read, outermost first
  std::size_t includes_ = 0;
  std::size_t nesting_ = 0;
  bool after_text_ = false;
};

}  // namespace

Result<std::string> read_file(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::exists(status)) return Diagnostic{path, 0, "there is no such file"};
  if (fs::is_directory(status)) return Diagnostic{path, 0, "this is a folder, not a file"};
  if (!fs::is_regular_file(status) && !fs::is_fifo(status)) return Diagnostic{path, 0, "this is a device, not a file"};
  std::ifstream file(path, std::ios::binary);
  if (!file) return Diagnostic{path, 0, std::string("cannot be opened: ") + std::strerror(errno)};
  std::string text;
  if (fs::is_regular_file(status))
    text.reserve(static_cast<std::size_t>(std::min<std::uintmax_t>(fs::file_size(path, error), kMostFile)));
  constexpr std::size_t kChunk = 1 << 16;
  while (file && text.size() <= kMostFile) {
    const std::size_t before = text.size();
    text.resize(before + kChunk);
    file.read(text.data() + before, kChunk);
    text.resize(before + static_cast<std::size_t>(file.gcount()));
  }
  if (text.size() > kMostFile) return Diagnostic{path, 0, "the file is larger than 1 GiB"};
  if (file.bad()) return Diagnostic{path, 0, "cannot be read"};
  return text;
}

std::string beside(const std::string& from, const std::string& path) {
  return (std::filesystem::path(from).parent_path() / path).string();
}

Place Source::place(std::uint32_t line) const {
  if (lines.empty()) return {};
  const Line& origin = lines[std::min<std::size_t>(std::max(line, 1u), lines.size()) - 1];
  return {files[origin.file], origin.line};
}

std::string_view Source::shown(std::uint32_t line) const {
  constexpr std::size_t kLongest = 80;
  std::string_view rest = text;
  for (; line > 1 && rest.find('\n') != std::string_view::npos; --line) rest.remove_prefix(rest.find('\n') + 1);
  rest = rest.substr(0, rest.find('\n'));
  const std::size_t begin = std::min(rest.find_first_not_of(" \t"), rest.size());
  return rest.substr(begin, kLongest);
}

Result<Source> read_source(const std::string& path, const ReadFile& read) { return Flattener(read).run(path); }

}  // namespace slowlane

#include "rules/host_pattern.h"

#include <idn2.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "rules/ip.h"
#include "rules/utf8.h"

namespace slowlane {
namespace {

constexpr std::size_t kLongestName = 253;  // RFC 1035 §2.3.4, without the root
constexpr std::size_t kLongestLabel = 63;
constexpr std::size_t kMostMistakes = 1000;

// For every byte its lower case, or 0 where it cannot stand in a host name or a glob. Underscores are no letters of
// RFC 952 but of many real names.
constexpr std::array<char, 256> kNameBytes = [] {
  std::array<char, 256> out{};
  for (char c = 'a'; c <= 'z'; ++c) out[static_cast<unsigned char>(c)] = c;
  for (char c = 'A'; c <= 'Z'; ++c) out[static_cast<unsigned char>(c)] = static_cast<char>(c - 'A' + 'a');
  for (char c = '0'; c <= '9'; ++c) out[static_cast<unsigned char>(c)] = c;
  for (const char c : {'-', '_', '.', '*'}) out[static_cast<unsigned char>(c)] = c;
  return out;
}();

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

std::string quoted(std::string_view text) { return "\"" + std::string(text) + "\""; }

std::string_view trim(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r";
  const std::size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) - begin + 1);
}

// What is wrong with a byte that no name holds.
std::string bad_byte(std::string_view written, char byte) {
  const std::string start = quoted(written) + ": ";
  const std::size_t scheme = written.find("://");
  if (scheme != std::string_view::npos) {
    const std::string_view rest = written.substr(scheme + 3);
    return start + "a host pattern has no scheme; write " + quoted(rest.substr(0, rest.find_first_of("/:?#")));
  }
  switch (byte) {
    case ' ':
    case '\t': return start + "a host pattern has no spaces; several patterns are a list [\"one\", \"other\"]";
    case ',':
    case ';': return start + "several patterns are a list [\"one\", \"other\"]";
    case '/':
      if (written.starts_with('/')) return start + "a regular expression ends with a slash too: \"/.../\"";
      return start + "a host pattern has no path; write " + quoted(written.substr(0, written.find('/')));
    case ':':
      if (parse_address(written) || parse_address(trim(written.substr(0, written.find('/')))))
        return start + "addresses are matched by the keys server and client";
      return start + "a host pattern has no port; write " + quoted(written.substr(0, written.find(':'))) +
             " and, beside host, server_port";
    case '[':
    case ']':
      return start + "addresses are matched by the keys server and client, regular expressions stand in slashes";
    default: break;
  }
  if (static_cast<unsigned char>(byte) < 0x20 || byte == 0x7f) return start + "it holds a control character";
  return start + "'" + std::string(1, byte) + "' cannot stand in a host name; '*' is the only wildcard, and regular " +
         "expressions stand in slashes";
}

// The A-label form of a name or of one label (IDNA 2008 with the mapping of UTS 46, as browsers do).
std::optional<std::string> to_ascii(const std::string& text) {
  char* raw = nullptr;
  if (idn2_to_ascii_8z(text.c_str(), &raw, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK) return std::nullopt;
  const std::unique_ptr<char, void (*)(void*)> holder(raw, idn2_free);
  return std::string(raw);
}

// A name with letters beyond ASCII, label by label, so that stars, underscores and a leading dot stay.
std::variant<std::string, Diagnostic> ascii_form(std::string_view written) {
  std::string out;
  for (std::string_view rest = written;;) {
    const std::size_t dot = rest.find('.');
    const std::string label(rest.substr(0, dot));
    if (is_ascii(label)) {
      out += label;
    } else if (label.find('*') != std::string::npos) {
      return Diagnostic{{},
                        0,
                        quoted(written) +
                            ": a star cannot stand beside international letters in one label; "
                            "write that label as it is on the wire (xn--...)"};
    } else if (const auto ascii = to_ascii(label)) {
      out += *ascii;
    } else {
      return Diagnostic{
          {}, 0, quoted(written) + " is no international host name (IDNA 2008): check the letters of " + quoted(label)};
    }
    if (dot == std::string_view::npos) return out;
    out += '.';
    rest.remove_prefix(dot + 1);
  }
}

// Lower case in place; the first byte that no name holds, if any.
std::optional<char> fold(std::string& text) {
  for (char& c : text) {
    const char folded = kNameBytes[static_cast<unsigned char>(c)];
    if (folded == 0) return c;
    c = folded;
  }
  return std::nullopt;
}

// Lengths and empty labels of a name without stars; a dot at the end stands for the root.
std::optional<std::string> bad_labels(std::string_view written, std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.size() > kLongestName) return quoted(written) + ": no host name is longer than 253 characters";
  for (std::size_t begin = 0; begin <= name.size();) {
    const std::size_t end = std::min(name.find('.', begin), name.size());
    if (end == begin) return quoted(written) + ": a label (what stands between two dots) is empty";
    if (end - begin > kLongestLabel) return quoted(written) + ": no label of a name is longer than 63 characters";
    begin = end + 1;
  }
  return std::nullopt;
}

ReadHostPattern read_regex(std::string_view written) {
  HostPattern out;
  out.kind = HostPattern::Kind::regex;
  out.text = written.substr(1, written.size() - 2);
  if (out.text.empty()) return quoted(written) + " is an empty regular expression, which fits every name; write \"*\"";
  out.written = written;
  return out;
}

// Stars in a row say no more than one.
void merge_stars(std::string& text) {
  const auto end = std::unique(text.begin(), text.end(), [](char a, char b) { return a == '*' && b == '*'; });
  text.erase(end, text.end());
}

// A line of a list file without its comment, which begins with '#' at the start or after a blank; within a regular
// expression that is not closed yet it is part of the expression.
std::string_view without_comment(std::string_view line) {
  line = trim(line);
  for (std::size_t at = line.find('#'); at != std::string_view::npos; at = line.find('#', at + 1)) {
    if (at > 0 && line[at - 1] != ' ' && line[at - 1] != '\t') continue;
    const std::string_view before = trim(line.substr(0, at));
    if (!before.starts_with('/') || (before.size() > 1 && before.ends_with('/'))) return before;
  }
  return line;
}

}  // namespace

ReadHostPattern read_host_pattern(std::string_view written) {
  if (trim(written).empty()) return std::string("an empty host pattern fits nothing; \"*\" fits every name");
  if (written.size() >= 2 && written.starts_with('/') && written.ends_with('/')) return read_regex(written);
  HostPattern out;
  out.written = written;
  out.text = written;
  if (!is_ascii(written)) {
    auto ascii = ascii_form(written);
    if (const auto* mistake = std::get_if<Diagnostic>(&ascii)) return mistake->text;
    out.text = std::get<std::string>(std::move(ascii));
  }
  if (const auto bad = fold(out.text)) return bad_byte(written, *bad);
  if (out.text.find('*') != std::string::npos) {
    merge_stars(out.text);
    out.kind = out.text == "*" ? HostPattern::Kind::any : HostPattern::Kind::glob;
    return out;
  }
  if (out.text.starts_with('.')) {
    out.kind = HostPattern::Kind::suffix;
    out.text.erase(0, 1);
  }
  if (auto mistake = bad_labels(written, out.text)) return *std::move(mistake);
  return out;
}

Result<HostPatterns> read_host_list(const std::string& file, std::string_view text) {
  if (auto wrong = not_utf8(file, text)) return *std::move(wrong);
  HostPatterns out;
  Diagnostics mistakes;
  std::size_t more = 0;
  out.reserve(static_cast<std::size_t>(std::ranges::count(text, '\n')) + 1);
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  for (int line = 1; !text.empty(); ++line) {
    const std::size_t end = text.find('\n');
    std::string_view pattern = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    pattern = without_comment(pattern);
    if (pattern.empty()) continue;
    auto read = read_host_pattern(pattern);
    if (auto* host = std::get_if<HostPattern>(&read)) {
      host->place = {file, line};
      out.push_back(std::move(*host));
    } else if (mistakes.size() < kMostMistakes) {
      mistakes.push_back({file, line, std::get<std::string>(std::move(read))});
    } else {
      ++more;
    }
  }
  if (more > 0) mistakes.push_back({file, 0, "and " + std::to_string(more) + " more lines that are no host pattern"});
  if (!mistakes.empty()) return mistakes;
  return out;
}

}  // namespace slowlane

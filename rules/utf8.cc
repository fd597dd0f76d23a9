#include "rules/utf8.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace slowlane {
namespace {

// Bytes of the character that a text begins with; 0: none does (RFC 3629 §4). Requires: it is not empty.
std::size_t length_of_first(std::string_view text) {
  const auto byte = [text](std::size_t i) -> unsigned {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0;
  };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  const std::size_t length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  // No longer forms than needed, no surrogates, nothing beyond U+10FFFF.
  const unsigned least = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  const unsigned most = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  if (byte(1) < least || byte(1) > most) return 0;
  for (std::size_t i = 2; i < length; ++i)
    if ((byte(i) & 0xc0) != 0x80) return 0;
  return length;
}

// How many bytes from the beginning on are UTF-8. Long lists are ASCII: eight bytes at once.
std::size_t good_bytes(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    constexpr std::uint64_t kHighBits = 0x8080808080808080;
    std::uint64_t eight = kHighBits;
    if (at + sizeof eight <= text.size()) std::memcpy(&eight, text.data() + at, sizeof eight);
    const std::size_t length = (eight & kHighBits) == 0 ? sizeof eight : length_of_first(text.substr(at));
    if (length == 0) return at;
    at += length;
  }
  return at;
}

}  // namespace

bool is_utf8(std::string_view text) { return good_bytes(text) == text.size(); }

std::optional<Diagnostic> not_utf8(const std::string& file, std::string_view text) {
  const std::size_t good = good_bytes(text);
  if (good == text.size()) return std::nullopt;
  const auto line = 1 + std::ranges::count(text.substr(0, good), '\n');
  return Diagnostic{file, static_cast<int>(line),
                    "is not UTF-8; where it is Latin-1, `iconv -f ISO-8859-1 -t UTF-8` makes it so"};
}

}  // namespace slowlane

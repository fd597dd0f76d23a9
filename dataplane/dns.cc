#include "dataplane/dns.h"

#include <algorithm>
#include <cstddef>

namespace slowlane {
namespace {

using Status = DnsQuestion::Status;
using Message = std::span<const std::uint8_t>;

constexpr std::size_t kHeader = 12;
constexpr std::size_t kLongestLabel = 63;  // RFC 1035 2.3.4
constexpr std::size_t kLongestName = 255;  // on the wire, the root's byte included
constexpr unsigned kMostQuestions = 256;   // multicast DNS asks many at once

std::uint16_t u16(Message message, std::size_t at) noexcept {
  return static_cast<std::uint16_t>(message[at] << 8 | message[at + 1]);
}

// RFC 1035 4.1.1: an operation code that is assigned (3 is not) and at least one question.
bool plausible_header(Message message) noexcept {
  const unsigned operation = message[2] >> 3 & 15u;
  const std::uint16_t questions = u16(message, 4);
  return operation <= 6 && operation != 3 && questions >= 1 && questions <= kMostQuestions;
}

// A dot within a label would read as the border of two, so it is no more a host name's than a control character.
char printable(std::uint8_t byte) noexcept {
  if (byte < 0x20 || byte > 0x7e || byte == '.') return '?';
  return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte + 32) : static_cast<char>(byte);
}

// Whether a question's class is one that is used: IN, CH, HS, NONE, ANY; multicast DNS asks for unicast in the top bit
// (RFC 6762 5.4).
bool plausible_class(std::uint16_t number) noexcept {
  const std::uint16_t plain = number & 0x7fff;
  return plain == 1 || plain == 3 || plain == 4 || plain == 254 || plain == 255;
}

// Reads the name at `at`; answers where it ends, or 0 where the message ends first or it is none (then `status` says
// so). A pointer cannot stand in the first name: nothing lies before it (RFC 1035 4.1.4).
std::size_t read_name(Message message, DnsQuestion& question) noexcept {
  std::size_t at = kHeader;
  std::size_t length = 0;
  while (at < message.size() && message[at] != 0) {
    const std::size_t label = message[at];
    if (label > kLongestLabel || at + 1 + label - kHeader >= kLongestName) return question.status = Status::not_dns, 0;
    if (at + 1 + label > message.size()) break;
    if (length > 0) question.text[length++] = '.';
    for (std::size_t i = 0; i < label; ++i) question.text[length++] = printable(message[at + 1 + i]);
    at += 1 + label;
  }
  if (at >= message.size() || message[at] != 0) return question.status = Status::incomplete, 0;
  question.length = static_cast<std::uint8_t>(length);
  return at + 1;
}

}  // namespace

DnsQuestion read_dns(std::span<const std::uint8_t> message) noexcept {
  DnsQuestion question;
  if (message.size() < kHeader || !plausible_header(message)) return question;
  question.response = (message[2] & 0x80) != 0;
  const std::size_t end = read_name(message, question);
  if (end == 0) return question;
  if (end + 4 > message.size()) {
    question.status = Status::incomplete;
    question.length = 0;
    return question;
  }
  question.type = u16(message, end);
  const bool plausible = question.type != 0 && plausible_class(u16(message, end + 2));
  question.status = plausible ? Status::complete : Status::not_dns;
  if (!plausible) question.length = 0;
  return question;
}

}  // namespace slowlane

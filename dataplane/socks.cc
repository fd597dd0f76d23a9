#include "dataplane/socks.h"

#include <algorithm>
#include <optional>

namespace slowlane {
namespace {

using Status = SocksPreamble::Status;
using Stream = std::span<const std::uint8_t>;

constexpr std::size_t kLongestText = 255;  // of a user or host name in SOCKS4, which states none

SocksPreamble no() noexcept { return {}; }
SocksPreamble more() noexcept { return {Status::incomplete, {}, 0}; }

std::string_view text_of(Stream stream, std::size_t at, std::size_t length) noexcept {
  return {reinterpret_cast<const char*>(stream.data()) + at, length};
}

bool is_host(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

// Where a text that ends with 0 ends; nullopt: not yet. Longer than allowed: its end is beyond kLongestText.
std::optional<std::size_t> end_of_text(Stream stream, std::size_t at) noexcept {
  std::size_t end = at;
  while (end < stream.size() && stream[end] != 0 && end - at <= kLongestText) ++end;
  if (end < stream.size()) return end;
  return std::nullopt;
}

// Version, command, port, address, user, 0; in 4a, where the address is 0.0.0.x, the host name and 0.
SocksPreamble read_socks4(Stream stream) noexcept {
  if (stream.size() < 2) return more();
  if (stream[1] != 1 && stream[1] != 2) return no();
  if (stream.size() < 8) return more();
  const auto user_end = end_of_text(stream, 8);
  if (!user_end) return more();
  if (*user_end - 8 > kLongestText) return no();
  const bool names_host = stream[4] == 0 && stream[5] == 0 && stream[6] == 0 && stream[7] != 0;
  if (!names_host) return {Status::complete, {}, *user_end + 1};
  const std::size_t host = *user_end + 1;
  const auto host_end = end_of_text(stream, host);
  if (!host_end) return more();
  const std::string_view target = text_of(stream, host, *host_end - host);
  if (target.size() > kLongestText || !is_host(target)) return no();
  return {Status::complete, target, *host_end + 1};
}

// RFC 1928 4: version, command, 0, address type, address, port.
SocksPreamble read_request5(Stream stream, std::size_t at) noexcept {
  if (at < stream.size() && stream[at] != 5) return no();
  if (at + 1 < stream.size() && (stream[at + 1] < 1 || stream[at + 1] > 3)) return no();
  if (at + 2 < stream.size() && stream[at + 2] != 0) return no();
  if (at + 5 > stream.size()) return more();
  const std::uint8_t type = stream[at + 3];
  if (type != 1 && type != 3 && type != 4) return no();
  const std::size_t name = type == 3 ? stream[at + 4] : 0;
  const std::size_t address = type == 1 ? 4 : type == 4 ? 16 : 1 + name;
  const std::size_t end = at + 4 + address + 2;
  if (end > stream.size()) return more();
  if (type != 3) return {Status::complete, {}, end};
  const std::string_view target = text_of(stream, at + 5, name);
  if (!is_host(target)) return no();
  return {Status::complete, target, end};
}

// RFC 1929 2: version 1, user, password. Where it ends; 0: not yet.
std::size_t end_of_login(Stream stream, std::size_t at) noexcept {
  if (at + 2 > stream.size()) return 0;
  const std::size_t password = at + 2 + stream[at + 1];
  if (password >= stream.size()) return 0;
  const std::size_t end = password + 1 + stream[password];
  return end <= stream.size() ? end : 0;
}

// RFC 1928 3: the methods offered. Which of them the server took shows in what the client sends next.
SocksPreamble read_socks5(Stream stream) noexcept {
  if (stream.size() < 2) return more();
  const std::size_t methods = stream[1];
  if (methods == 0) return no();
  std::size_t at = 2 + methods;
  if (at >= stream.size()) return more();
  constexpr std::uint8_t kLogin = 2;
  const Stream offered = stream.subspan(2, methods);
  const bool may_log_in = std::find(offered.begin(), offered.end(), kLogin) != offered.end();
  if (may_log_in && stream[at] == 1) {
    at = end_of_login(stream, at);
    if (at == 0) return more();
  }
  return read_request5(stream, at);
}

}  // namespace

SocksPreamble read_socks(std::span<const std::uint8_t> stream) noexcept {
  if (stream.empty()) return more();
  if (stream[0] == 4) return read_socks4(stream);
  if (stream[0] == 5) return read_socks5(stream);
  return no();
}

SocksPreamble read_socks_packet(std::span<const std::uint8_t> payload) noexcept {
  if (payload.size() < 3 || (payload[0] != 4 && payload[0] != 5)) return no();
  SocksPreamble read = payload[0] == 4 ? read_socks4(payload) : read_request5(payload, 0);
  const bool is_greeting = payload[0] == 5 && payload[1] != 0 && payload.size() == std::size_t{2} + payload[1];
  if (is_greeting) read = {Status::complete, {}, payload.size()};
  if (read.status != Status::complete || read.length != payload.size()) return no();
  return {Status::complete, read.target, 0};
}

}  // namespace slowlane

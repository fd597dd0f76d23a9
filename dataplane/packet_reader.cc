#include "dataplane/packet_reader.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "dataplane/hello.h"
#include "dataplane/http.h"
#include "dataplane/socks.h"

namespace slowlane {
namespace {

using Bytes = std::span<const std::uint8_t>;

constexpr std::uint8_t kHandshakeRecord = 22;
constexpr std::uint8_t kClientHello = 1;
constexpr std::uint8_t kHostName = 0;
constexpr std::size_t kServerName = 0;
constexpr std::size_t kMessageHeader = 4;
constexpr std::size_t kLongestSessionId = 32;
constexpr std::size_t kLongestName = 255;

std::string_view text_of(Bytes bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

// Takes fields from the front of some bytes. Once a field reaches past them nothing is right any more.
class Fields {
 public:
  explicit Fields(Bytes bytes) : rest_(bytes) {}

  Bytes take(std::size_t size) {
    if (size > rest_.size()) {
      right_ = false;
      size = rest_.size();
    }
    const Bytes field = rest_.first(size);
    rest_ = rest_.subspan(size);
    return field;
  }
  std::size_t number(std::size_t width) {
    std::size_t value = 0;
    for (const std::uint8_t byte : take(width)) value = value << 8 | byte;
    return value;
  }
  bool right() const { return right_; }
  bool empty() const { return rest_.empty(); }
  std::size_t left() const { return rest_.size(); }

 private:
  Bytes rest_;
  bool right_ = true;
};

// The host name of a server_name extension (RFC 6066 §3); empty where it has none.
std::string_view name_in(Bytes extension) {
  Fields all(extension);
  const std::size_t length = all.number(2);
  Fields list(all.take(length));
  if (!all.right()) return {};
  while (!list.empty()) {
    const std::size_t type = list.number(1);
    const std::string_view name = text_of(list.take(list.number(2)));
    if (!list.right()) return {};
    if (type == kHostName) return name;
  }
  return {};
}

// The server name of the body of a ClientHello (RFC 8446 §4.1.2) of which the last `missing` bytes were not captured;
// empty where it has none, nullopt where something on the way to it is wrong.
std::optional<std::string_view> server_name(Bytes body, std::size_t missing) {
  Fields hello(body);
  hello.take(2 + 32);  // legacy_version, random
  const std::size_t session_id = hello.number(1);
  if (session_id > kLongestSessionId) return std::nullopt;
  hello.take(session_id);
  const std::size_t suites = hello.number(2);
  if (suites == 0 || suites % 2 != 0) return std::nullopt;
  hello.take(suites);
  const std::size_t compression = hello.number(1);
  if (compression == 0) return std::nullopt;
  hello.take(compression);
  if (hello.right() && hello.empty() && missing == 0) return std::string_view{};  // no extensions: RFC 5246 §7.4.1.2
  const std::size_t length = hello.number(2);
  if (!hello.right() || length > hello.left() + missing) return std::nullopt;
  Fields extensions(hello.take(std::min(length, hello.left())));
  while (!extensions.empty()) {
    const std::size_t type = extensions.number(2);
    const Bytes data = extensions.take(extensions.number(2));
    if (!extensions.right()) return std::nullopt;
    if (type == kServerName) return name_in(data);
  }
  return std::string_view{};
}

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= kLongestName &&
         std::all_of(name.begin(), name.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
}

StreamStep recognised(StreamStep::What what, NameSource source, std::string_view name = {}) {
  StreamStep step;
  step.what = what;
  step.source = source;
  step.name = name;
  step.recognised = true;
  return step;
}

std::optional<StreamStep> read_client_hello(Bytes payload, std::size_t size) {
  if (payload.size() < kRecordHeader + kMessageHeader) return std::nullopt;
  Fields head(payload);
  if (head.number(1) != kHandshakeRecord) return std::nullopt;
  head.take(2);  // the record's version
  const std::size_t record = head.number(2);
  if (head.number(1) != kClientHello) return std::nullopt;
  const std::size_t length = head.number(3);
  const std::size_t end = kRecordHeader + kMessageHeader + length;
  if (record >= size || record < kMessageHeader + length || end > size) return std::nullopt;  // fact C4
  const Bytes captured = payload.first(std::min(end, payload.size()));
  const auto name = server_name(captured.subspan(kRecordHeader + kMessageHeader), end - captured.size());
  if (!name || (!name->empty() && !is_name(*name))) return std::nullopt;
  StreamStep step =
      recognised(name->empty() ? StreamStep::What::no_name : StreamStep::What::name, NameSource::tls, *name);
  if (name->empty()) step.reason = NotFound::no_sni;
  step.ech = read_hello(captured.subspan(kRecordHeader)).ech;
  return step;
}

bool is_tls_record(Bytes payload) {
  const auto kind = read_record_head(payload).kind;
  return kind == RecordHead::Kind::handshake || kind == RecordHead::Kind::other_record;
}

// A request whose first line is there, or a response: a proxy's part in HTTP (RFC 9110 §9.3.6).
std::optional<StreamStep> read_http(Bytes payload) {
  const std::string_view text = text_of(payload);
  if (text.starts_with("HTTP/1.")) return recognised(StreamStep::What::passed_over, NameSource::http);
  const std::size_t begin = std::min(text.find_first_not_of("\r\n"), text.size());
  if (text.find('\n', begin) == std::string_view::npos) return std::nullopt;
  const RequestHead request = read_request(payload);
  if (request.status == RequestHead::Status::not_request) return std::nullopt;
  return recognised(StreamStep::What::preamble, NameSource::http, request.host);
}

}  // namespace

StreamStep read_packet(std::span<const std::uint8_t> payload, std::size_t size) noexcept {
  if (const auto hello = read_client_hello(payload, size)) return *hello;
  if (is_tls_record(payload)) return recognised(StreamStep::What::passed_over, NameSource::tls);
  if (const auto request = read_http(payload)) return *request;
  const SocksPreamble socks = read_socks_packet(payload);
  if (socks.status != SocksPreamble::Status::complete) return {};
  return recognised(StreamStep::What::preamble, NameSource::socks, socks.target);
}

}  // namespace slowlane

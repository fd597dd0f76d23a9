#include "dataplane/http.h"

#include <algorithm>

namespace slowlane {
namespace {

constexpr std::size_t kLongestMethod = 32;
constexpr std::size_t kLongestHost = 255;

bool is_blank(char c) { return c == ' ' || c == '\t'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

// RFC 9110 §5.6.2.
bool is_token(char c) {
  constexpr std::string_view kOthers = "!#$%&'*+-.^_`|~";
  const char small = lower(c);
  return (small >= 'a' && small <= 'z') || is_digit(c) || kOthers.find(c) != std::string_view::npos;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

bool same_word(std::string_view text, std::string_view small) {
  return std::equal(text.begin(), text.end(), small.begin(), small.end(), [](char a, char b) { return lower(a) == b; });
}

// One line taken from the front of `rest`, its end cut off; `ended` is false where the end is not there yet.
struct Line {
  std::string_view text;
  bool ended = false;
};

Line take_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  if (end == std::string_view::npos) {
    const Line line{rest, false};
    rest = {};
    return line;
  }
  std::string_view text = rest.substr(0, end);
  if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
  rest.remove_prefix(end + 1);
  return {text, true};
}

// The host of "user@host:port", "[v6]:port" or a bare IPv6 address; empty where it is none.
std::string_view host_of(std::string_view authority) {
  authority = trim(authority);
  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) authority.remove_prefix(at + 1);
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    if (end == std::string_view::npos) return {};
    authority = authority.substr(1, end - 1);
  } else if (const std::size_t colon = authority.find(':'); colon == authority.rfind(':')) {
    authority = authority.substr(0, colon);
  }
  const bool fits = authority.size() <= kLongestHost &&
                    std::all_of(authority.begin(), authority.end(), [](char c) { return c > ' ' && c < 0x7f; });
  return fits ? authority : std::string_view{};
}

// The authority of "scheme://authority/path" (RFC 9112 §3.2.2).
std::string_view authority_of(std::string_view target) {
  const std::size_t scheme = target.find("://");
  if (scheme == std::string_view::npos || target.substr(0, scheme).find_first_of("/?#") != std::string_view::npos) {
    return {};
  }
  target.remove_prefix(scheme + 3);
  return target.substr(0, target.find_first_of("/?#"));
}

// What the first line says, as far as it is there.
struct RequestLine {
  RequestHead::Status status = RequestHead::Status::not_request;
  std::string_view method;
  std::string_view target;
};

// "HTTP/1.x". HTTP/2's preface has the form of a request, but no Host follows (RFC 9113 §3.4).
bool is_version(std::string_view text) {
  return text.size() == 8 && text.starts_with("HTTP/1.") && is_digit(text.back());
}

RequestLine read_request_line(const Line& line) {
  RequestLine request;
  const std::string_view text = line.text;
  const auto method_end = std::find_if_not(text.begin(), text.end(), is_token);
  request.method = text.substr(0, static_cast<std::size_t>(method_end - text.begin()));
  if (request.method.size() > kLongestMethod) return request;
  if (method_end == text.end()) {
    if (!line.ended) request.status = RequestHead::Status::incomplete;
    return request;
  }
  if (request.method.empty() || *method_end != ' ') return request;
  // A CR may be the half of the line's end that is there already.
  std::string_view rest = text.substr(request.method.size() + 1);
  if (!line.ended && rest.ends_with('\r')) rest.remove_suffix(1);
  const auto strange = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; };
  if (std::any_of(rest.begin(), rest.end(), strange)) return request;
  if (!line.ended) {
    request.status = RequestHead::Status::incomplete;
    return request;
  }
  // Blanks inside a target are wrong, but seen: the version is the last word (RFC 9112 §3).
  rest = trim(rest);
  const std::size_t last = rest.rfind(' ');
  if (last == std::string_view::npos || !is_version(rest.substr(last + 1))) return request;
  request.target = trim(rest.substr(0, last));
  if (!request.target.empty()) request.status = RequestHead::Status::complete;
  return request;
}

// Reads fields up to the empty line.
class Fields {
 public:
  explicit Fields(std::string_view rest) : rest_(rest) {}

  // The end of the head was reached.
  bool read() {
    while (!rest_.empty()) {
      const Line line = take_line(rest_);
      if (!line.ended) return false;
      if (line.text.empty()) return true;
      field(line.text);
    }
    return false;
  }
  std::string_view host() const { return host_; }
  std::string_view rest() const { return rest_; }

 private:
  void field(std::string_view line) {
    if (is_blank(line.front())) {  // folded (RFC 9112 §5.2): the value may stand here alone
      if (open_ && host_.empty()) host_ = host_of(line);
      return;
    }
    open_ = false;
    const std::size_t colon = line.find(':');
    if (seen_ || colon == std::string_view::npos || !same_word(trim(line.substr(0, colon)), "host")) return;
    seen_ = true;
    const std::string_view value = trim(line.substr(colon + 1));
    open_ = value.empty();
    host_ = host_of(value);
  }

  std::string_view rest_;
  std::string_view host_;
  bool seen_ = false;  // the first Host counts
  bool open_ = false;  // ... and nothing of its value has come yet
};

}  // namespace

RequestHead read_request(std::span<const std::uint8_t> stream) noexcept {
  RequestHead request;
  const std::string_view all(reinterpret_cast<const char*>(stream.data()), stream.size());
  const std::size_t begin = std::min(all.find_first_not_of("\r\n"), all.size());
  std::string_view rest = all.substr(begin);
  if (rest.empty()) {
    request.status = RequestHead::Status::incomplete;
    return request;
  }
  const RequestLine first = read_request_line(take_line(rest));
  request.status = first.status;
  if (first.status != RequestHead::Status::complete) return request;
  request.connect = first.method == "CONNECT";

  Fields fields(rest);
  const bool whole = fields.read();
  request.status = whole ? RequestHead::Status::complete : RequestHead::Status::incomplete;
  if (whole) request.length = all.size() - fields.rest().size();
  if (request.connect) {
    request.host = host_of(first.target);
  } else {
    request.host = fields.host();
    if (request.host.empty() && whole) request.host = host_of(authority_of(first.target));
  }
  return request;
}

}  // namespace slowlane

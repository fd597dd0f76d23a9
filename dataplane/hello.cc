#include "dataplane/hello.h"

#include <algorithm>
#include <cstring>

namespace slowlane {
namespace {

constexpr std::uint8_t kClientHello = 1;
constexpr std::uint32_t kServerName = 0;
constexpr std::uint32_t kAlpn = 16;
constexpr std::uint32_t kEncryptedClientHello = 0xfe0d;
constexpr std::uint32_t kEncryptedServerName = 0xffce;

// No ClientHello can be longer: every vector at its greatest length (RFC 8446 §4.1.2).
constexpr std::uint32_t kLongestBody = 2 + 32 + 1 + 32 + 2 + 65534 + 1 + 255 + 2 + 65535;
constexpr std::size_t kLongestName = 255;

constexpr std::uint16_t be16(const std::uint8_t* p) { return static_cast<std::uint16_t>(p[0] << 8 | p[1]); }

std::string_view view(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Whether all bytes are printable ASCII. Eight at a time: the check stands in the way of every hello.
bool printable(std::string_view name) {
  constexpr std::uint64_t kOnes = 0x0101010101010101;
  const auto strange = [&name](std::size_t at) {
    std::uint64_t word;
    std::memcpy(&word, name.data() + at, sizeof word);
    return ((word - kOnes * 0x20) | (word + kOnes) | word) & (kOnes << 7);  // below 0x20, 0x7f, above it
  };
  if (name.size() < 8) {
    return std::all_of(name.begin(), name.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
  }
  std::uint64_t found = strange(name.size() - 8);
  for (std::size_t at = 0; at + 8 <= name.size(); at += 8) found |= strange(at);
  return found == 0;
}

// Walks the body of one ClientHello. `end_` is where the message says it ends, `have_` how far the bytes at hand
// reach: what passes `end_` is wrong, what passes only `have_` may still come.
class Walk {
 public:
  Walk(Hello& hello, std::span<const std::uint8_t> at_hand, std::size_t end)
      : hello_(hello), data_(at_hand.data()), have_(at_hand.size()), end_(end) {}

  void body() {
    if (!skip(2 + 32, "short")) return;  // legacy_version, random
    if (!short_vector(0, 32, "session_id")) return;
    if (!cipher_suites()) return;
    if (!short_vector(1, 255, "compression")) return;
    if (at_ == end_) {  // TLS 1.2 and older may end here (RFC 5246 §7.4.1.2)
      hello_.status = HelloStatus::complete;
      return;
    }
    extensions();
  }

 private:
  bool wrong(const char* why) {
    hello_.status = HelloStatus::malformed;
    hello_.why = why;
    return false;
  }
  bool more() {
    hello_.status = HelloStatus::incomplete;
    return false;
  }
  // Whether `n` bytes lie ahead, in the message and at hand.
  bool ahead(std::size_t n, const char* why) {
    if (n > end_ - at_) return wrong(why);
    return n <= have_ - at_ || more();
  }
  bool skip(std::size_t n, const char* why) {
    if (!ahead(n, why)) return false;
    at_ += n;
    return true;
  }
  bool short_vector(std::size_t least, std::size_t most, const char* why) {
    if (!ahead(1, why)) return false;
    const std::size_t length = data_[at_];
    if (length < least || length > most) return wrong(why);
    return skip(1 + length, why);
  }
  bool cipher_suites() {
    if (!ahead(2, "cipher_suites")) return false;
    const std::size_t length = be16(data_ + at_);
    if (length < 2 || length % 2 != 0) return wrong("cipher_suites");
    return skip(2 + length, "cipher_suites");
  }

  void extensions() {
    if (!ahead(2, "extensions")) return;
    const std::size_t length = be16(data_ + at_);
    at_ += 2;
    if (length != end_ - at_) {  // nothing may follow them
      wrong("extensions");
      return;
    }
    std::size_t at = at_;  // a local stays in a register
    while (at + 4 <= have_) {
      const std::uint32_t type = be16(data_ + at);
      const std::size_t size = be16(data_ + at + 2);
      const std::size_t next = at + 4 + size;
      if (next > have_) break;
      if (interesting(type) && !extension(type, {data_ + at + 4, size})) return;
      at = next;
    }
    at_ = at;
    if (at != end_) {
      if (ahead(4, "extension")) ahead(4 + std::size_t{be16(data_ + at + 2)}, "extension");
      return;
    }
    hello_.status = HelloStatus::complete;
  }

  // A quick sieve: all but a few of a browser's eighteen extensions stop here.
  static bool interesting(std::uint32_t type) {
    return type == kServerName || type == kAlpn || type >= kEncryptedClientHello;
  }
  // One extension whose bytes are all at hand. Most are of no interest, GREASE among them (RFC 8701).
  bool extension(std::uint32_t type, std::span<const std::uint8_t> data) {
    if (type == kServerName) return server_name(data);
    if (type == kAlpn) return alpn(data);
    if (type == kEncryptedClientHello) return encrypted_hello(data);
    if (type == kEncryptedServerName) hello_.esni = true;
    return true;
  }

  // RFC 6066 §3. The list may hold names of other types, which are stepped over; no type may come twice.
  bool server_name(std::span<const std::uint8_t> data) {
    if (seen_name_) return wrong("twice");
    seen_name_ = true;
    if (data.size() < 3 || be16(data.data()) != data.size() - 2) return wrong("server_name");
    for (auto list = data.subspan(2); !list.empty();) {
      if (list.size() < 3 || be16(list.data() + 1) > list.size() - 3) return wrong("server_name");
      const auto name = list.subspan(3, be16(list.data() + 1));
      if (list[0] == 0 && !host_name(view(name))) return false;
      list = list.subspan(3 + name.size());
    }
    return true;
  }
  bool host_name(std::string_view name) {
    if (!hello_.server_name.empty()) return wrong("twice");
    if (name.empty()) return wrong("empty_name");
    if (name.size() > kLongestName) return wrong("long_name");
    if (!printable(name)) return wrong("bad_name");
    hello_.server_name = name;
    return true;
  }

  // RFC 7301 §3.1.
  bool alpn(std::span<const std::uint8_t> data) {
    if (data.size() < 4 || be16(data.data()) != data.size() - 2) return wrong("alpn");
    for (auto list = data.subspan(2); !list.empty(); list = list.subspan(1 + std::size_t{list[0]})) {
      if (list[0] == 0 || list[0] > list.size() - 1) return wrong("alpn");
    }
    if (hello_.alpn.empty()) hello_.alpn = view(data.subspan(3, data[2]));
    return true;
  }

  // ECHClientHello (RFC 9849 §5): outer(0) is kdf, aead, config id, enc<0..2^16-1>, payload<1..2^16-1>; inner(1) is
  // empty and never seen in clear.
  bool encrypted_hello(std::span<const std::uint8_t> data) {
    if (data.empty() || data[0] > 1) return wrong("ech");
    if (data[0] == 1) return data.size() == 1 || wrong("ech");
    if (data.size() < 8) return wrong("ech");
    const std::size_t enc = be16(data.data() + 6);
    if (data.size() < 8 + enc + 2) return wrong("ech");
    const std::size_t payload = be16(data.data() + 8 + enc);
    if (payload == 0 || data.size() != 8 + enc + 2 + payload) return wrong("ech");
    hello_.ech = true;
    return true;
  }

  Hello& hello_;
  const std::uint8_t* const data_;
  const std::size_t have_;
  const std::size_t end_;
  std::size_t at_ = 0;
  bool seen_name_ = false;
};

// V2ClientHello: 15-bit length, type 1, version, three lengths of the parts that fill the rest.
RecordHead read_sslv2(std::span<const std::uint8_t> stream) {
  RecordHead head;
  head.kind = RecordHead::Kind::incomplete;
  if (stream.size() >= 3 && stream[2] != kClientHello) return {};
  if (stream.size() >= 4 && stream[3] != 3 && stream[3] != 0) return {};
  if (stream.size() < 11) return head;
  const std::size_t length = be16(stream.data()) & 0x7fffu;
  const std::size_t suites = be16(stream.data() + 5);
  const std::size_t session = be16(stream.data() + 7);
  const std::size_t challenge = be16(stream.data() + 9);
  if (stream[3] == 0 && stream[4] != 2) return {};
  if (suites == 0 || suites % 3 != 0 || challenge < 16 || challenge > 32) return {};
  if (session != 0 && session != 16) return {};
  if (length != 9 + suites + session + challenge) return {};
  head.kind = RecordHead::Kind::not_tls;
  head.length = static_cast<std::uint16_t>(length);
  head.sslv2 = true;
  return head;
}

}  // namespace

Hello read_hello(std::span<const std::uint8_t> handshake) noexcept {
  Hello hello;
  hello.status = HelloStatus::incomplete;
  if (handshake.empty()) return hello;
  if (handshake[0] != kClientHello) {
    hello.status = HelloStatus::not_hello;
    return hello;
  }
  if (handshake.size() < 4) return hello;
  const std::uint32_t body = static_cast<std::uint32_t>(handshake[1] << 16) | be16(handshake.data() + 2);
  hello.length = 4 + body;
  if (body > kLongestBody) {
    hello.status = HelloStatus::malformed;
    hello.why = "length";
    return hello;
  }
  const auto at_hand = handshake.subspan(4, std::min<std::size_t>(handshake.size() - 4, body));
  Walk(hello, at_hand, body).body();
  return hello;
}

RecordHead read_record_head(std::span<const std::uint8_t> stream) noexcept {
  RecordHead head;
  if (stream.empty()) {
    head.kind = RecordHead::Kind::incomplete;
    return head;
  }
  if (stream[0] & 0x80) return read_sslv2(stream);
  if (stream[0] < 20 || stream[0] > 24) return head;
  if (stream.size() >= 2 && stream[1] != 3) return head;
  if (stream.size() < kRecordHeader) {
    head.kind = RecordHead::Kind::incomplete;
    return head;
  }
  const std::uint16_t length = be16(stream.data() + 3);
  if (length > (1 << 14) + 256) return head;
  return {stream[0] == 22 ? RecordHead::Kind::handshake : RecordHead::Kind::other_record, length, false};
}

}  // namespace slowlane

#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace slowlane {

enum class HelloStatus : std::uint8_t {
  complete,    // read to its end; server_name may be empty
  incomplete,  // right so far, more bytes are needed; what was seen so far is filled in
  not_hello,   // another handshake message, or no TLS at all
  malformed    // a length or a name that cannot be; `why` says which. What came before it is filled in
};

// What a ClientHello says (RFC 8446 §4.1.2, RFC 6066 §3). Views point into the bytes read.
struct Hello {
  HelloStatus status = HelloStatus::not_hello;
  std::string_view server_name;  // as on the wire, 1-255 bytes of printable ASCII; empty where there is none
  bool ech = false;              // encrypted_client_hello (0xfe0d), outer form
  bool esni = false;             // the draft's encrypted_server_name (0xffce)
  std::string_view alpn;         // the first protocol offered
  std::uint32_t length = 0;      // of the handshake message, header included, once its header was read
  const char* why = "";          // of malformed: a static word for the record
};

// Reads a handshake message from its first byte (type, 24-bit length). Checks every length; allocates nothing. Bytes
// behind the message are not looked at.
Hello read_hello(std::span<const std::uint8_t> handshake) noexcept;

// What lies at the head of a TLS stream.
struct RecordHead {
  enum class Kind : std::uint8_t { handshake, other_record, incomplete, not_tls };
  Kind kind = Kind::not_tls;
  std::uint16_t length = 0;  // of the fragment, without the 5 header bytes
  bool sslv2 = false;        // an SSL 2 compatible hello: no server name is possible. `kind` is not_tls then
};
inline constexpr std::size_t kRecordHeader = 5;

// Reads a record header (RFC 8446 §5.1). Content types 20-24, major version 3, length up to 2^14 + 256; or an SSL 2
// compatible hello (RFC 5246 Appendix E.2).
RecordHead read_record_head(std::span<const std::uint8_t> stream) noexcept;

}  // namespace slowlane

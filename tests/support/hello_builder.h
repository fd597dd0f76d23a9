#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/packet_builder.h"

namespace slowlane {

// Builds ClientHellos of any shape with correct lengths; a test that wants a wrong one changes a byte afterwards.
//   const Bytes hello = HelloBuilder().name("www.example.com").pad_to(517).message();
class HelloBuilder {
 public:
  // Extensions appear in the order they are asked for.
  HelloBuilder& name(std::string_view host);                              // server_name
  HelloBuilder& alpn(std::initializer_list<std::string_view> protocols);  // application_layer_protocol_negotiation
  HelloBuilder& ech(std::size_t payload = 144);                           // encrypted_client_hello, outer form
  HelloBuilder& esni(std::size_t size = 300);
  HelloBuilder& key_share(std::size_t size = 32);  // 32: x25519; 1216: with ML-KEM 768
  HelloBuilder& extension(std::uint16_t type, Bytes body);
  // What a Chrome of 2021 sends, GREASE and all; `name` becomes its server_name. Pad to 512 for its usual length.
  HelloBuilder& like_chrome(std::string_view host);

  HelloBuilder& version(std::uint16_t legacy_version);
  HelloBuilder& session_id(std::size_t length);
  HelloBuilder& suites(std::size_t count);
  HelloBuilder& no_extensions();           // not even their length field
  HelloBuilder& pad_to(std::size_t size);  // a padding extension (RFC 7685) that makes the message this long

  // The handshake message, its 4-byte header included.
  Bytes message() const;
  // The same in one TLS record.
  Bytes record() const;

 private:
  std::uint16_t version_ = 0x0303;
  std::size_t session_id_ = 32;
  std::size_t suites_ = 16;
  std::size_t pad_to_ = 0;
  bool no_extensions_ = false;
  std::vector<std::pair<std::uint16_t, Bytes>> extensions_;
};

// One TLS record.
Bytes tls_record(std::uint8_t type, std::span<const std::uint8_t> fragment, std::uint16_t version = 0x0301);
// A handshake message over several records, cut at `cuts` (rising offsets into the message).
Bytes tls_records(std::span<const std::uint8_t> message, std::initializer_list<std::size_t> cuts);
// A Chrome-like hello in a record: 517 bytes in all unless the name makes it longer.
Bytes chrome_hello(std::string_view host);
// A ServerHello in a record.
Bytes server_hello();
// An SSL 2 compatible hello (RFC 5246 Appendix E.2).
Bytes sslv2_hello();

inline Bytes from_hex(std::string_view hex) { return bytes_of_hex(hex); }
Bytes operator+(Bytes left, const Bytes& right);

}  // namespace slowlane

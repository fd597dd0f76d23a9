#include "tests/support/hello_builder.h"

#include <algorithm>

namespace slowlane {
namespace {

void put16(Bytes& out, std::size_t value) {
  out.push_back(static_cast<std::uint8_t>(value >> 8));
  out.push_back(static_cast<std::uint8_t>(value));
}

void put24(Bytes& out, std::size_t value) {
  out.push_back(static_cast<std::uint8_t>(value >> 16));
  put16(out, value & 0xffff);
}

void append(Bytes& out, std::span<const std::uint8_t> bytes) {
  const std::size_t size = out.size();
  out.resize(size + bytes.size());
  std::copy(bytes.begin(), bytes.end(), out.begin() + static_cast<std::ptrdiff_t>(size));
}

Bytes vector8(const Bytes& bytes) {
  Bytes out{static_cast<std::uint8_t>(bytes.size())};
  append(out, bytes);
  return out;
}

Bytes vector16(const Bytes& bytes) {
  Bytes out;
  put16(out, bytes.size());
  append(out, bytes);
  return out;
}

// Bytes that look random and are the same on every run.
Bytes filler(std::size_t size, std::uint32_t seed) {
  Bytes out(size);
  for (auto& byte : out) {
    seed = seed * 1664525u + 1013904223u;
    byte = static_cast<std::uint8_t>(seed >> 24);
  }
  return out;
}

}  // namespace

Bytes operator+(Bytes left, const Bytes& right) {
  append(left, right);
  return left;
}

HelloBuilder& HelloBuilder::extension(std::uint16_t type, Bytes body) {
  extensions_.emplace_back(type, std::move(body));
  return *this;
}

HelloBuilder& HelloBuilder::name(std::string_view host) {
  return extension(0, vector16(Bytes{0} + vector16(bytes_of(host))));
}

HelloBuilder& HelloBuilder::alpn(std::initializer_list<std::string_view> protocols) {
  Bytes list;
  for (const auto protocol : protocols) append(list, vector8(bytes_of(protocol)));
  return extension(16, vector16(list));
}

HelloBuilder& HelloBuilder::ech(std::size_t payload) {
  return extension(0xfe0d, Bytes{0, 0, 1, 0, 1, 42} + vector16(filler(32, 5)) + vector16(filler(payload, 6)));
}

HelloBuilder& HelloBuilder::esni(std::size_t size) { return extension(0xffce, filler(size, 7)); }

HelloBuilder& HelloBuilder::key_share(std::size_t size) {
  const std::uint16_t group = size == 32 ? 0x001d : 0x11ec;
  Bytes share{0x1a, 0x1a, 0, 1, 0};  // GREASE
  put16(share, group);
  append(share, vector16(filler(size, 8)));
  return extension(51, vector16(share));
}

HelloBuilder& HelloBuilder::like_chrome(std::string_view host) {
  extension(0x3a3a, {});
  if (!host.empty()) name(host);
  extension(23, {});                                             // extended_master_secret
  extension(0xff01, {0});                                        // renegotiation_info
  extension(10, {0, 8, 0x1a, 0x1a, 0, 0x1d, 0, 0x17, 0, 0x18});  // supported_groups
  extension(11, {1, 0});                                         // ec_point_formats
  extension(35, {});                                             // session_ticket
  alpn({"h2", "http/1.1"});
  extension(5, {1, 0, 0, 0, 0});                                           // status_request
  extension(13, {0, 16, 4, 3, 8, 4, 4, 1, 5, 3, 8, 5, 5, 1, 8, 6, 6, 1});  // signature_algorithms
  extension(18, {});                                                       // signed_certificate_timestamp
  key_share();
  extension(45, {1, 1});                                    // psk_key_exchange_modes
  extension(43, {10, 0x6a, 0x6a, 3, 4, 3, 3, 3, 2, 3, 1});  // supported_versions
  extension(27, {2, 0, 2});                                 // compress_certificate
  extension(0x4469, Bytes{0, 3, 2, 'h', '2'});              // application_settings
  return extension(0x9a9a, {0});
}

HelloBuilder& HelloBuilder::version(std::uint16_t legacy_version) {
  version_ = legacy_version;
  return *this;
}

HelloBuilder& HelloBuilder::session_id(std::size_t length) {
  session_id_ = length;
  return *this;
}

HelloBuilder& HelloBuilder::suites(std::size_t count) {
  suites_ = count;
  return *this;
}

HelloBuilder& HelloBuilder::no_extensions() {
  no_extensions_ = true;
  return *this;
}

HelloBuilder& HelloBuilder::pad_to(std::size_t size) {
  pad_to_ = size;
  return *this;
}

Bytes HelloBuilder::message() const {
  Bytes body;
  put16(body, version_);
  append(body, filler(32, 1));
  append(body, vector8(filler(session_id_, 2)));
  append(body, vector16(filler(2 * suites_, 3)));
  append(body, Bytes{1, 0});
  Bytes list;
  for (const auto& [type, data] : extensions_) {
    put16(list, type);
    append(list, vector16(data));
  }
  const std::size_t size = 4 + body.size() + 2 + list.size();
  if (pad_to_ >= size + 4) {
    put16(list, 21);
    append(list, vector16(Bytes(pad_to_ - size - 4)));
  }
  if (!no_extensions_) append(body, vector16(list));
  Bytes out{1};
  put24(out, body.size());
  append(out, body);
  return out;
}

Bytes HelloBuilder::record() const { return tls_record(22, message()); }

Bytes tls_record(std::uint8_t type, std::span<const std::uint8_t> fragment, std::uint16_t version) {
  Bytes out{type};
  put16(out, version);
  put16(out, fragment.size());
  append(out, fragment);
  return out;
}

Bytes tls_records(std::span<const std::uint8_t> message, std::initializer_list<std::size_t> cuts) {
  Bytes out;
  std::size_t from = 0;
  for (const std::size_t cut : cuts) {
    append(out, tls_record(22, message.subspan(from, cut - from)));
    from = cut;
  }
  append(out, tls_record(22, message.subspan(from)));
  return out;
}

Bytes chrome_hello(std::string_view host) { return HelloBuilder().like_chrome(host).pad_to(512).record(); }

Bytes server_hello() {
  Bytes body{3, 3};
  append(body, filler(32, 9));
  append(body, vector8(filler(32, 10)));
  append(body, Bytes{0x13, 0x01, 0, 0, 6, 0, 43, 0, 2, 3, 4});
  Bytes message{2};
  put24(message, body.size());
  append(message, body);
  return tls_record(22, message, 0x0303);
}

Bytes sslv2_hello() {
  Bytes body{1, 3, 1, 0, 9, 0, 0, 0, 16};
  append(body, Bytes{0, 0, 0x2f, 0, 0, 0x35, 0, 0, 0x0a});
  append(body, filler(16, 11));
  Bytes out;
  put16(out, 0x8000 | body.size());
  append(out, body);
  return out;
}

}  // namespace slowlane

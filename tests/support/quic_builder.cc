#include "tests/support/quic_builder.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <memory>
#include <stdexcept>
#include <string>

namespace slowlane {
namespace {

constexpr std::uint32_t kV2 = 0x6b3343cf;
constexpr std::uint32_t kV2Draft = 0x709a50c4;

void check(bool ok) {
  if (!ok) throw std::runtime_error("libcrypto refused");
}

void append(Bytes& out, std::span<const std::uint8_t> bytes) {
  for (const std::uint8_t byte : bytes) out.push_back(byte);
}

bool is_v2(std::uint32_t version) { return version == kV2 || version == kV2Draft; }

Bytes salt_of(std::uint32_t version) {
  if (version == kV2) return bytes_of_hex("0dede3def700a6db819381be6e269dcbf9bd2ed9");
  if (version == kV2Draft) return bytes_of_hex("a707c203a59b47184a1d62ca570406ea7ae3e5d3");
  if (version == 0x51303530) return bytes_of_hex("504574efd066fe2f9d945cfcdbd3a7f0d3b56b45");
  if (version == 0x54303530) return bytes_of_hex("7ff579e5acd072915580304c43a2367c60488310");
  if (version == 0x54303531) return bytes_of_hex("7a4edef4e7ccee5fa4506c19124fc8ccda6e033d");
  std::uint32_t draft = version >> 8 == 0xff0000 ? version & 0xff : 34;
  if (version == 0xfaceb001) draft = 22;
  if (version == 0xfaceb002 || version == 0xfaceb00e) draft = 27;
  if (draft == 22) return bytes_of_hex("7fbcdb0e7c66bbe9193a96cd21519ebd7a02644a");
  if (draft < 29) return bytes_of_hex("c3eef712c72ebb5a11a7d2432bb46365bef9f502");
  if (draft < 33) return bytes_of_hex("afbfec289993d24c9e9786f19c6111e04390a899");
  return bytes_of_hex("38762cf7f55934b34d179ae6a4c80cadccbb7f0a");
}

Bytes hkdf(int mode, const Bytes& key, const char* other_name, Bytes other, std::size_t size) {
  const std::unique_ptr<EVP_KDF, decltype(&EVP_KDF_free)> kdf(EVP_KDF_fetch(nullptr, "HKDF", nullptr), &EVP_KDF_free);
  const std::unique_ptr<EVP_KDF_CTX, decltype(&EVP_KDF_CTX_free)> context(EVP_KDF_CTX_new(kdf.get()),
                                                                          &EVP_KDF_CTX_free);
  Bytes key_copy = key;
  std::string digest = "SHA256";
  const OSSL_PARAM params[] = {OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
                               OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), digest.size()),
                               OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, key_copy.data(), key_copy.size()),
                               OSSL_PARAM_construct_octet_string(other_name, other.data(), other.size()),
                               OSSL_PARAM_construct_end()};
  Bytes out(size);
  check(EVP_KDF_derive(context.get(), out.data(), out.size(), params) == 1);
  return out;
}

Bytes expand_label(const Bytes& secret, const std::string& label, std::size_t size) {
  const std::string full = "tls13 " + label;
  const Bytes info =
      Bytes{0, static_cast<std::uint8_t>(size), static_cast<std::uint8_t>(full.size())} + bytes_of(full) + Bytes{0};
  return hkdf(EVP_KDF_HKDF_MODE_EXPAND_ONLY, secret, OSSL_KDF_PARAM_INFO, info, size);
}

using Cipher = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

Bytes seal(const Bytes& key, const Bytes& nonce, const Bytes& header, const Bytes& text) {
  const Cipher context(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  Bytes out(text.size() + 16);
  int size = 0;
  check(EVP_EncryptInit_ex(context.get(), EVP_aes_128_gcm(), nullptr, key.data(), nonce.data()) == 1);
  check(EVP_EncryptUpdate(context.get(), nullptr, &size, header.data(), static_cast<int>(header.size())) == 1);
  check(EVP_EncryptUpdate(context.get(), out.data(), &size, text.data(), static_cast<int>(text.size())) == 1);
  check(EVP_EncryptFinal_ex(context.get(), out.data() + size, &size) == 1);
  check(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, 16, out.data() + text.size()) == 1);
  return out;
}

Bytes header_mask(const Bytes& key, std::span<const std::uint8_t> sample) {
  const Cipher context(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  Bytes out(32);
  int size = 0;
  check(EVP_EncryptInit_ex(context.get(), EVP_aes_128_ecb(), nullptr, key.data(), nullptr) == 1);
  check(EVP_EncryptUpdate(context.get(), out.data(), &size, sample.data(), 16) == 1);
  return out;
}

Bytes version_bytes(std::uint32_t version) {
  Bytes out;
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(version >> shift));
  return out;
}

Bytes with_size(const Bytes& bytes) { return Bytes{static_cast<std::uint8_t>(bytes.size())} + bytes; }

void put_le(Bytes& out, std::size_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

}  // namespace

Bytes quic_integer(std::uint64_t value) {
  const int log = value < 64 ? 0 : value < 16384 ? 1 : value < (1u << 30) ? 2 : 3;
  Bytes out;
  for (int shift = 8 * (1 << log) - 8; shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(value >> shift));
  out[0] = static_cast<std::uint8_t>(out[0] | log << 6);
  return out;
}

Bytes crypto_frame(std::uint64_t offset, std::span<const std::uint8_t> data, std::uint8_t type) {
  Bytes out = Bytes{type} + quic_integer(offset) + quic_integer(data.size());
  append(out, data);
  return out;
}

Bytes ack_frame(std::uint64_t largest) { return Bytes{2} + quic_integer(largest) + Bytes{0, 1, 0, 0, 0}; }

Bytes close_frame(std::string_view reason) {
  return Bytes{0x1c, 0, 0} + quic_integer(reason.size()) + bytes_of(reason);
}

Bytes quic_initial(const InitialSpec& spec, Bytes frames) {
  Bytes head{static_cast<std::uint8_t>((is_v2(spec.version) ? 0xd0 : 0xc0) | (spec.number_size - 1))};
  append(head, version_bytes(spec.version) + with_size(spec.id) + with_size(spec.source_id));
  append(head, quic_integer(spec.token.size()) + spec.token);
  const std::size_t fixed = head.size() + 2 + spec.number_size + 16;
  if (fixed + frames.size() < spec.pad_to) frames.resize(spec.pad_to - fixed);
  if (frames.size() + spec.number_size < 4) frames.resize(4);  // there must be a sample
  const std::size_t length = spec.number_size + frames.size() + 16;
  append(head, Bytes{static_cast<std::uint8_t>(0x40 | length >> 8), static_cast<std::uint8_t>(length)});
  const std::size_t number_at = head.size();
  for (std::size_t i = spec.number_size; i-- > 0;) head.push_back(static_cast<std::uint8_t>(spec.number >> (8 * i)));

  const Bytes initial = hkdf(EVP_KDF_HKDF_MODE_EXTRACT_ONLY, spec.key_id.value_or(spec.id), OSSL_KDF_PARAM_SALT,
                             salt_of(spec.version), 32);
  const Bytes side = expand_label(initial, spec.from_server ? "server in" : "client in", 32);
  const std::string prefix = is_v2(spec.version) ? "quicv2 " : "quic ";
  Bytes nonce = expand_label(side, prefix + "iv", 12);
  for (std::size_t i = 0; i < 8; ++i) nonce[11 - i] = static_cast<std::uint8_t>(nonce[11 - i] ^ spec.number >> (8 * i));
  Bytes packet = head + seal(expand_label(side, prefix + "key", 16), nonce, head, frames);
  const Bytes mask = header_mask(expand_label(side, prefix + "hp", 16), std::span(packet).subspan(number_at + 4, 16));
  packet[0] = static_cast<std::uint8_t>(packet[0] ^ (mask[0] & 0x0f));
  for (std::size_t i = 0; i < spec.number_size; ++i) {
    packet[number_at + i] = static_cast<std::uint8_t>(packet[number_at + i] ^ mask[1 + i]);
  }
  return packet;
}

Bytes quic_hello(std::string_view host, std::uint32_t version) {
  const Bytes message = HelloBuilder().name(host).alpn({"h3"}).key_share().message();
  return quic_initial({.version = version}, crypto_frame(0, message));
}

std::vector<Bytes> quic_hello_cut(const Bytes& message, std::initializer_list<std::size_t> cuts, InitialSpec spec) {
  std::vector<Bytes> out;
  std::size_t from = 0;
  const auto send = [&](std::size_t to) {
    out.push_back(quic_initial(spec, crypto_frame(from, std::span(message).subspan(from, to - from))));
    ++spec.number;
    from = to;
  };
  for (const std::size_t cut : cuts) send(cut);
  send(message.size());
  return out;
}

Bytes quic_zero_rtt(std::uint32_t version) {
  return Bytes{static_cast<std::uint8_t>(is_v2(version) ? 0xe0 : 0xd0)} + version_bytes(version) +
         with_size(bytes_of_hex("8394c8f03e515708")) + with_size({}) + quic_integer(64) + Bytes(64, 0xa5);
}

Bytes google_chlo(std::string_view host) {
  const std::vector<std::pair<std::string, Bytes>> tags = {{std::string("PAD\0", 4), Bytes(100, '-')},
                                                           {std::string("SNI\0", 4), bytes_of(host)},
                                                           {std::string("VER\0", 4), bytes_of("Q046")},
                                                           {"UAID", bytes_of("test")}};
  Bytes index;
  Bytes values;
  for (const auto& [tag, value] : tags) {
    append(values, value);
    append(index, bytes_of(tag));
    put_le(index, values.size(), 4);
  }
  Bytes out = bytes_of("CHLO");
  put_le(out, tags.size(), 2);
  put_le(out, 0, 2);
  return out + index + values;
}

Bytes google_packet(std::string_view version, const Bytes& chlo) {
  const Bytes id = bytes_of_hex("0102030405060708");
  const bool long_header = version >= "Q044";
  Bytes out = long_header ? Bytes{0xc3} + bytes_of(version) + Bytes{0x50} + id + Bytes{0, 0, 0, 1}
                          : Bytes{0x09} + id + bytes_of(version) + Bytes{1};
  append(out, Bytes(12, 0xee));             // hash
  if (version <= "Q033") out.push_back(0);  // private flags
  append(out, Bytes{0xa0, 1});              // STREAM 1, its data has a length
  const bool big = version >= "Q039";
  const auto size = static_cast<std::uint16_t>(chlo.size());
  append(out, big ? Bytes{static_cast<std::uint8_t>(size >> 8), static_cast<std::uint8_t>(size)}
                  : Bytes{static_cast<std::uint8_t>(size), static_cast<std::uint8_t>(size >> 8)});
  append(out, chlo);
  if (out.size() < 1350) out.resize(1350);
  return out;
}

}  // namespace slowlane

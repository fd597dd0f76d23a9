#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <memory>
#include <stdexcept>
#include <string>

#include "control/bench_frames.h"

// The other half of what dataplane/quic_keys.cc does: sealing an Initial, so that there is something to open.

namespace slowlane::bench {
namespace {

constexpr std::size_t kDatagram = 1200;
constexpr std::size_t kTag = 16;
constexpr std::size_t kNumberLength = 4;
// RFC 9001 §5.2.
constexpr std::array<std::uint8_t, 20> kSalt = {0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
                                                0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a};

void require(int answer) {
  if (answer != 1) throw std::runtime_error("libcrypto cannot seal a QUIC Initial");
}

Bytes hmac(std::span<const std::uint8_t> key, std::span<const std::uint8_t> data) {
  Bytes out(32);
  unsigned length = 0;
  const auto* made =
      HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), data.data(), data.size(), out.data(), &length);
  require(made != nullptr ? 1 : 0);
  return out;
}

// HKDF-Expand-Label of RFC 8446 §7.1; one block is enough.
Bytes expand(std::span<const std::uint8_t> secret, const std::string& label, std::size_t length) {
  const std::string full = "tls13 " + label;
  Bytes info{0, static_cast<std::uint8_t>(length), static_cast<std::uint8_t>(full.size())};
  info.insert(info.end(), full.begin(), full.end());
  info.push_back(0);
  info.push_back(1);
  Bytes out = hmac(secret, info);
  out.resize(length);
  return out;
}

struct ContextFree {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, ContextFree>;

// AES-128-GCM: the sealed payload with its tag.
Bytes seal(const Bytes& key, const Bytes& nonce, const Bytes& header, const Bytes& plain) {
  const Context context(EVP_CIPHER_CTX_new());
  Bytes out(plain.size() + kTag);
  int length = 0;
  require(EVP_EncryptInit_ex(context.get(), EVP_aes_128_gcm(), nullptr, key.data(), nonce.data()));
  require(EVP_EncryptUpdate(context.get(), nullptr, &length, header.data(), static_cast<int>(header.size())));
  require(EVP_EncryptUpdate(context.get(), out.data(), &length, plain.data(), static_cast<int>(plain.size())));
  require(EVP_EncryptFinal_ex(context.get(), out.data() + length, &length));
  require(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, kTag, &out[plain.size()]));
  return out;
}

// RFC 9001 §5.4: masks the first byte and the packet number by a sample of what was sealed.
void protect_header(Bytes& packet, std::size_t number_at, const Bytes& key) {
  const Context context(EVP_CIPHER_CTX_new());
  std::array<std::uint8_t, 32> mask{};
  int length = 0;
  require(EVP_EncryptInit_ex(context.get(), EVP_aes_128_ecb(), nullptr, key.data(), nullptr));
  require(EVP_EncryptUpdate(context.get(), mask.data(), &length, &packet[number_at + 4], 16));
  packet[0] = static_cast<std::uint8_t>(packet[0] ^ (mask[0] & 0x0f));
  for (std::size_t i = 0; i < kNumberLength; ++i) packet[number_at + i] ^= mask[1 + i];
}

}  // namespace

Bytes quic_initial(std::span<const std::uint8_t> hello, std::uint64_t number) {
  Bytes id(8);
  for (std::size_t i = 0; i < id.size(); ++i) id[i] = static_cast<std::uint8_t>(number >> (8 * i));
  Bytes header{0xc3, 0, 0, 0, 1, 8};
  header.insert(header.end(), id.begin(), id.end());
  header.insert(header.end(), {0, 0});  // no source id, no token
  const std::size_t rest = kDatagram - header.size() - 2;
  header.push_back(static_cast<std::uint8_t>(0x40 | rest >> 8));
  header.push_back(static_cast<std::uint8_t>(rest));
  const std::size_t number_at = header.size();
  header.resize(header.size() + kNumberLength, 0);

  Bytes plain{6, 0, static_cast<std::uint8_t>(0x40 | hello.size() >> 8), static_cast<std::uint8_t>(hello.size())};
  plain.insert(plain.end(), hello.begin(), hello.end());
  plain.resize(rest - kNumberLength - kTag, 0);  // PADDING

  const Bytes secret = expand(hmac(kSalt, id), "client in", 32);
  const Bytes sealed = seal(expand(secret, "quic key", 16), expand(secret, "quic iv", 12), header, plain);
  Bytes packet = std::move(header);
  packet.insert(packet.end(), sealed.begin(), sealed.end());
  protect_header(packet, number_at, expand(secret, "quic hp", 16));
  return packet;
}

}  // namespace slowlane::bench

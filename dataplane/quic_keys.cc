#include "dataplane/quic_keys.h"

#include <openssl/evp.h>

#include <algorithm>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace slowlane {
namespace {

constexpr std::size_t kHash = 32;   // SHA-256
constexpr std::size_t kBlock = 64;  // of SHA-256
constexpr std::size_t kKey = 16;    // AES-128
constexpr std::size_t kNonce = 12;
constexpr std::size_t kTag = 16;
constexpr std::size_t kSample = 16;
constexpr std::size_t kLongestId = 20;

using Bytes = std::span<const std::uint8_t>;
using Salt = std::array<std::uint8_t, 20>;
using Secret = std::array<std::uint8_t, kHash>;
using Nonce = std::array<std::uint8_t, kNonce>;
using Mask = std::array<std::uint8_t, kSample>;

// Indexed by QuicSalt. RFC 9001 §5.2, RFC 9369 §3.3.1, the drafts of both, and those that Chrome used in Q050 to T051.
constexpr std::array<Salt, 10> kSalts = {{
    {},
    {0x7f, 0xbc, 0xdb, 0x0e, 0x7c, 0x66, 0xbb, 0xe9, 0x19, 0x3a,
     0x96, 0xcd, 0x21, 0x51, 0x9e, 0xbd, 0x7a, 0x02, 0x64, 0x4a},
    {0xc3, 0xee, 0xf7, 0x12, 0xc7, 0x2e, 0xbb, 0x5a, 0x11, 0xa7,
     0xd2, 0x43, 0x2b, 0xb4, 0x63, 0x65, 0xbe, 0xf9, 0xf5, 0x02},
    {0xaf, 0xbf, 0xec, 0x28, 0x99, 0x93, 0xd2, 0x4c, 0x9e, 0x97,
     0x86, 0xf1, 0x9c, 0x61, 0x11, 0xe0, 0x43, 0x90, 0xa8, 0x99},
    {0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
     0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a},
    {0xa7, 0x07, 0xc2, 0x03, 0xa5, 0x9b, 0x47, 0x18, 0x4a, 0x1d,
     0x62, 0xca, 0x57, 0x04, 0x06, 0xea, 0x7a, 0xe3, 0xe5, 0xd3},
    {0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93,
     0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9},
    {0x50, 0x45, 0x74, 0xef, 0xd0, 0x66, 0xfe, 0x2f, 0x9d, 0x94,
     0x5c, 0xfc, 0xdb, 0xd3, 0xa7, 0xf0, 0xd3, 0xb5, 0x6b, 0x45},
    {0x7f, 0xf5, 0x79, 0xe5, 0xac, 0xd0, 0x72, 0x91, 0x55, 0x80,
     0x30, 0x4c, 0x43, 0xa2, 0x36, 0x7c, 0x60, 0x48, 0x83, 0x10},
    {0x7a, 0x4e, 0xde, 0xf4, 0xe7, 0xcc, 0xee, 0x5f, 0xa4, 0x50,
     0x6c, 0x19, 0x12, 0x4f, 0xc8, 0xcc, 0xda, 0x6e, 0x03, 0x3d},
}};

template <auto Free>
struct Deleter {
  template <class T>
  void operator()(T* what) const {
    Free(what);
  }
};
using Digest = std::unique_ptr<EVP_MD, Deleter<EVP_MD_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Deleter<EVP_MD_CTX_free>>;
using Cipher = std::unique_ptr<EVP_CIPHER, Deleter<EVP_CIPHER_free>>;
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, Deleter<EVP_CIPHER_CTX_free>>;

template <class T>
T needed(T what) {
  if (!what) throw std::runtime_error("libcrypto lacks SHA-256 or AES-128, or memory");
  return what;
}

// One side's keys of one connection.
struct Sealed {
  QuicSalt salt = QuicSalt::none;
  std::array<std::uint8_t, kLongestId> id;
  std::size_t id_size = 0;
  std::array<std::uint8_t, kKey> key;
  std::array<std::uint8_t, kKey> header_key;
  Nonce nonce;

  bool is_for(QuicSalt which, std::span<const std::uint8_t> other) const {
    return salt == which && std::equal(other.begin(), other.end(), id.begin(), id.begin() + id_size);
  }
};

// HMAC-SHA-256 (RFC 2104) under one key of at most a block. The key's two blocks are hashed once; EVP_MAC would hash
// them for every text and allocate more.
class Hmac {
 public:
  explicit Hmac(const EVP_MD* sha256) : sha256_(sha256) {}

  bool set_key(Bytes key) noexcept { return start(inner_.get(), key, 0x36) && start(outer_.get(), key, 0x5c); }
  bool sum(Bytes text, Secret& out) noexcept {
    Secret middle;
    return finish(inner_.get(), text, middle) && finish(outer_.get(), middle, out);
  }

 private:
  bool start(EVP_MD_CTX* context, Bytes key, std::uint8_t pad) noexcept {
    std::array<std::uint8_t, kBlock> block;
    block.fill(pad);
    for (std::size_t i = 0; i < key.size(); ++i) block[i] = static_cast<std::uint8_t>(block[i] ^ key[i]);
    return EVP_DigestInit_ex2(context, sha256_, nullptr) == 1 &&
           EVP_DigestUpdate(context, block.data(), block.size()) == 1;
  }
  bool finish(const EVP_MD_CTX* begun, Bytes text, Secret& out) noexcept {
    return EVP_MD_CTX_copy_ex(work_.get(), begun) == 1 &&
           EVP_DigestUpdate(work_.get(), text.data(), text.size()) == 1 &&
           EVP_DigestFinal_ex(work_.get(), out.data(), nullptr) == 1;
  }

  const EVP_MD* sha256_;
  DigestContext inner_ = needed(DigestContext(EVP_MD_CTX_new()));
  DigestContext outer_ = needed(DigestContext(EVP_MD_CTX_new()));
  DigestContext work_ = needed(DigestContext(EVP_MD_CTX_new()));
};

// HKDF-Expand-Label (RFC 8446 §7.1) with an empty context, of no more bytes than one hash has.
bool expand(Hmac& secret, std::string_view label, std::span<std::uint8_t> out) noexcept {
  constexpr std::string_view kPrefix = "tls13 ";
  std::array<std::uint8_t, 40> info{};
  info[1] = static_cast<std::uint8_t>(out.size());
  info[2] = static_cast<std::uint8_t>(kPrefix.size() + label.size());
  auto at = std::copy(kPrefix.begin(), kPrefix.end(), info.begin() + 3);
  at = std::copy(label.begin(), label.end(), at);
  *at++ = 0;  // the context's length
  *at++ = 1;  // HKDF's first block
  Secret block;
  if (!secret.sum({info.begin(), at}, block)) return false;
  std::copy_n(block.begin(), out.size(), out.begin());
  return true;
}

}  // namespace

// Everything fetched once; a new key only re-keys a context.
struct QuicKeys::Contexts {
  Contexts();

  const Sealed* keys_for(const QuicDialect& dialect, Bytes id) noexcept;
  bool derive(const QuicDialect& dialect, Bytes id, Sealed& sealed) noexcept;
  std::optional<Mask> header_mask(const Sealed& sealed, Bytes sample) noexcept;
  std::optional<std::size_t> unseal(const Sealed& sealed, const Nonce& nonce, const std::array<Bytes, 3>& header,
                                    Bytes text, std::span<std::uint8_t> out) noexcept;

  Digest sha256 = needed(Digest(EVP_MD_fetch(nullptr, "SHA256", nullptr)));
  Cipher ecb = needed(Cipher(EVP_CIPHER_fetch(nullptr, "AES-128-ECB", nullptr)));
  Cipher gcm = needed(Cipher(EVP_CIPHER_fetch(nullptr, "AES-128-GCM", nullptr)));
  std::vector<Hmac> salts;  // indexed by QuicSalt
  Hmac secret{sha256.get()};
  CipherContext mask = needed(CipherContext(EVP_CIPHER_CTX_new()));
  CipherContext aead = needed(CipherContext(EVP_CIPHER_CTX_new()));
  std::array<Sealed, 2> kept;  // a flow's own id and its first one
  std::size_t oldest = 0;
};

QuicKeys::Contexts::Contexts() {
  for (const Salt& salt : kSalts) {
    salts.emplace_back(sha256.get());
    needed(salts.back().set_key(salt));
  }
  needed(EVP_EncryptInit_ex2(mask.get(), ecb.get(), nullptr, nullptr, nullptr) == 1 &&
         EVP_DecryptInit_ex2(aead.get(), gcm.get(), nullptr, nullptr, nullptr) == 1);
}

// RFC 9001 §5.2: salt and connection id give a secret, that the client's secret, and that its keys.
bool QuicKeys::Contexts::derive(const QuicDialect& dialect, Bytes id, Sealed& sealed) noexcept {
  Secret initial;
  Secret client;
  sealed.salt = QuicSalt::none;
  if (!salts[static_cast<std::size_t>(dialect.salt)].sum(id, initial) || !secret.set_key(initial) ||
      !expand(secret, "client in", client) || !secret.set_key(client)) {
    return false;
  }
  if (!expand(secret, dialect.v2 ? "quicv2 key" : "quic key", sealed.key) ||
      !expand(secret, dialect.v2 ? "quicv2 iv" : "quic iv", sealed.nonce) ||
      !expand(secret, dialect.v2 ? "quicv2 hp" : "quic hp", sealed.header_key)) {
    return false;
  }
  sealed.salt = dialect.salt;
  sealed.id_size = id.size();
  std::copy(id.begin(), id.end(), sealed.id.begin());
  return true;
}

const Sealed* QuicKeys::Contexts::keys_for(const QuicDialect& dialect, Bytes id) noexcept {
  if (dialect.salt == QuicSalt::none || id.size() > kLongestId) return nullptr;
  for (const Sealed& sealed : kept) {
    if (sealed.is_for(dialect.salt, id)) return &sealed;
  }
  Sealed& sealed = kept[oldest];
  oldest = (oldest + 1) % kept.size();
  return derive(dialect, id, sealed) ? &sealed : nullptr;
}

// RFC 9001 §5.4.3.
std::optional<Mask> QuicKeys::Contexts::header_mask(const Sealed& sealed, Bytes sample) noexcept {
  Mask out;
  int size = 0;
  if (EVP_EncryptInit_ex2(mask.get(), nullptr, sealed.header_key.data(), nullptr, nullptr) != 1 ||
      EVP_EncryptUpdate(mask.get(), out.data(), &size, sample.data(), static_cast<int>(kSample)) != 1) {
    return std::nullopt;
  }
  return out;
}

// `header` is the packet's, its protection removed; `text` ends with the tag.
std::optional<std::size_t> QuicKeys::Contexts::unseal(const Sealed& sealed, const Nonce& nonce,
                                                      const std::array<Bytes, 3>& header, Bytes text,
                                                      std::span<std::uint8_t> out) noexcept {
  EVP_CIPHER_CTX* const context = aead.get();
  if (EVP_DecryptInit_ex2(context, nullptr, sealed.key.data(), nonce.data(), nullptr) != 1) return std::nullopt;
  int size = 0;
  for (const Bytes part : header) {
    if (EVP_DecryptUpdate(context, nullptr, &size, part.data(), static_cast<int>(part.size())) != 1)
      return std::nullopt;
  }
  const std::size_t length = text.size() - kTag;
  std::array<std::uint8_t, kTag> tag;  // libcrypto takes it by a pointer that is not const
  std::copy_n(text.begin() + static_cast<std::ptrdiff_t>(length), kTag, tag.begin());
  if (EVP_DecryptUpdate(context, out.data(), &size, text.data(), static_cast<int>(length)) != 1 ||
      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, static_cast<int>(kTag), tag.data()) != 1 ||
      EVP_DecryptFinal_ex(context, out.data() + length, &size) != 1) {
    return std::nullopt;
  }
  return length;
}

QuicKeys::QuicKeys() : contexts_(std::make_unique<Contexts>()) {}
QuicKeys::~QuicKeys() = default;

std::optional<std::size_t> QuicKeys::open(const QuicDialect& dialect, std::span<const std::uint8_t> id,
                                          std::span<const std::uint8_t> packet, std::size_t number_at,
                                          std::span<std::uint8_t> out) noexcept {
  // The sample begins where a packet number of 4 bytes would end (RFC 9001 §5.4.2).
  if (packet.size() < number_at + 4 + kSample || out.size() < packet.size()) return std::nullopt;
  const Sealed* const sealed = contexts_->keys_for(dialect, id);
  if (sealed == nullptr) return std::nullopt;
  const auto mask = contexts_->header_mask(*sealed, packet.subspan(number_at + 4, kSample));
  if (!mask) return std::nullopt;

  const auto first = static_cast<std::uint8_t>(packet[0] ^ ((*mask)[0] & 0x0f));
  const std::size_t number_size = (first & 3u) + 1;
  std::array<std::uint8_t, 4> number;
  auto nonce = sealed->nonce;
  // A client's first packet numbers are small: what is sent is the whole number (RFC 9000 §17.1).
  for (std::size_t i = 0; i < number_size; ++i) {
    number[i] = static_cast<std::uint8_t>(packet[number_at + i] ^ (*mask)[1 + i]);
    auto& byte = nonce[kNonce - number_size + i];
    byte = static_cast<std::uint8_t>(byte ^ number[i]);
  }
  const auto clear = packet.subspan(1, number_at - 1);
  const auto sealed_text = packet.subspan(number_at + number_size);
  return contexts_->unseal(*sealed, nonce, {{{&first, 1}, clear, {number.data(), number_size}}}, sealed_text, out);
}

}  // namespace slowlane

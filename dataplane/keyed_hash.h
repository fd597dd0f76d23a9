#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace slowlane {

// A hash under a secret: multiply 64 by 64 bits, fold the two halves of the product. Which keys collide depends on the
// seed, so nobody who does not know it can aim at one bucket (a CRC is linear: its collisions are the same under every
// seed).
class KeyedHash {
 public:
  explicit KeyedHash(std::uint64_t seed) noexcept {
    for (std::uint64_t& word : secret_) {
      // Weyl sequence and a finalizer of xor-shifts and odd multipliers: any seed, 0 too, gives unrelated words.
      seed += 0x9e3779b97f4a7c15;
      std::uint64_t x = seed;
      x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
      x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
      word = x ^ (x >> 31);
    }
  }

  static constexpr std::size_t kMaxWords = 6;
  // A fixed number of words: all products are independent, so they overlap in the processor.
  template <std::size_t N>
  std::uint64_t operator()(const std::array<std::uint64_t, N>& words) const noexcept {
    static_assert(N <= kMaxWords);
    std::uint64_t sum = secret_[kMaxWords];
    for (std::size_t i = 0; i + 1 < N; i += 2) sum ^= fold(words[i] ^ secret_[i], words[i + 1] ^ secret_[i + 1]);
    if constexpr (N % 2 == 1) sum ^= fold(words[N - 1] ^ secret_[N - 1], secret_[kMaxWords + 2]);
    return fold(sum, secret_[kMaxWords + 1]);
  }

  std::uint64_t operator()(std::string_view text) const noexcept {
    std::uint64_t sum = secret_[kMaxWords] ^ text.size();
    while (text.size() > 16) {
      sum = fold(load(text.substr(0, 8)) ^ secret_[0] ^ sum, load(text.substr(8, 8)) ^ secret_[1]);
      text.remove_prefix(16);
    }
    const std::string_view tail = text.size() > 8 ? text.substr(8) : std::string_view{};
    return fold(load(text.substr(0, 8)) ^ secret_[2] ^ sum, load(tail) ^ secret_[3]);
  }

 private:
  static std::uint64_t fold(std::uint64_t a, std::uint64_t b) noexcept {
    const unsigned __int128 product = static_cast<unsigned __int128>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  }
  static std::uint64_t load(std::string_view bytes) noexcept {
    std::uint64_t word = 0;
    if (!bytes.empty()) std::memcpy(&word, bytes.data(), bytes.size());
    return word;
  }

  // One secret word for each key word, then a start, a finish, and a partner for an odd word.
  std::array<std::uint64_t, kMaxWords + 3> secret_;
};

}  // namespace slowlane

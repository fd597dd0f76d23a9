#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "dataplane/region.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace slowlane {

// Hash to index, the fixed-size way: buckets of one cache line with eight 16-bit tags beside eight indices. A key lives
// in its first bucket, or in its second where the first was full; a count in the first says whether any did that, so
// nearly every search ends in one line. Where both are full, one entry is moved to its other bucket. At three entries a
// bucket there is room for all of them. Knows hashes and indices only: the caller compares keys.
class TagBuckets {
 public:
  static constexpr std::uint32_t kNothing = 0xffffffff;
  static constexpr std::size_t kWays = 8;

  // For `entries` indices at most.
  explicit TagBuckets(std::uint32_t entries);

  void prefetch_bucket(std::uint64_t hash) const noexcept { prefetch(&buckets_[first(hash)]); }

  // The index under `hash` for which `same(index)` holds; kNothing.
  template <class Same>
  std::uint32_t find(std::uint64_t hash, Same&& same) const noexcept {
    const Bucket& home = buckets_[first(hash)];
    std::uint32_t found = find_in(home, tag(hash), same);
    if (found == kNothing && home.moved_on > 0) [[unlikely]]
      found = find_in(buckets_[second(hash)], tag(hash), same);
    return found;
  }

  // Makes a place for a new entry, moving one other if need be; false: there is none. `hash_of(index)` is the hash
  // under which an index was put.
  template <class HashOf>
  bool make_room(std::uint64_t hash, HashOf&& hash_of) noexcept {
    if (has_room(first(hash)) || has_room(second(hash))) return true;
    return move_one(first(hash), hash_of) || move_one(second(hash), hash_of);
  }
  // Right after make_room() said true.
  void put(std::uint64_t hash, std::uint32_t index) noexcept;
  void remove(std::uint64_t hash, std::uint32_t index) noexcept;

  // Calls `f(index)` for all entries of both buckets.
  template <class F>
  void for_neighbours(std::uint64_t hash, F&& f) const noexcept {
    for (const std::uint32_t number : {first(hash), second(hash)})
      for (std::size_t way = 0; way < kWays; ++way)
        if (buckets_[number].tags[way] != 0) f(buckets_[number].indices[way]);
  }

  std::size_t memory() const noexcept { return buckets_.bytes(); }

 private:
  struct alignas(64) Bucket {
    std::array<std::uint16_t, kWays> tags;  // 0: free
    std::array<std::uint32_t, kWays> indices;
    std::uint32_t moved_on;  // entries whose first bucket this is and that live in their second
  };
  static_assert(sizeof(Bucket) == 64);

  static std::uint16_t tag(std::uint64_t hash) noexcept {
    const auto low = static_cast<std::uint16_t>(hash);
    return low == 0 ? std::uint16_t{1} : low;
  }
  // High bits choose the bucket, so tags within one stay independent.
  std::uint32_t first(std::uint64_t hash) const noexcept {
    return static_cast<std::uint32_t>((static_cast<unsigned __int128>(hash) * count_) >> 64);
  }
  std::uint32_t second(std::uint64_t hash) const noexcept {
    const std::uint32_t other = first(hash * 0x9e3779b97f4a7c15);
    if (other != first(hash)) [[likely]]
      return other;
    return other + 1 < count_ ? other + 1 : 0;
  }

  static unsigned matches(const Bucket& bucket, std::uint16_t tag_sought) noexcept {
#if defined(__SSE2__)
    const __m128i tags = _mm_load_si128(reinterpret_cast<const __m128i*>(bucket.tags.data()));
    const __m128i equal = _mm_cmpeq_epi16(tags, _mm_set1_epi16(static_cast<short>(tag_sought)));
    return static_cast<unsigned>(_mm_movemask_epi8(_mm_packs_epi16(equal, _mm_setzero_si128())));
#else
    unsigned mask = 0;
    for (unsigned way = 0; way < kWays; ++way) mask |= static_cast<unsigned>(bucket.tags[way] == tag_sought) << way;
    return mask;
#endif
  }
  template <class Same>
  static std::uint32_t find_in(const Bucket& bucket, std::uint16_t tag_sought, Same&& same) noexcept {
    for (unsigned left = matches(bucket, tag_sought); left != 0; left &= left - 1) {
      const std::uint32_t index = bucket.indices[static_cast<unsigned>(std::countr_zero(left))];
      if (same(index)) return index;
    }
    return kNothing;
  }

  bool has_room(std::uint32_t number) const noexcept { return matches(buckets_[number], 0) != 0; }
  void put_in(std::uint32_t number, std::uint64_t hash, std::uint32_t index) noexcept;
  bool remove_from(std::uint32_t number, std::uint64_t hash, std::uint32_t index) noexcept;

  template <class HashOf>
  bool move_one(std::uint32_t number, HashOf&& hash_of) noexcept {
    for (std::size_t way = 0; way < kWays; ++way) {
      const std::uint32_t index = buckets_[number].indices[way];
      const std::uint64_t hash = hash_of(index);
      const std::uint32_t other = first(hash) == number ? second(hash) : first(hash);
      if (!has_room(other)) continue;
      remove_from(number, hash, index);
      put_in(other, hash, index);
      return true;
    }
    return false;
  }

  std::uint32_t count_;
  Slab<Bucket> buckets_;
};

}  // namespace slowlane

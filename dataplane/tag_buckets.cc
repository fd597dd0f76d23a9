#include "dataplane/tag_buckets.h"

#include <algorithm>

namespace slowlane {
namespace {

constexpr std::uint32_t kEntriesPerBucket = 3;

}  // namespace

TagBuckets::TagBuckets(std::uint32_t entries)
    : count_(std::max<std::uint32_t>(2, entries / kEntriesPerBucket + 1)), buckets_(count_) {}

void TagBuckets::put(std::uint64_t hash, std::uint32_t index) noexcept {
  put_in(has_room(first(hash)) ? first(hash) : second(hash), hash, index);
}

void TagBuckets::remove(std::uint64_t hash, std::uint32_t index) noexcept {
  if (!remove_from(first(hash), hash, index)) remove_from(second(hash), hash, index);
}

void TagBuckets::put_in(std::uint32_t number, std::uint64_t hash, std::uint32_t index) noexcept {
  Bucket& bucket = buckets_[number];
  const auto way = static_cast<std::size_t>(std::countr_zero(matches(bucket, 0)));
  bucket.tags[way] = tag(hash);
  bucket.indices[way] = index;
  if (number != first(hash)) ++buckets_[first(hash)].moved_on;
}

bool TagBuckets::remove_from(std::uint32_t number, std::uint64_t hash, std::uint32_t index) noexcept {
  Bucket& bucket = buckets_[number];
  for (std::size_t way = 0; way < kWays; ++way) {
    if (bucket.tags[way] == 0 || bucket.indices[way] != index) continue;
    bucket.tags[way] = 0;
    if (number != first(hash)) --buckets_[first(hash)].moved_on;
    return true;
  }
  return false;
}

}  // namespace slowlane

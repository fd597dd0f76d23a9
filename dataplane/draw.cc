#include "dataplane/draw.h"

#include <array>
#include <cstring>

namespace slowlane {
namespace {

// The finalizer of SplitMix64: every input bit reaches every output bit.
std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

}  // namespace

std::uint64_t draw(std::uint64_t seed, const FlowKey& key, std::uint64_t packet, Purpose purpose) noexcept {
  std::array<std::uint64_t, sizeof(FlowKey) / 8> words;
  static_assert(sizeof(words) == sizeof(FlowKey));
  std::memcpy(words.data(), &key, sizeof(key));
  std::uint64_t state = mix(seed ^ (static_cast<std::uint64_t>(purpose) << 56));
  for (const std::uint64_t word : words) state = mix(state ^ word);
  return mix(state ^ packet);
}

}  // namespace slowlane

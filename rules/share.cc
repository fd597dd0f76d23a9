#include "rules/share.h"

#include <tuple>
#include <utility>

namespace slowlane {
namespace {

// The finalizer of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014): every bit of the input moves every bit of the output.
std::uint64_t mix(std::uint64_t value) noexcept {
  value += 0x9e3779b97f4a7c15;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

// Read byte by byte, so that the machine's byte order does not matter.
std::uint64_t mix_in(std::uint64_t hash, const Address& address) noexcept {
  for (unsigned half = 0; half < 2; ++half) {
    std::uint64_t word = 0;
    for (unsigned i = 0; i < 8; ++i) word = word << 8 | address.bytes[half * 8 + i];
    hash = mix(hash ^ word);
  }
  return hash;
}

}  // namespace

double share_point(Share::Of of, const Facts& facts, std::uint64_t seed) noexcept {
  std::uint64_t hash = mix(seed);
  switch (of) {
    case Share::Of::host: hash = mix_in(hash, facts.initiator == Side::inside ? facts.client : facts.server); break;
    case Share::Of::pair: {
      const bool ordered = facts.client <= facts.server;
      hash = mix_in(hash, ordered ? facts.client : facts.server);
      hash = mix_in(hash, ordered ? facts.server : facts.client);
      break;
    }
    case Share::Of::flow: {
      auto low = std::tie(facts.client, facts.client_port);
      auto high = std::tie(facts.server, facts.server_port);
      const bool ordered = low <= high;
      hash = mix_in(hash, ordered ? facts.client : facts.server);
      hash = mix_in(hash, ordered ? facts.server : facts.client);
      const std::uint64_t first = ordered ? facts.client_port : facts.server_port;
      const std::uint64_t second = ordered ? facts.server_port : facts.client_port;
      hash = mix(hash ^ (first << 32 | second << 16 | facts.transport));
      break;
    }
  }
  constexpr double kStep = 1.0 / 9007199254740992.0;  // 2^-53: a double holds 53 bits exactly
  return static_cast<double>(hash >> 11) * kStep;
}

}  // namespace slowlane

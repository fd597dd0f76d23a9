#include "dataplane/draw.h"

#include <gtest/gtest.h>

#include <array>
#include <set>

namespace slowlane {
namespace {

FlowKey key_of(std::uint16_t port) {
  FlowKey key;
  key.low_port = port;
  return key;
}

TEST(Draw, DependsOnSeedFlowPacketAndPurpose) {
  std::set<std::uint64_t> drawn;
  for (std::uint64_t seed = 0; seed < 4; ++seed)
    for (std::uint16_t port = 0; port < 16; ++port)
      for (std::uint64_t packet = 0; packet < 64; ++packet)
        for (const Purpose purpose : {Purpose::lose, Purpose::jitter, Purpose::after_packets})
          drawn.insert(draw(seed, key_of(port), packet, purpose));
  EXPECT_EQ(drawn.size(), 4u * 16 * 64 * 3);
}

TEST(Draw, SpreadsFractionsEvenly) {
  std::array<int, 10> tenths{};
  for (std::uint64_t packet = 0; packet < 100000; ++packet)
    ++tenths[static_cast<std::size_t>(draw_fraction(1, key_of(1), packet, Purpose::lose) * 10)];
  for (const int count : tenths) EXPECT_NEAR(count, 10000, 400);
}

TEST(Draw, IsTheSameOnEveryMachineAndInEveryVersion) {
  EXPECT_EQ(draw(1, key_of(443), 7, Purpose::lose), draw(1, key_of(443), 7, Purpose::lose));
  EXPECT_EQ(draw(1, key_of(443), 7, Purpose::lose), 0xa928063ea705639d);
}

}  // namespace
}  // namespace slowlane

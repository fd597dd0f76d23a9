#include "rules/share.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <utility>

namespace slowlane {
namespace {

Facts random_flow(std::mt19937_64& random) {
  Facts facts;
  facts.client = Address::v4(static_cast<std::uint32_t>(random()));
  facts.server = Address::v4(static_cast<std::uint32_t>(random()));
  facts.client_port = static_cast<std::uint16_t>(random());
  facts.server_port = static_cast<std::uint16_t>(random());
  facts.transport = random() % 2 ? 6 : 17;
  return facts;
}

// The same packets with the other end taken for the initiator.
Facts turned(Facts facts) {
  std::swap(facts.client, facts.server);
  std::swap(facts.client_port, facts.server_port);
  facts.initiator = other(facts.initiator);
  return facts;
}

TEST(Share, DoesNotDependOnWhoBegan) {
  std::mt19937_64 random(4);
  for (int i = 0; i < 1000; ++i) {
    const Facts facts = random_flow(random);
    for (const auto of : {Share::Of::pair, Share::Of::host, Share::Of::flow})
      ASSERT_EQ(share_point(of, facts, 1), share_point(of, turned(facts), 1));
  }
}

TEST(Share, LooksAtNoMoreThanItsPart) {
  std::mt19937_64 random(5);
  const Facts one = random_flow(random);
  Facts two = one;
  two.client_port ^= 1;
  EXPECT_EQ(share_point(Share::Of::pair, one, 1), share_point(Share::Of::pair, two, 1));
  EXPECT_NE(share_point(Share::Of::flow, one, 1), share_point(Share::Of::flow, two, 1));
  two.server = Address::v4(7);
  EXPECT_EQ(share_point(Share::Of::host, one, 1), share_point(Share::Of::host, two, 1));
  EXPECT_NE(share_point(Share::Of::pair, one, 1), share_point(Share::Of::pair, two, 1));
  EXPECT_NE(share_point(Share::Of::host, one, 1), share_point(Share::Of::host, one, 2));
}

TEST(Share, TakesItsPartOfManyFlows) {
  std::mt19937_64 random(6);
  constexpr int kFlows = 100000;
  for (const auto of : {Share::Of::pair, Share::Of::host, Share::Of::flow}) {
    int below = 0;
    for (int i = 0; i < kFlows; ++i) below += share_point(of, random_flow(random), 9) < 0.3;
    // Five standard deviations of a binomial count.
    EXPECT_NEAR(below, 0.3 * kFlows, 5 * std::sqrt(kFlows * 0.3 * 0.7));
  }
}

TEST(Share, StaysTheSameFromRunToRun) {
  Facts facts;
  facts.client = *parse_address("192.0.2.1");
  facts.server = *parse_address("2001:db8::1");
  facts.client_port = 40000;
  facts.server_port = 443;
  facts.transport = 6;
  EXPECT_NEAR(share_point(Share::Of::pair, facts, 1), 0.926381645501010, 1e-12);
  EXPECT_NEAR(share_point(Share::Of::host, facts, 1), 0.043943057686759, 1e-12);
  EXPECT_NEAR(share_point(Share::Of::flow, facts, 1), 0.762614845662124, 1e-12);
}

}  // namespace
}  // namespace slowlane

#include "hw/symmetric_spread.h"

#include <gtest/gtest.h>
#include <rte_ethdev.h>
#include <rte_thash.h>

#include <random>

namespace slowlane {
namespace {

rte_eth_dev_info device(const char* driver, std::uint8_t key_size, std::uint64_t types) {
  rte_eth_dev_info info{};
  info.driver_name = driver;
  info.hash_key_size = key_size;
  info.flow_type_rss_offloads = types;
  return info;
}

constexpr std::uint64_t kAll = RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP;

TEST(SymmetricSpread, BothDirectionsHashAlike) {
  SymmetricSpread spread(device("net_ixgbe", 40, kAll));
  rte_eth_conf conf{};
  spread.ask_for(conf);
  ASSERT_EQ(conf.rx_adv_conf.rss_conf.rss_key_len, 40);
  std::mt19937 random(1);
  for (int i = 0; i < 1000; ++i) {
    std::uint32_t pair[8];
    for (std::uint32_t& word : pair) word = static_cast<std::uint32_t>(random());
    std::uint32_t back[8];
    for (unsigned j = 0; j < 8; ++j) back[j] = pair[(j + 4) % 8];
    const std::uint8_t* key = conf.rx_adv_conf.rss_conf.rss_key;
    EXPECT_EQ(rte_softrss(pair, 8, key), rte_softrss(back, 8, key)) << "IPv6";
    std::uint32_t four[2] = {pair[0], pair[1]};
    std::uint32_t four_back[2] = {pair[1], pair[0]};
    EXPECT_EQ(rte_softrss(four, 2, key), rte_softrss(four_back, 2, key)) << "IPv4";
  }
}

TEST(SymmetricSpread, AsksForAddressesAndNeverForPorts) {
  SymmetricSpread spread(device("net_i40e", 52, kAll));
  rte_eth_conf conf{};
  spread.ask_for(conf);
  EXPECT_EQ(conf.rx_adv_conf.rss_conf.rss_hf & (RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP), 0u);
  EXPECT_NE(conf.rx_adv_conf.rss_conf.rss_hf & RTE_ETH_RSS_IPV4, 0u);
  EXPECT_EQ(conf.rx_adv_conf.rss_conf.rss_key_len, 52);
}

TEST(SymmetricSpread, TrustsOnlyDriversThatAreKnown) {
  EXPECT_TRUE(SymmetricSpread(device("net_ixgbe", 40, kAll)).is_by_pair_alone());
  EXPECT_TRUE(SymmetricSpread(device("mlx5_pci", 40, kAll)).is_by_pair_alone());
  EXPECT_FALSE(SymmetricSpread(device("net_i40e", 52, kAll)).is_by_pair_alone());
  EXPECT_FALSE(SymmetricSpread(device("net_ixgbe", 0, kAll)).is_by_pair_alone()) << "a key that nobody can set";
  EXPECT_FALSE(SymmetricSpread(device("net_x", 40, RTE_ETH_RSS_TCP)).possible());
}

}  // namespace
}  // namespace slowlane

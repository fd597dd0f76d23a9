#include "hw/symmetric_spread.h"

#include <rte_ethdev.h>

#include <algorithm>
#include <string_view>

namespace slowlane {
namespace {

constexpr std::uint64_t kByAddresses = RTE_ETH_RSS_IPV4 | RTE_ETH_RSS_FRAG_IPV4 | RTE_ETH_RSS_NONFRAG_IPV4_OTHER |
                                       RTE_ETH_RSS_IPV6 | RTE_ETH_RSS_FRAG_IPV6 | RTE_ETH_RSS_NONFRAG_IPV6_OTHER |
                                       RTE_ETH_RSS_IPV6_EX;

// From the drivers' documentation; others classify TCP and UDP apart (i40e, ice), or let nobody set a key.
constexpr std::array<std::string_view, 2> kHashAddressesOfAll{"net_ixgbe", "mlx5_pci"};

}  // namespace

SymmetricSpread::SymmetricSpread(const rte_eth_dev_info& info)
    : key_size_(std::min<std::uint8_t>(info.hash_key_size, 52)), types_(info.flow_type_rss_offloads & kByAddresses) {
  // Toeplitz with a key that repeats every 16 bits does not change when two addresses change places.
  for (std::size_t i = 0; i < key_.size(); ++i) key_[i] = i % 2 == 0 ? 0x6d : 0x5a;
  const std::string_view driver = info.driver_name == nullptr ? "" : info.driver_name;
  by_pair_alone_ = key_size_ >= 40 && std::find(kHashAddressesOfAll.begin(), kHashAddressesOfAll.end(), driver) !=
                                          kHashAddressesOfAll.end();
}

void SymmetricSpread::ask_for(rte_eth_conf& conf) noexcept {
  conf.rxmode.mq_mode = RTE_ETH_MQ_RX_RSS;
  conf.rx_adv_conf.rss_conf.rss_hf = types_;
  // A driver that names no size keeps its own key.
  if (key_size_ == 0) return;
  conf.rx_adv_conf.rss_conf.rss_key = key_.data();
  conf.rx_adv_conf.rss_conf.rss_key_len = key_size_;
}

}  // namespace slowlane

#pragma once

#include <array>
#include <cstdint>

struct rte_eth_conf;
struct rte_eth_dev_info;

namespace slowlane {

// How a NIC is asked to spread packets over its receive queues (RSS): by the pair of addresses alone, with a key that
// gives both directions the same queue, so that all fragments and both directions of a flow meet. Where a NIC hashes
// nothing under that wish, all packets come in on queue 0: right, if not fast.
class SymmetricSpread {
 public:
  // `info` is the device's; used during construction alone.
  explicit SymmetricSpread(const rte_eth_dev_info& info);

  bool possible() const noexcept { return types_ != 0; }
  // Whether the driver is known to hash TCP and UDP by nothing but their addresses when asked for this.
  bool is_by_pair_alone() const noexcept { return by_pair_alone_; }
  // The spread must outlive what `conf` is used for.
  void ask_for(rte_eth_conf& conf) noexcept;

 private:
  std::array<std::uint8_t, 52> key_;
  std::uint8_t key_size_;
  std::uint64_t types_;
  bool by_pair_alone_;
};

}  // namespace slowlane

#include "hw/ethdev_port.h"

#include <rte_errno.h>
#include <rte_ethdev.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "hw/symmetric_spread.h"

namespace slowlane {
namespace {

constexpr std::uint16_t kDescriptors = 1024;

std::string text_of(int error) { return rte_strerror(error < 0 ? -error : error); }

// Room for two tags on top, where the device has it: what it receives may be longer than what hosts call its MTU.
std::uint16_t device_mtu(std::uint32_t mtu, const rte_eth_dev_info& info) {
  constexpr std::uint32_t kTwoTags = 8;
  return static_cast<std::uint16_t>(std::min<std::uint32_t>(mtu + kTwoTags, info.max_mtu));
}

// Drivers on a kernel's device have its MTU.
std::uint32_t wanted_mtu(const PortSpec& spec, const std::optional<Interface>& interface) {
  if (spec.mtu != 0) return std::min(spec.mtu, kMostMtu);
  const std::uint32_t own = interface ? interface->mtu() : 0;
  return own == 0 ? kDefaultMtu : std::min(own, kMostMtu);
}

}  // namespace

Result<std::unique_ptr<LivePort>> EthdevPort::open(const PortSpec& spec, std::unique_ptr<DpdkDevice> device,
                                                   std::optional<Interface> interface, PacketPool& pool) {
  std::unique_ptr<EthdevPort> port(new EthdevPort(spec, std::move(device), std::move(interface)));
  if (auto failure = port->start(spec, pool)) return *failure;
  return std::unique_ptr<LivePort>(std::move(port));
}

EthdevPort::EthdevPort(const PortSpec& spec, std::unique_ptr<DpdkDevice> device, std::optional<Interface> interface)
    : name_(spec.name), device_name_(spec.device), device_(std::move(device)), interface_(std::move(interface)) {}

EthdevPort::~EthdevPort() {
  if (taken_down_.load()) change_link(true);
  if (started_) rte_eth_dev_stop(device_->id());
}

Diagnostic EthdevPort::wrong(const std::string& what) const {
  return {"", 0, "port " + name_ + (device_name_.empty() ? "" : " (" + device_name_ + ")") + ": " + what};
}

std::optional<Diagnostic> EthdevPort::start(const PortSpec& spec, PacketPool& pool) {
  const std::uint32_t mtu = wanted_mtu(spec, interface_);
  if (pool.room() < longest_frame(mtu))
    return wrong("packets have no room for frames of an MTU of " + std::to_string(mtu));
  rte_eth_dev_info info{};
  if (const int failed = rte_eth_dev_info_get(device_->id(), &info); failed != 0) return wrong(text_of(failed));
  if (info.max_mtu != 0 && info.max_mtu < mtu)
    return wrong("the device takes an MTU of at most " + std::to_string(info.max_mtu));
  const std::uint16_t queues = std::max<std::uint16_t>(spec.queues, 1);
  receiving_ = std::vector<QueueCounts>(std::clamp<std::uint16_t>(info.max_rx_queues, 1, queues));
  sending_ = std::vector<QueueCounts>(std::clamp<std::uint16_t>(info.max_tx_queues, 1, queues));
  rte_eth_conf conf{};  // no offload of any kind
  if (!interface_) conf.rxmode.mtu = device_mtu(mtu, info);
  SymmetricSpread spread(info);
  if (receiving_.size() > 1 && spread.possible()) spread.ask_for(conf);
  spreads_by_pair_ = receiving_.size() > 1 && spread.possible() && spread.is_by_pair_alone();
  if (const int failed = rte_eth_dev_configure(device_->id(), receive_queues(), send_queues(), &conf); failed != 0)
    return wrong("DPDK cannot set it up: " + text_of(failed));
  if (const int failed = set_up_queues(pool); failed != 0)
    return wrong("DPDK cannot set up its queues: " + text_of(failed));
  if (const int failed = rte_eth_dev_start(device_->id()); failed != 0)
    return wrong("DPDK cannot start it: " + text_of(failed));
  started_ = true;
  // A device that is made here has the MTU it is given.
  if (std::string_view(info.driver_name) == "net_tap" && spec.mtu != 0)
    if (const int failed = rte_eth_dev_set_mtu(device_->id(), static_cast<std::uint16_t>(mtu)); failed != 0)
      return wrong("it takes no MTU of " + std::to_string(mtu) + ": " + text_of(failed));
  // A driver that knows no promiscuous mode takes all there is.
  if (const int failed = rte_eth_promiscuous_enable(device_->id()); failed != 0 && failed != -ENOTSUP)
    return wrong("it does not become promiscuous: " + text_of(failed));
  rte_eth_stats_reset(device_->id());
  std::uint64_t id = 0;
  if (rte_eth_xstats_get_id_by_name(device_->id(), "rx_oversize_errors", &id) == 0) oversize_id_ = id;
  return std::nullopt;
}

int EthdevPort::set_up_queues(PacketPool& pool) {
  std::uint16_t receive_size = kDescriptors;
  std::uint16_t send_size = kDescriptors;
  if (const int failed = rte_eth_dev_adjust_nb_rx_tx_desc(device_->id(), &receive_size, &send_size); failed != 0)
    return failed;
  const auto socket = static_cast<unsigned>(std::max(rte_eth_dev_socket_id(device_->id()), 0));
  int failed = 0;
  for (std::uint16_t i = 0; i < receive_queues() && failed == 0; ++i)
    failed = rte_eth_rx_queue_setup(device_->id(), i, receive_size, socket, nullptr, pool.raw());
  for (std::uint16_t i = 0; i < send_queues() && failed == 0; ++i)
    failed = rte_eth_tx_queue_setup(device_->id(), i, send_size, socket, nullptr);
  return failed;
}

void EthdevPort::receive(std::uint16_t queue, Burst& burst) noexcept {
  std::array<rte_mbuf*, Burst::kCapacity> mbufs;
  const auto room = static_cast<std::uint16_t>(burst.limit - burst.count);
  const std::uint16_t came = rte_eth_rx_burst(device_->id(), queue, mbufs.data(), room);
  if (came == 0) return;
  QueueCounts& counts = receiving_[queue];
  std::uint64_t bytes = 0;
  const std::uint16_t before = burst.count;
  for (std::uint16_t i = 0; i < came; ++i) {
    if (mbufs[i]->nb_segs != 1) {
      counts.oversize.add();
      rte_pktmbuf_free(mbufs[i]);
      continue;
    }
    bytes += mbufs[i]->pkt_len;
    burst.add(PacketPool::adopt(mbufs[i]));
  }
  counts.packets.add(static_cast<std::uint64_t>(burst.count - before));
  counts.bytes.add(bytes);
}

void EthdevPort::send(std::uint16_t queue, Burst& burst) noexcept {
  std::array<rte_mbuf*, Burst::kCapacity> mbufs;
  std::array<std::uint32_t, Burst::kCapacity> lengths;
  for (std::uint16_t i = 0; i < burst.count; ++i) {
    mbufs[i] = burst.packets[i]->mbuf();
    lengths[i] = mbufs[i]->pkt_len;
  }
  const std::uint16_t taken = rte_eth_tx_burst(device_->id(), queue, mbufs.data(), burst.count);
  std::uint64_t bytes = 0;
  for (std::uint16_t i = 0; i < taken; ++i) bytes += lengths[i];
  sending_[queue].packets.add(taken);
  sending_[queue].bytes.add(bytes);
  std::copy(burst.begin() + taken, burst.end(), burst.begin());
  burst.count = static_cast<std::uint16_t>(burst.count - taken);
}

int EthdevPort::socket() const noexcept { return interface_ ? -1 : rte_eth_dev_socket_id(device_->id()); }

bool EthdevPort::link_up() const noexcept {
  if (interface_) return interface_->has_carrier();
  rte_eth_link link{};
  return rte_eth_link_get_nowait(device_->id(), &link) == 0 && link.link_status == RTE_ETH_LINK_UP;
}

bool EthdevPort::change_link(bool up) noexcept {
  if (interface_) return interface_->set_up(up);
  return (up ? rte_eth_dev_set_link_up(device_->id()) : rte_eth_dev_set_link_down(device_->id())) == 0;
}

bool EthdevPort::set_link_up(bool up) noexcept {
  if (!change_link(up)) return false;
  taken_down_.store(!up);
  return true;
}

PortStatistics EthdevPort::statistics() const noexcept {
  PortStatistics all;
  for (const QueueCounts& queue : receiving_) {
    all.received_packets += queue.packets.read();
    all.received_bytes += queue.bytes.read();
    all.oversize += queue.oversize.read();
  }
  for (const QueueCounts& queue : sending_) {
    all.sent_packets += queue.packets.read();
    all.sent_bytes += queue.bytes.read();
  }
  rte_eth_stats device{};
  if (rte_eth_stats_get(device_->id(), &device) == 0) {
    all.missed = device.imissed + device.rx_nombuf;
    all.send_refused = device.oerrors;
  }
  std::uint64_t oversize = 0;
  if (oversize_id_ && rte_eth_xstats_get_by_id(device_->id(), &*oversize_id_, &oversize, 1) == 1)
    all.oversize += oversize;
  return all;
}

std::vector<std::string> EthdevPort::degraded() const {
  if (interface_ && interface_->index() == 0)
    return {device_name_ + " is gone; a restart takes it up again once it is back"};
  if (taken_down_.load()) return {device_name_ + " was taken down to show that the other side is"};
  if (interface_ && !interface_->is_up()) return {device_name_ + " is down: ip link set " + device_name_ + " up"};
  return {};
}

}  // namespace slowlane

#include "hw/interface.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <linux/ethtool.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

namespace slowlane {
namespace {

// The kernel's question about a device of this name.
ifreq request_for(const std::string& name) noexcept {
  ifreq request{};
  std::memcpy(request.ifr_name, name.data(), std::min(name.size(), sizeof(request.ifr_name) - 1));
  return request;
}

std::string print_address(const sockaddr* address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* bytes = nullptr;
  if (address->sa_family == AF_INET) bytes = &reinterpret_cast<const sockaddr_in*>(address)->sin_addr;
  if (address->sa_family == AF_INET6) bytes = &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr;
  if (bytes == nullptr) return {};
  return inet_ntop(address->sa_family, bytes, text.data(), text.size()) == nullptr ? "" : text.data();
}

}  // namespace

Interface::Interface(std::string name)
    : name_(std::move(name)), socket_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
  if (name_.size() >= IFNAMSIZ) name_.clear();  // the kernel has no names as long
}

int Interface::index() const noexcept {
  ifreq request = request_for(name_);
  return ioctl(socket_.get(), SIOCGIFINDEX, &request) == 0 ? request.ifr_ifindex : 0;
}

bool Interface::is_ethernet() const noexcept {
  ifreq request = request_for(name_);
  return ioctl(socket_.get(), SIOCGIFHWADDR, &request) == 0 && request.ifr_hwaddr.sa_family == ARPHRD_ETHER;
}

short Interface::flags() const noexcept {
  ifreq request = request_for(name_);
  return ioctl(socket_.get(), SIOCGIFFLAGS, &request) == 0 ? request.ifr_flags : short{0};
}

bool Interface::is_up() const noexcept { return (flags() & IFF_UP) != 0; }

// The driver knows at once; the flag follows within a second.
bool Interface::has_carrier() const noexcept {
  ethtool_value link{};
  link.cmd = ETHTOOL_GLINK;
  const short now = flags();
  if ((now & IFF_UP) == 0) return false;
  return ethtool(&link) ? link.data != 0 : (now & IFF_RUNNING) != 0;
}

std::uint32_t Interface::mtu() const noexcept {
  ifreq request = request_for(name_);
  return ioctl(socket_.get(), SIOCGIFMTU, &request) == 0 ? static_cast<std::uint32_t>(request.ifr_mtu) : 0;
}

bool Interface::set_up(bool up) noexcept {
  ifreq request = request_for(name_);
  if (ioctl(socket_.get(), SIOCGIFFLAGS, &request) != 0) return false;
  request.ifr_flags = static_cast<short>(up ? request.ifr_flags | IFF_UP : request.ifr_flags & ~IFF_UP);
  return ioctl(socket_.get(), SIOCSIFFLAGS, &request) == 0;
}

bool Interface::set_mtu(std::uint32_t mtu) noexcept {
  ifreq request = request_for(name_);
  request.ifr_mtu = static_cast<int>(mtu);
  return ioctl(socket_.get(), SIOCSIFMTU, &request) == 0;
}

bool Interface::ethtool(void* command) const noexcept {
  ifreq request = request_for(name_);
  request.ifr_data = static_cast<char*>(command);
  return ioctl(socket_.get(), SIOCETHTOOL, &request) == 0;
}

std::string Interface::driver() const {
  ethtool_drvinfo info{};
  info.cmd = ETHTOOL_GDRVINFO;
  return ethtool(&info) ? std::string(info.driver, strnlen(info.driver, sizeof(info.driver))) : std::string();
}

std::vector<std::string> Interface::merging() const {
  std::vector<std::string> on;
  ethtool_value value{};
  value.cmd = ETHTOOL_GGRO;
  if (ethtool(&value) && value.data != 0) on.emplace_back("gro");
  value = {};
  value.cmd = ETHTOOL_GFLAGS;
  if (ethtool(&value) && (value.data & ETH_FLAG_LRO) != 0) on.emplace_back("lro");
  return on;
}

std::uint32_t Interface::active_queues() const noexcept {
  ethtool_channels channels{};
  channels.cmd = ETHTOOL_GCHANNELS;
  return ethtool(&channels) ? channels.combined_count + channels.rx_count : 0;
}

std::string Interface::master() const {
  struct {
    nlmsghdr header{};
    ifinfomsg link{};
  } question;
  question.header.nlmsg_len = sizeof(question);
  question.header.nlmsg_type = RTM_GETLINK;
  question.header.nlmsg_flags = NLM_F_REQUEST;
  question.link.ifi_index = index();
  const Fd socket(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  alignas(nlmsghdr) std::array<char, 16384> answer{};
  if (question.link.ifi_index == 0 || ::send(socket.get(), &question, sizeof(question), 0) < 0) return {};
  const ssize_t size = recv(socket.get(), answer.data(), answer.size(), 0);
  const auto* header = reinterpret_cast<const nlmsghdr*>(answer.data());
  if (size < 0 || !NLMSG_OK(header, static_cast<std::size_t>(size)) || header->nlmsg_type != RTM_NEWLINK) return {};
  auto left = static_cast<std::size_t>(IFLA_PAYLOAD(header));
  const auto* link = static_cast<const ifinfomsg*>(NLMSG_DATA(header));
  for (const rtattr* one = IFLA_RTA(link); RTA_OK(one, left); one = RTA_NEXT(one, left)) {
    int number = 0;
    if (one->rta_type != IFLA_MASTER || RTA_PAYLOAD(one) != sizeof(number)) continue;
    std::memcpy(&number, RTA_DATA(one), sizeof(number));
    return name_of(number);
  }
  return {};
}

// The veth driver tells its peer as a statistic.
int Interface::peer_index() const {
  ethtool_drvinfo info{};
  info.cmd = ETHTOOL_GDRVINFO;
  if (!ethtool(&info) || std::string_view(info.driver) != "veth" || info.n_stats == 0) return 0;
  std::vector<std::uint64_t> words(sizeof(ethtool_stats) / sizeof(std::uint64_t) + 1 + info.n_stats);
  auto* statistics = reinterpret_cast<ethtool_stats*>(words.data());
  statistics->cmd = ETHTOOL_GSTATS;
  statistics->n_stats = info.n_stats;
  return ethtool(statistics) ? static_cast<int>(statistics->data[0]) : 0;
}

std::vector<std::string> Interface::addresses() const {
  ifaddrs* all = nullptr;
  std::vector<std::string> found;
  if (getifaddrs(&all) != 0) return found;
  for (const ifaddrs* one = all; one != nullptr; one = one->ifa_next)
    if (one->ifa_addr != nullptr && name_ == one->ifa_name)
      if (std::string text = print_address(one->ifa_addr); !text.empty()) found.push_back(std::move(text));
  freeifaddrs(all);
  return found;
}

std::vector<std::string> Interface::names() {
  std::vector<std::string> all;
  const std::unique_ptr<struct if_nameindex, decltype(&if_freenameindex)> list(if_nameindex(), &if_freenameindex);
  for (const struct if_nameindex* one = list.get(); one != nullptr && one->if_index != 0; ++one)
    all.emplace_back(one->if_name);
  return all;
}

std::string Interface::name_of(int index) {
  std::array<char, IF_NAMESIZE> name{};
  return if_indextoname(static_cast<unsigned>(index), name.data()) == nullptr ? std::string()
                                                                              : std::string(name.data());
}

}  // namespace slowlane

#include "tests/support/own_network.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <stdexcept>

namespace slowlane {
namespace {

constexpr const char* kOwn = "/proc/thread-self/ns/net";

}  // namespace

OwnNetwork::OwnNetwork() {
  Fd before(open(kOwn, O_RDONLY | O_CLOEXEC));
  if (!before || unshare(CLONE_NEWNET) != 0) {
    why_not_ = std::string("needs root, to make a network namespace: ") + std::strerror(errno);
    return;
  }
  before_ = std::move(before);
  // The kernel would send neighbour discovery of its own into the cables.
  for (const char* conf : {"all", "default"})
    std::ofstream(std::string("/proc/sys/net/ipv6/conf/") + conf + "/disable_ipv6") << 1;
  if (!run("command -v ip")) why_not_ = "needs the command ip";
}

OwnNetwork::~OwnNetwork() {
  // A test that goes on in the wrong namespace would touch the machine's own devices.
  if (before_ && setns(before_.get(), CLONE_NEWNET) != 0) std::abort();
}

bool OwnNetwork::ip(const std::string& arguments) const { return run("ip " + arguments); }

bool OwnNetwork::run(const std::string& command) const {
  return std::system((command + " >/dev/null 2>&1").c_str()) == 0;  // NOLINT: the tests' own words
}

bool OwnNetwork::add_cable(const std::string& one, const std::string& other, std::uint32_t mtu) const {
  const std::string size = " mtu " + std::to_string(mtu);
  return ip("link add " + one + size + " type veth peer name " + other + size) && ip("link set " + one + " up") &&
         ip("link set " + other + " up");
}

FarEnd::FarEnd(const std::string& device) : socket_(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0)) {
  const int on = 1;
  setsockopt(socket_.get(), SOL_PACKET, PACKET_AUXDATA, &on, sizeof(on));
  setsockopt(socket_.get(), SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof(on));
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = static_cast<int>(if_nametoindex(device.c_str()));
  if (bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0)
    throw std::runtime_error("no packet socket on " + device);
  packet_mreq member{};
  member.mr_ifindex = address.sll_ifindex;
  member.mr_type = PACKET_MR_PROMISC;
  setsockopt(socket_.get(), SOL_PACKET, PACKET_ADD_MEMBERSHIP, &member, sizeof(member));
}

bool FarEnd::send(const Bytes& frame) const {
  return ::send(socket_.get(), frame.data(), frame.size(), 0) == static_cast<ssize_t>(frame.size());
}

std::optional<Bytes> FarEnd::receive(std::chrono::milliseconds patience) const {
  pollfd waiting{socket_.get(), POLLIN, 0};
  if (poll(&waiting, 1, static_cast<int>(patience.count())) != 1) return std::nullopt;
  Bytes frame(65536 + 64);
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(tpacket_auxdata))];
  iovec place{frame.data(), frame.size()};
  msghdr message{};
  message.msg_iov = &place;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof(control);
  const ssize_t size = recvmsg(socket_.get(), &message, 0);
  if (size < 0) return std::nullopt;
  frame.resize(static_cast<std::size_t>(size));
  const cmsghdr* header = CMSG_FIRSTHDR(&message);
  if (header == nullptr || header->cmsg_type != PACKET_AUXDATA) return frame;
  tpacket_auxdata aux{};
  std::memcpy(&aux, CMSG_DATA(header), sizeof(aux));
  if ((aux.tp_status & TP_STATUS_VLAN_VALID) == 0) return frame;
  const std::uint16_t tag[2] = {htons(aux.tp_vlan_tpid), htons(aux.tp_vlan_tci)};
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(tag);
  frame.insert(frame.begin() + 12, bytes, bytes + sizeof(tag));
  return frame;
}

}  // namespace slowlane

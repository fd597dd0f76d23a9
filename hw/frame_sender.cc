#include "hw/frame_sender.h"

#include <linux/if_packet.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

namespace slowlane {
namespace {

constexpr int kSendBuffer = 8 << 20;  // bytes on their way through the driver

}  // namespace

Result<std::unique_ptr<FrameSender>> FrameSender::open() {
  // Protocol 0: it receives nothing.
  Fd socket(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int on = 1;
  if (!socket || setsockopt(socket.get(), SOL_PACKET, PACKET_QDISC_BYPASS, &on, sizeof(on)) != 0)
    return Diagnostic{"", 0, std::string("no packet socket to send: ") + std::strerror(errno)};
  // Without CAP_NET_ADMIN the system's own limit holds, and that is enough for most.
  setsockopt(socket.get(), SOL_SOCKET, SO_SNDBUFFORCE, &kSendBuffer, sizeof(kSendBuffer));
  return std::unique_ptr<FrameSender>(new FrameSender(std::move(socket)));
}

FrameSender::FrameSender(Fd socket) : socket_(std::move(socket)) {
  for (std::size_t i = 0; i < messages_.size(); ++i) {
    messages_[i].msg_hdr.msg_iov = &places_[i];
    messages_[i].msg_hdr.msg_iovlen = 1;
  }
}

int FrameSender::bind(int index) noexcept {
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_ifindex = index;
  return ::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 ? 0 : errno;
}

int FrameSender::bound_to() const noexcept {
  sockaddr_ll address{};
  socklen_t size = sizeof(address);
  return getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0 ? address.sll_ifindex : 0;
}

void FrameSender::point_at(Burst& burst) noexcept {
  for (std::uint16_t i = 0; i < burst.count; ++i)
    places_[i] = {burst.packets[i]->bytes().data(), burst.packets[i]->bytes().size()};
}

void FrameSender::send(Burst& burst) noexcept {
  point_at(burst);
  std::uint16_t done = 0;
  while (done < burst.count) {
    const unsigned left = burst.count - done;
    const int sent = sendmmsg(socket_.get(), &messages_[done], left, MSG_DONTWAIT);
    if (sent > 0) {
      count_sent(burst, done, static_cast<std::uint16_t>(sent));
      done = static_cast<std::uint16_t>(done + sent);
    } else if (refuse(burst.packets[done], errno)) {
      ++done;
    } else {
      break;
    }
  }
  std::copy(burst.begin() + done, burst.end(), burst.begin());
  burst.count = static_cast<std::uint16_t>(burst.count - done);
}

void FrameSender::count_sent(Burst& burst, std::uint16_t first, std::uint16_t count) noexcept {
  std::uint64_t bytes = 0;
  for (std::uint16_t i = first; i < first + count; ++i) {
    bytes += burst.packets[i]->bytes().size();
    free_packet(burst.packets[i]);
  }
  packets_.add(count);
  bytes_.add(bytes);
}

// False: there was no room for the packet, and it stays the caller's.
bool FrameSender::refuse(Packet* packet, int error) noexcept {
  if (error == EAGAIN || error == ENOBUFS || error == EINTR || error == ENOMEM) return false;
  refused_.add();
  if (error == EMSGSIZE) too_long_.add();
  free_packet(packet);
  return true;
}

}  // namespace slowlane

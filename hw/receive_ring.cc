#include "hw/receive_ring.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

namespace slowlane {
namespace {

constexpr std::uint32_t kBlock = 1 << 16;  // pages that the kernel has to find in a row
constexpr std::uint32_t kRing = 8 << 20;   // memory of a ring, where nobody asks for another
constexpr std::uint32_t kMostSlots = 4096;
constexpr std::uint32_t kTag = 4;         // a VLAN tag
constexpr std::uint32_t kAddresses = 12;  // what stands before it
constexpr std::uint32_t kCacheLine = 64;
// Where a frame begins in its slot, at most: the header, 16 bytes that the kernel keeps for the frame's own header,
// and the room of one tag (tpacket_rcv).
constexpr std::uint32_t kFrameAt = TPACKET_ALIGN(TPACKET2_HDRLEN + 16) + kTag;

std::uint32_t slot_for(std::uint32_t longest) {
  return (kFrameAt + longest + kCacheLine - 1) / kCacheLine * kCacheLine;
}

template <class T>
bool set(int fd, int option, const T& value) noexcept {
  return setsockopt(fd, SOL_PACKET, option, &value, sizeof(value)) == 0;
}

Diagnostic wrong(const std::string& what, int error) { return {"", 0, what + ": " + std::strerror(error)}; }

// The kernel takes the outermost tag out of the frame (skb_vlan_untag): puts it back between addresses and type. The
// room before the frame was asked for with PACKET_RESERVE.
std::uint8_t* put_tag_back(std::uint8_t* frame, const tpacket2_hdr& header, std::uint32_t status) noexcept {
  const std::uint16_t type =
      (status & TP_STATUS_VLAN_TPID_VALID) != 0 ? header.tp_vlan_tpid : std::uint16_t{ETH_P_8021Q};
  std::uint8_t* start = frame - kTag;
  std::memmove(start, frame, kAddresses);
  const std::uint16_t tag[2] = {htons(type), htons(header.tp_vlan_tci)};
  std::memcpy(start + kAddresses, tag, kTag);
  return start;
}

}  // namespace

Result<std::unique_ptr<ReceiveRing>> ReceiveRing::open(std::uint32_t longest, std::uint32_t memory) {
  // Protocol 0: nothing comes in before bind().
  Fd socket(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket && errno == EPERM)
    return Diagnostic{"", 0, "packet sockets need root or CAP_NET_RAW, and promiscuous devices CAP_NET_ADMIN"};
  if (!socket) return wrong("no packet socket", errno);
  if (!set(socket.get(), PACKET_IGNORE_OUTGOING, 1))
    return wrong("the kernel cannot keep back what a device sends (Linux 4.20 can)", errno);
  std::unique_ptr<ReceiveRing> ring(new ReceiveRing(std::move(socket), longest, memory));
  if (auto failure = ring->map()) return *failure;
  return ring;
}

ReceiveRing::ReceiveRing(Fd socket, std::uint32_t longest, std::uint32_t memory)
    : socket_(std::move(socket)),
      slot_size_(slot_for(longest)),
      slots_per_block_(kBlock / slot_size_),
      blocks_(memory == 0 ? std::min(kRing / kBlock, kMostSlots / slots_per_block_) : std::max(memory / kBlock, 1U)) {}

std::optional<Diagnostic> ReceiveRing::map() {
  const int fd = socket_.get();
  tpacket_req request{};
  request.tp_block_size = kBlock;
  request.tp_block_nr = blocks_;
  request.tp_frame_size = slot_size_;
  request.tp_frame_nr = slots_per_block_ * blocks_;
  if (!set(fd, PACKET_VERSION, int{TPACKET_V2}) || !set(fd, PACKET_RESERVE, unsigned{kTag}) ||
      !set(fd, PACKET_RX_RING, request))
    return wrong("no receive ring of " + std::to_string(blocks_ * kBlock >> 20) + " MiB", errno);
  void* memory = mmap(nullptr, std::size_t{blocks_} * kBlock, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
  if (memory == MAP_FAILED) return wrong("the receive ring cannot be mapped", errno);
  memory_ = static_cast<std::uint8_t*>(memory);
  return std::nullopt;
}

ReceiveRing::~ReceiveRing() {
  if (memory_ != nullptr) munmap(memory_, std::size_t{blocks_} * kBlock);
}

int ReceiveRing::bind(int index) noexcept {
  sockaddr_ll address{};
  address.sll_family = AF_PACKET;
  address.sll_protocol = htons(ETH_P_ALL);
  address.sll_ifindex = index;
  if (::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) return errno;
  packet_mreq member{};
  member.mr_ifindex = index;
  member.mr_type = PACKET_MR_PROMISC;
  return set(socket_.get(), PACKET_ADD_MEMBERSHIP, member) ? 0 : errno;
}

int ReceiveRing::bound_to() const noexcept {
  sockaddr_ll address{};
  socklen_t size = sizeof(address);
  return getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size) == 0 ? address.sll_ifindex : 0;
}

void ReceiveRing::clear_error() noexcept {
  int error = 0;
  socklen_t size = sizeof(error);
  getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
}

tpacket2_hdr* ReceiveRing::slot() const noexcept {
  return reinterpret_cast<tpacket2_hdr*>(memory_ + std::size_t{block_} * kBlock + std::size_t{place_} * slot_size_);
}

std::optional<RingFrame> ReceiveRing::take() noexcept {
  tpacket2_hdr* header = slot();
  const std::uint32_t status = std::atomic_ref(header->tp_status).load(std::memory_order_acquire);
  if ((status & TP_STATUS_USER) == 0) return std::nullopt;
  // The kernel writes these once, before the status; still nothing outside the slot is ever touched.
  const std::uint32_t at = std::clamp<std::uint32_t>(header->tp_mac, kTag, slot_size_);
  const std::uint32_t captured = std::min(header->tp_snaplen, slot_size_ - at);
  std::uint8_t* start = reinterpret_cast<std::uint8_t*>(header) + at;
  RingFrame frame{{start, captured}, header->tp_len, (status & TP_STATUS_CSUMNOTREADY) != 0};
  if ((status & TP_STATUS_VLAN_VALID) != 0 && captured >= kAddresses) {
    frame.bytes = {put_tag_back(start, *header, status), captured + kTag};
    frame.wire_length += kTag;
  }
  return frame;
}

void ReceiveRing::pop() noexcept {
  std::atomic_ref(slot()->tp_status).store(TP_STATUS_KERNEL, std::memory_order_release);
  if (++place_ < slots_per_block_) return;
  place_ = 0;
  if (++block_ == blocks_) block_ = 0;
}

std::uint64_t ReceiveRing::take_dropped() const noexcept {
  tpacket_stats counts{};  // the kernel begins at 0 again when they are read
  socklen_t size = sizeof(counts);
  return getsockopt(socket_.get(), SOL_PACKET, PACKET_STATISTICS, &counts, &size) == 0 ? counts.tp_drops : 0;
}

}  // namespace slowlane

#include "hw/memory_port.h"

#include <algorithm>
#include <new>

namespace slowlane {
namespace {

// The port keeps one reference of each packet; a second one is away with it.
constexpr std::uint16_t kHome = 1;
constexpr std::uint16_t kAway = 2;

bool is_home(const Packet* packet) noexcept { return rte_mbuf_refcnt_read(packet->mbuf()) == kHome; }

}  // namespace

MemoryPort::~MemoryPort() {
  for (const Frame& frame : frames_) free_packet(frame.packet);
}

bool MemoryPort::add(std::span<const std::uint8_t> frame, LinkType link) {
  Packet* packet = pool_.make_packet(frame);
  if (packet == nullptr) return false;
  frames_.push_back({packet, static_cast<std::uint32_t>(packet->bytes().size()), link});
  return true;
}

void MemoryPort::receive(std::uint16_t, Burst& burst) noexcept {
  if (frames_.empty()) return;
  while (!burst.full() && remaining_ > 0 && hand_out(frames_[next_], burst)) {
    --remaining_;
    next_ = next_ + 1 == frames_.size() ? 0 : next_ + 1;
  }
}

bool MemoryPort::hand_out(const Frame& frame, Burst& burst) noexcept {
  rte_mbuf* mbuf = frame.packet->mbuf();
  if (!is_home(frame.packet)) return false;
  rte_mbuf_refcnt_set(mbuf, kAway);
  mbuf->data_len = static_cast<std::uint16_t>(frame.length);  // a rewrite may have cut it
  mbuf->pkt_len = frame.length;
  auto* packet = new (frame.packet) Packet;
  packet->arrival = now_;
  packet->stamp = now_;
  packet->departure = now_;
  packet->number = ++handed_out_;
  packet->wire_length = frame.length;
  packet->link = frame.link;
  if (dresser_ != nullptr) dresser_->dress(*packet);
  burst.add(packet);
  return true;
}

void MemoryPort::send(std::uint16_t, Burst& burst) noexcept {
  sent_ += burst.count;
  for (Packet* packet : burst) free_packet(packet);
  burst.clear();
}

std::size_t MemoryPort::away() const noexcept {
  return static_cast<std::size_t>(
      std::count_if(frames_.begin(), frames_.end(), [](const Frame& frame) { return !is_home(frame.packet); }));
}

}  // namespace slowlane

#include "tests/support/loose_packet.h"

#include <rte_mempool.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <new>
#include <stdexcept>

namespace slowlane {
namespace {

constexpr std::align_val_t kAlign{64};
constexpr std::uint16_t kHeadroom = 128;

std::atomic<std::size_t>& alive() {
  static std::atomic<std::size_t> count{0};
  return count;
}

// What rte_pktmbuf_free ends in: a mempool without cache hands the object to its driver, and this one deletes it.
int give_back(rte_mempool*, void* const* objects, unsigned count) {
  for (unsigned i = 0; i < count; ++i) ::operator delete(objects[i], kAlign);
  alive() -= count;
  return 0;
}
int nothing_to_take(rte_mempool*, void**, unsigned) { return -ENOENT; }
int begin(rte_mempool*) { return 0; }
unsigned none(const rte_mempool*) { return 0; }

rte_mempool* heap_pool() {
  static rte_mempool* const pool = [] {
    rte_mempool_ops ops{};
    std::strcpy(ops.name, "slowlane_loose");
    ops.alloc = begin;
    ops.enqueue = give_back;
    ops.dequeue = nothing_to_take;
    ops.get_count = none;
    const int index = rte_mempool_register_ops(&ops);
    if (index < 0) throw std::runtime_error("no room for another mempool driver");
    static rte_mempool made{};
    made.ops_index = index;
    return &made;
  }();
  return pool;
}

}  // namespace

LoosePacket make_loose(std::span<const std::uint8_t> frame, LinkType link, std::uint32_t wire_length, Nanos arrival) {
  const std::size_t size = sizeof(rte_mbuf) + kPacketRoom + kHeadroom + frame.size();
  void* memory = ::operator new(size, kAlign);
  std::memset(memory, 0, size);
  auto* mbuf = static_cast<rte_mbuf*>(memory);
  auto* packet = new (mbuf + 1) Packet;
  mbuf->buf_addr = reinterpret_cast<std::uint8_t*>(mbuf + 1) + kPacketRoom;
  mbuf->buf_len = static_cast<std::uint16_t>(std::min<std::size_t>(kHeadroom + frame.size(), 0xffff));
  mbuf->data_off = kHeadroom;
  mbuf->priv_size = kPacketRoom;
  mbuf->pool = heap_pool();
  mbuf->nb_segs = 1;
  mbuf->data_len = static_cast<std::uint16_t>(frame.size());
  mbuf->pkt_len = mbuf->data_len;
  rte_mbuf_refcnt_set(mbuf, 1);
  if (!frame.empty()) std::memcpy(rte_pktmbuf_mtod(mbuf, void*), frame.data(), frame.size());
  packet->link = link;
  packet->arrival = arrival;
  packet->wire_length = wire_length == 0 ? static_cast<std::uint32_t>(frame.size()) : wire_length;
  packet->parsed = parse(link, packet->bytes(), packet->wire_length);
  ++alive();
  return LoosePacket(packet);
}

std::size_t loose_packets() { return alive(); }

}  // namespace slowlane

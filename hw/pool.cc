#include "hw/pool.h"

#include <rte_errno.h>
#include <rte_mempool.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <type_traits>

namespace slowlane {
namespace {

// packet.h takes the private area to lie right behind rte_mbuf, where a Packet may be placed.
static_assert(sizeof(rte_mbuf) % alignof(Packet) == 0 && alignof(rte_mbuf) % alignof(Packet) == 0);
static_assert(kPacketRoom >= sizeof(Packet));
// Packets go back to the pool without a destructor.
static_assert(std::is_trivially_destructible_v<Packet>);

constexpr std::uint32_t kCache = 128;  // per DPDK core

std::uint32_t data_room(const PacketPool::Shape& shape) {
  // Drivers count buffers in KiB (E810, X710) or take what is there; the headroom stays for tags that hardware puts in.
  return RTE_PKTMBUF_HEADROOM + static_cast<std::uint32_t>((shape.room + 1023) / 1024 * 1024);
}

std::uint32_t element(const PacketPool::Shape& shape) { return sizeof(rte_mbuf) + kPacketRoom + data_room(shape); }

// rte_pktmbuf_pool_create() would always keep each mbuf within one page, for devices: on 4 KiB pages 60 % more.
unsigned flags(const PacketPool::Shape& shape) {
  return shape.writers == PacketPool::Shape::Writers::devices ? 0u : unsigned{RTE_MEMPOOL_F_NO_IOVA_CONTIG};
}

// A frame that does not fit the room: DPDK's record of it, and the bytes behind.
struct LongFrame {
  rte_mbuf_ext_shared_info shared;
  std::uint8_t bytes[];  // one allocation for both
};

void free_long_frame(void*, void* frame) { std::free(frame); }

// Gives the mbuf a buffer of `size` bytes, at most kLongest. False: no memory.
bool attach_long_frame(rte_mbuf* mbuf, std::size_t size) noexcept {
  void* memory = std::malloc(sizeof(LongFrame) + size);
  if (memory == nullptr) return false;
  auto* frame = static_cast<LongFrame*>(memory);
  frame->shared.free_cb = free_long_frame;
  frame->shared.fcb_opaque = memory;
  rte_mbuf_ext_refcnt_set(&frame->shared, 1);
  rte_pktmbuf_attach_extbuf(mbuf, frame->bytes, RTE_BAD_IOVA, static_cast<std::uint16_t>(size), &frame->shared);
  return true;
}

}  // namespace

PacketPool::PacketPool(std::uint32_t packets, const Shape& shape)
    : room_((shape.room + 1023) / 1024 * 1024), pool_(create(packets, shape)) {
  if (pool_ == nullptr)
    throw PoolError("no memory for a pool of " + std::to_string(packets) + " packets (" +
                    std::to_string(memory(packets, shape) >> 20) + " MiB): " + rte_strerror(rte_errno));
}

rte_mempool* PacketPool::create(std::uint32_t packets, const Shape& shape) {
  // DPDK wants a name of each pool that no other in the process has: our address is one.
  const std::string name = "packets-" + std::to_string(reinterpret_cast<std::uintptr_t>(this));
  const std::uint32_t cache = std::min(kCache, packets * 2 / 3);  // DPDK refuses a cache above size / 1.5
  rte_mempool* pool = rte_mempool_create_empty(name.c_str(), packets, element(shape), cache,
                                               sizeof(rte_pktmbuf_pool_private), SOCKET_ID_ANY, flags(shape));
  if (pool == nullptr) return nullptr;
  rte_pktmbuf_pool_private layout{};
  layout.mbuf_data_room_size = static_cast<std::uint16_t>(data_room(shape));
  layout.mbuf_priv_size = kPacketRoom;
  rte_pktmbuf_pool_init(pool, &layout);
  const int made = rte_mempool_populate_default(pool);
  if (made < 0) {
    rte_mempool_free(pool);
    rte_errno = -made;
    return nullptr;
  }
  rte_mempool_obj_iter(pool, rte_pktmbuf_init, nullptr);
  return pool;
}

PacketPool::~PacketPool() { rte_mempool_free(pool_); }

std::size_t PacketPool::memory(std::uint32_t packets, const Shape& shape) {
  const std::size_t each = rte_mempool_calc_obj_size(element(shape), flags(shape), nullptr);
  // Besides: the ring of free packets (a power of two of pointers, up to twice the number), the cores' caches, and
  // what DPDK's heap takes for itself.
  return packets * (each + 2 * sizeof(void*)) + (std::size_t{8} << 20);
}

Packet* PacketPool::make_packet(std::span<const std::uint8_t> bytes) noexcept {
  rte_mbuf* mbuf = rte_pktmbuf_alloc(pool_);
  if (mbuf == nullptr) return nullptr;
  std::size_t kept = std::min(bytes.size(), kLongest);
  if (kept > room_ && !attach_long_frame(mbuf, kept)) kept = room_;
  mbuf->data_len = static_cast<std::uint16_t>(kept);
  mbuf->pkt_len = mbuf->data_len;
  if (kept > 0) std::memcpy(rte_pktmbuf_mtod(mbuf, void*), bytes.data(), kept);
  auto* packet = new (packet_of(mbuf)) Packet;
  packet->wire_length = static_cast<std::uint32_t>(bytes.size());
  return packet;
}

Packet* PacketPool::adopt(rte_mbuf* mbuf) noexcept {
  auto* packet = new (packet_of(mbuf)) Packet;
  packet->wire_length = mbuf->pkt_len;
  return packet;
}

std::uint32_t PacketPool::size() const noexcept { return pool_->size; }

std::uint32_t PacketPool::out() const noexcept { return rte_mempool_in_use_count(pool_); }

}  // namespace slowlane

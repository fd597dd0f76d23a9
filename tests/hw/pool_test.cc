#include "hw/pool.h"

#include <gmock/gmock.h>

#include <vector>

#include "tests/support/capture_bytes.h"
#include "tests/support/eal_environment.h"

namespace slowlane {
namespace {

using testing::ElementsAreArray;

TEST(PacketPool, CopiesTheFrameAndMakesAFreshNote) {
  PacketPool pool(8);
  const Bytes frame = some_bytes(60);
  Packet* packet = pool.make_packet(frame);
  ASSERT_NE(packet, nullptr);
  EXPECT_THAT(packet->bytes(), ElementsAreArray(frame));
  EXPECT_EQ(packet->wire_length, 60u);
  EXPECT_EQ(packet->flow, nullptr);
  EXPECT_EQ(packet->next, nullptr);
  EXPECT_EQ(packet_of(packet->mbuf()), packet);
  packet->number = 77;
  packet->marked = true;
  free_packet(packet);
  // The same memory comes back from the core's cache, with nothing of its last life.
  Packet* again = pool.make_packet(frame);
  EXPECT_EQ(again, packet);
  EXPECT_EQ(again->number, 0u);
  EXPECT_FALSE(again->marked);
  free_packet(again);
}

TEST(PacketPool, CountsWhatIsOut) {
  PacketPool pool(8);
  EXPECT_EQ(pool.size(), 8u);
  EXPECT_EQ(pool.out(), 0u);
  Packet* one = pool.make_packet(some_bytes(60));
  Packet* two = pool.make_packet(some_bytes(60));
  EXPECT_EQ(pool.out(), 2u);
  free_packet(one);
  EXPECT_EQ(pool.out(), 1u);
  free_packet(two);
  EXPECT_EQ(pool.out(), 0u);
}

TEST(PacketPool, GivesExactlyItsSizeThenNothing) {
  PacketPool pool(100);
  std::vector<Packet*> packets;
  while (Packet* packet = pool.make_packet(some_bytes(60))) packets.push_back(packet);
  EXPECT_EQ(packets.size(), 100u);
  for (Packet* packet : packets) free_packet(packet);
  EXPECT_EQ(pool.out(), 0u);
}

TEST(PacketPool, TakesFramesOfEveryLength) {
  PacketPool pool(4);
  for (const std::size_t size : {std::size_t{0}, std::size_t{1}, PacketPool::kRoom - 1, PacketPool::kRoom,
                                 PacketPool::kRoom + 1, std::size_t{9000}, PacketPool::kLongest}) {
    const Bytes frame = some_bytes(size);
    Packet* packet = pool.make_packet(frame);
    ASSERT_NE(packet, nullptr) << size;
    EXPECT_THAT(packet->bytes(), ElementsAreArray(frame)) << size;
    EXPECT_EQ(packet->mbuf()->nb_segs, 1) << size;
    free_packet(packet);
  }
  EXPECT_EQ(pool.out(), 0u);
}

TEST(PacketPool, CutsWhatAnMbufCannotSayAndKeepsItsLength) {
  PacketPool pool(4);
  const Bytes frame = some_bytes(262144);
  Packet* packet = pool.make_packet(frame);
  ASSERT_NE(packet, nullptr);
  EXPECT_THAT(packet->bytes(), ElementsAreArray(std::span(frame).first(65535)));
  EXPECT_EQ(packet->wire_length, 262144u);
  free_packet(packet);
}

TEST(PacketPool, UsesTheRoomAgainAfterALongFrame) {
  PacketPool pool(1);
  for (int round = 0; round < 3; ++round) {
    Packet* packet = pool.make_packet(some_bytes(round % 2 == 0 ? 60000 : 60));
    ASSERT_NE(packet, nullptr);
    free_packet(packet);
  }
  EXPECT_EQ(pool.out(), 0u);
}

TEST(PacketPool, HasRoomForTheLongestFrameOfAPort) {
  PacketPool pool(4, {.room = 9238});
  const Bytes frame = some_bytes(9238);
  Packet* packet = pool.make_packet(frame);
  ASSERT_NE(packet, nullptr);
  EXPECT_THAT(packet->bytes(), ElementsAreArray(frame));
  EXPECT_FALSE(RTE_MBUF_HAS_EXTBUF(packet->mbuf())) << "a buffer from the heap";
  EXPECT_GE(pool.room(), 9238u);
  free_packet(packet);
}

TEST(PacketPool, MakesPacketsThatDevicesMayFill) {
  PacketPool pool(8, {.writers = PacketPool::Shape::Writers::devices});
  Packet* packet = pool.make_packet(some_bytes(60));
  ASSERT_NE(packet, nullptr);
  packet->marked = true;
  EXPECT_EQ(PacketPool::adopt(packet->mbuf()), packet);
  EXPECT_FALSE(packet->marked);
  EXPECT_EQ(packet->wire_length, 60u);
  free_packet(packet);
}

TEST(PacketPool, SaysHowMuchMemoryItWanted) {
  try {
    const PacketPool pool(100'000'000);
    FAIL() << "a pool larger than the memory";
  } catch (const PoolError& error) {
    EXPECT_THAT(error.what(), testing::MatchesRegex("no memory for a pool of 100000000 packets \\([0-9]+ MiB\\): .+"));
  }
}

TEST(PacketPool, NeedsNoMoreThanItSays) {
  constexpr std::uint32_t kPackets = 40000;
  const std::size_t memory = PacketPool::memory(kPackets);
  EXPECT_LT(memory, EalEnvironment::kMemory);
  EXPECT_LT(memory / kPackets, 3200u);
  EXPECT_EQ(PacketPool(kPackets).size(), kPackets);
}

}  // namespace
}  // namespace slowlane

#include "hw/memory_port.h"

#include <gmock/gmock.h>

#include "tests/support/capture_bytes.h"
#include "tests/support/eal_environment.h"

namespace slowlane {
namespace {

using testing::ElementsAreArray;

class MemoryPortTest : public testing::Test {
 protected:
  MemoryPortTest() {
    for (unsigned i = 0; i < 3; ++i) EXPECT_TRUE(port_.add(some_bytes(60 + i, i)));
  }
  PacketPool pool_{8};
  MemoryPort port_{pool_};
};

TEST_F(MemoryPortTest, HandsOutTheSamePacketsOverAndOver) {
  for (std::uint64_t round = 0; round < 3; ++round) {
    Burst burst;
    port_.set_now(static_cast<Nanos>(round) * 10);
    port_.receive(0, burst);
    ASSERT_EQ(burst.count, 3);
    for (unsigned i = 0; i < 3; ++i) {
      const Packet& packet = *burst.packets[i];
      EXPECT_THAT(packet.bytes(), ElementsAreArray(some_bytes(60 + i, i)));
      EXPECT_EQ(packet.number, round * 3 + i + 1);
      EXPECT_EQ(packet.arrival, static_cast<Nanos>(round) * 10);
      EXPECT_EQ(packet.wire_length, 60 + i);
    }
    port_.send(0, burst);
    EXPECT_EQ(burst.count, 0);
    EXPECT_EQ(port_.away(), 0u);
  }
  EXPECT_EQ(port_.handed_out(), 9u);
  EXPECT_EQ(port_.sent(), 9u);
  EXPECT_EQ(pool_.out(), 3u) << "nothing was copied";
}

TEST_F(MemoryPortTest, WaitsForAPacketThatIsNotBack) {
  Burst first;
  port_.receive(0, first);
  Burst second;
  port_.receive(0, second);
  EXPECT_EQ(second.count, 0);
  EXPECT_EQ(port_.away(), 3u);
  free_packet(first.packets[0]);
  port_.receive(0, second);
  EXPECT_EQ(second.count, 1);
  EXPECT_EQ(second.packets[0], first.packets[0]);
  for (Packet* packet : {first.packets[1], first.packets[2], second.packets[0]}) free_packet(packet);
  EXPECT_EQ(port_.away(), 0u);
}

TEST_F(MemoryPortTest, ResetsTheNoteAndWhatWasCut) {
  Burst burst;
  port_.receive(0, burst);
  Packet& packet = *burst.packets[0];
  packet.marked = true;
  packet.flow_id = 9;
  packet.mbuf()->data_len = 40;
  port_.send(0, burst);
  port_.receive(0, burst);
  EXPECT_FALSE(burst.packets[0]->marked);
  EXPECT_EQ(burst.packets[0]->flow_id, 0u);
  EXPECT_EQ(burst.packets[0]->bytes().size(), 60u);
  port_.send(0, burst);
}

TEST_F(MemoryPortTest, EndsWhereItIsTold) {
  port_.set_remaining(4);
  Burst burst;
  for (int i = 0; i < 5; ++i) {
    port_.receive(0, burst);
    port_.send(0, burst);
  }
  EXPECT_EQ(port_.handed_out(), 4u);
}

TEST_F(MemoryPortTest, DressesEachFrameBeforeItGoesOut) {
  struct Numbers final : MemoryPort::Dresser {
    void dress(Packet& packet) noexcept override { packet.bytes()[0] = static_cast<std::uint8_t>(packet.number); }
  } numbers;
  port_.set_dresser(&numbers);
  Burst burst;
  port_.receive(0, burst);
  port_.send(0, burst);
  port_.receive(0, burst);
  EXPECT_EQ(burst.packets[0]->bytes()[0], 4);
  port_.send(0, burst);
}

TEST(MemoryPort, WithoutFramesIsSilent) {
  PacketPool pool(4);
  MemoryPort port(pool);
  Burst burst;
  port.receive(0, burst);
  EXPECT_EQ(burst.count, 0);
}

TEST(MemoryPort, GivesItsPacketsBackWithItself) {
  PacketPool pool(4);
  {
    MemoryPort port(pool);
    for (int i = 0; i < 4; ++i) EXPECT_TRUE(port.add(some_bytes(60)));
    EXPECT_FALSE(port.add(some_bytes(60)));
  }
  EXPECT_EQ(pool.out(), 0u);
}

}  // namespace
}  // namespace slowlane

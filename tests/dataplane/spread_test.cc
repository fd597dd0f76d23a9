#include "dataplane/spread.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <random>
#include <string>
#include <thread>

#include "tests/support/loose_packet.h"

namespace slowlane {
namespace {

bool readable(int fd) {
  pollfd wait{fd, POLLIN, 0};
  return poll(&wait, 1, 0) == 1;
}

std::string address(std::uint32_t n) {
  return "10." + std::to_string(n >> 16 & 255) + "." + std::to_string(n >> 8 & 255) + "." + std::to_string(n & 255);
}

TEST(PacketRing, KeepsOrderAndRefusesWhatDoesNotFit) {
  PacketRing ring(4);
  std::vector<LoosePacket> packets;
  for (int i = 0; i < 5; ++i) packets.push_back(make_loose(Frame().ethernet().ipv4("10.0.0.1", "10.0.0.2").udp(1, 2)));
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(ring.put(packets[static_cast<std::size_t>(i)].get()));
  EXPECT_FALSE(ring.put(packets[4].get()));
  Burst burst;
  burst.limit = 3;
  ring.take(burst);
  ASSERT_EQ(burst.count, 3);
  EXPECT_TRUE(ring.put(packets[4].get()));
  burst.clear();
  ring.take(burst);
  ASSERT_EQ(burst.count, 2);
  EXPECT_EQ(burst.packets[0], packets[3].get());
  EXPECT_EQ(burst.packets[1], packets[4].get());
  EXPECT_TRUE(ring.empty());
}

TEST(PacketRing, PassesEverythingBetweenTwoThreadsInOrder) {
  constexpr std::uintptr_t kCount = 200'000;
  PacketRing ring(64);
  std::thread giver([&] {
    for (std::uintptr_t i = 1; i <= kCount;)
      if (ring.put(reinterpret_cast<Packet*>(i)))
        ++i;
      else
        std::this_thread::yield();
  });
  std::uintptr_t expected = 1;
  bool in_order = true;
  while (expected <= kCount) {
    Burst burst;
    ring.take(burst);
    if (burst.count == 0) std::this_thread::yield();
    for (const Packet* packet : burst) in_order = in_order && reinterpret_cast<std::uintptr_t>(packet) == expected++;
  }
  giver.join();
  EXPECT_TRUE(in_order);
}

TEST(Spread, BothDirectionsAndAllPortsOfAPairMeet) {
  const Spread spread(4, Spread::By::pair);
  std::mt19937_64 random(7);
  std::array<int, 4> share{};
  for (int i = 0; i < 4000; ++i) {
    const std::string a = address(static_cast<std::uint32_t>(random()));
    const std::string b = address(static_cast<std::uint32_t>(random()));
    const auto up = make_loose(Frame().ethernet().ipv4(a, b).tcp(40000, 443));
    const auto down = make_loose(Frame().ethernet().ipv4(b, a).tcp(443, 40000));
    const auto later = make_loose(Frame().ethernet().ipv4(b, a).udp(53, 9));
    const std::uint32_t owner = spread.owner(up->parsed, Side::inside);
    ASSERT_EQ(spread.owner(down->parsed, Side::outside), owner);
    ASSERT_EQ(spread.owner(later->parsed, Side::outside), owner);
    ++share[owner];
  }
  for (const int count : share) EXPECT_NEAR(count, 1000, 150);
}

TEST(Spread, ByInsideAllFlowsOfAHostMeet) {
  const Spread spread(4, Spread::By::inside);
  std::mt19937_64 random(8);
  for (int i = 0; i < 1000; ++i) {
    const std::string host = address(static_cast<std::uint32_t>(random()));
    std::optional<std::uint32_t> owner;
    for (int flow = 0; flow < 8; ++flow) {
      const std::string server = address(static_cast<std::uint32_t>(random()));
      const auto up = make_loose(Frame().ethernet().ipv4(host, server).tcp(40000, 443));
      const auto down = make_loose(Frame().ethernet().ipv4(server, host).tcp(443, 40000));
      if (!owner) owner = spread.owner(up->parsed, Side::inside);
      ASSERT_EQ(spread.owner(up->parsed, Side::inside), *owner);
      ASSERT_EQ(spread.owner(down->parsed, Side::outside), *owner);
    }
  }
}

TEST(Spread, WakesOnlyThoseThatSleep) {
  Spread spread(2, Spread::By::pair);
  spread.wake(1);
  EXPECT_FALSE(readable(spread.wake_fd(1)));
  ASSERT_TRUE(spread.fall_asleep(1));
  spread.wake(1);
  EXPECT_TRUE(readable(spread.wake_fd(1)));
  spread.wake_up(1);
  EXPECT_FALSE(readable(spread.wake_fd(1)));
}

TEST(Spread, NobodyFallsAsleepBesideAFullRing) {
  Spread spread(2, Spread::By::pair);
  LoosePacket packet = make_loose(Frame().ethernet().ipv4("10.0.0.1", "10.0.0.2").udp(1, 2));
  ASSERT_TRUE(spread.give(0, 1, packet.release()));
  EXPECT_FALSE(spread.fall_asleep(1));
}

}  // namespace
}  // namespace slowlane

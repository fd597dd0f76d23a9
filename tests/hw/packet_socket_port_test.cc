#include "hw/packet_socket_port.h"

#include <gmock/gmock.h>
#include <poll.h>

#include <chrono>
#include <thread>

#include "tests/support/capture_bytes.h"
#include "tests/support/eal_environment.h"
#include "tests/support/own_network.h"

namespace slowlane {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::uint32_t kJumbo = 9216;

// A frame of `size` bytes from header words on.
Bytes frame_of(const std::vector<std::uint16_t>& types, std::size_t size) {
  Bytes frame = some_bytes(size, static_cast<unsigned>(size));
  frame[0] = 0x02;
  frame[6] = 0x02;
  std::size_t at = 12;
  for (const std::uint16_t word : types) {
    frame[at++] = static_cast<std::uint8_t>(word >> 8);
    frame[at++] = static_cast<std::uint8_t>(word);
  }
  return frame;
}

// Two cables with a port on one end of each, and what hangs on the others.
class PacketSocketPortTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!network_.why_not().empty()) GTEST_SKIP() << network_.why_not();
    ASSERT_TRUE(network_.add_cable("in", "client", kMtu));
    ASSERT_TRUE(network_.add_cable("out", "server", kMtu));
    inside_ = open("in");
    outside_ = open("out");
    client_ = std::make_unique<FarEnd>("client");
    server_ = std::make_unique<FarEnd>("server");
  }
  void TearDown() override {
    inside_.reset();
    outside_.reset();
    EXPECT_EQ(pool_.out(), 0u);
  }

  std::unique_ptr<LivePort> open(const std::string& device) {
    auto port = PacketSocketPort::open({"p", "af_packet", device, 2, 0}, pool_);
    EXPECT_TRUE(port) << port.diagnostics().front().text;
    return port ? std::move(port.value()) : nullptr;
  }

  // Hands what comes in on the inside to the outside until so many frames crossed, or none came for too long.
  unsigned cross(unsigned frames, std::chrono::milliseconds patience = 1000ms) {
    const auto end = std::chrono::steady_clock::now() + patience;
    unsigned crossed = 0;
    while (crossed < frames && std::chrono::steady_clock::now() < end) {
      Burst burst;
      inside_->receive(0, burst);
      crossed += burst.count;
      outside_->send(0, burst);
      EXPECT_EQ(burst.count, 0);
    }
    return crossed;
  }

  // Whether exactly this frame comes out on the other side.
  testing::AssertionResult passes(const Bytes& frame) {
    if (!client_->send(frame)) return testing::AssertionFailure() << "the client could not send it";
    if (cross(1) != 1) return testing::AssertionFailure() << "it did not come in";
    const auto got = server_->receive();
    if (!got) return testing::AssertionFailure() << "it did not come out";
    if (*got != frame) return testing::AssertionFailure() << "it came out with " << got->size() << " bytes, or others";
    return testing::AssertionSuccess();
  }

  // Whether a frame crosses before the time is over, however many are lost on the way.
  bool heals(std::chrono::milliseconds patience) {
    const Bytes frame = frame_of({0x88b5}, 100);
    const auto end = std::chrono::steady_clock::now() + patience;
    while (std::chrono::steady_clock::now() < end) {
      client_->send(frame);
      cross(1, 50ms);
      if (server_->receive(1ms) == frame) return true;
    }
    return false;
  }

  static constexpr std::uint32_t kMtu = kJumbo;
  OwnNetwork network_;
  PacketPool pool_{256, {.room = longest_frame(kMtu)}};
  std::unique_ptr<LivePort> inside_, outside_;
  std::unique_ptr<FarEnd> client_, server_;
};

TEST_F(PacketSocketPortTest, PassesFramesOfEveryKindAndLengthAsTheyAre) {
  EXPECT_TRUE(passes(frame_of({0x88cc}, 60))) << "LLDP";
  EXPECT_TRUE(passes(frame_of({0x0026, 0x4242}, 52))) << "STP: a length where others have a type";
  EXPECT_TRUE(passes(frame_of({0x0806}, 42))) << "ARP, not padded";
  EXPECT_TRUE(passes(frame_of({0x1234}, 14))) << "nothing but a header";
  EXPECT_TRUE(passes(frame_of({0x0800}, 14 + kJumbo))) << "jumbo";
  for (std::size_t size = 15; size < 14 + kJumbo; size = size * 3 / 2) EXPECT_TRUE(passes(frame_of({0x88b5}, size)));
}

TEST_F(PacketSocketPortTest, PassesVlanTagsAsTheyWereOnTheWire) {
  EXPECT_TRUE(passes(frame_of({0x8100, 0x6064, 0x0800}, 64))) << "802.1Q with a priority";
  EXPECT_TRUE(passes(frame_of({0x8100, 0x0000, 0x0800}, 64))) << "a priority tag of VLAN 0";
  EXPECT_TRUE(passes(frame_of({0x88a8, 0x0065, 0x8100, 0x0066, 0x0800}, 64))) << "802.1ad over 802.1Q";
  EXPECT_TRUE(passes(frame_of({0x8100, 0x0065, 0x8100, 0x0066, 0x86dd}, 64))) << "802.1Q twice";
  EXPECT_TRUE(passes(frame_of({0x88a8, 0x1fff, 0x88cc}, 60))) << "802.1ad alone, with DEI";
  EXPECT_TRUE(passes(frame_of({0x8100, 0x0065, 0x0800}, 18 + kJumbo))) << "a tag on top of a full frame";
}

TEST_F(PacketSocketPortTest, PassesFragmentsOneByOne) {
  // Two halves of one datagram: a socket that reassembles would make one frame of them.
  Bytes first = frame_of({0x0800, 0x4500, 0x0038, 0x0007, 0x2000, 0x4011, 0x0000}, 70);
  Bytes second = frame_of({0x0800, 0x4500, 0x0024, 0x0007, 0x0004, 0x4011, 0x0000}, 50);
  for (std::size_t i = 26; i < 34; ++i) second[i] = first[i];
  EXPECT_TRUE(passes(second));
  EXPECT_TRUE(passes(first));
}

TEST_F(PacketSocketPortTest, KeepsTheOrder) {
  constexpr unsigned kFrames = 1000;
  for (unsigned done = 0; done < kFrames; done += 100) {
    for (unsigned i = 0; i < 100; ++i)
      ASSERT_TRUE(client_->send(frame_of({0x88b5, static_cast<std::uint16_t>(done + i)}, 60)));
    ASSERT_EQ(cross(100), 100u);
    for (unsigned i = 0; i < 100; ++i)
      ASSERT_EQ(server_->receive(), frame_of({0x88b5, static_cast<std::uint16_t>(done + i)}, 60));
  }
}

TEST_F(PacketSocketPortTest, NeverSeesWhatItSends) {
  EXPECT_TRUE(passes(frame_of({0x88b5}, 60)));
  Burst burst;
  outside_->receive(0, burst);
  EXPECT_EQ(burst.count, 0);
}

TEST_F(PacketSocketPortTest, CountsWhatItReceivesAndSends) {
  EXPECT_TRUE(passes(frame_of({0x88b5}, 60)));
  EXPECT_TRUE(passes(frame_of({0x8100, 0x0001, 0x88b5}, 100)));
  EXPECT_EQ(inside_->statistics().received_packets, 2u);
  EXPECT_EQ(inside_->statistics().received_bytes, 160u);
  EXPECT_EQ(outside_->statistics().sent_packets, 2u);
  EXPECT_EQ(outside_->statistics().sent_bytes, 160u);
  EXPECT_EQ(outside_->statistics().received_packets, 0u);
  EXPECT_THAT(inside_->degraded(), IsEmpty());
  EXPECT_THAT(outside_->degraded(), IsEmpty());
}

TEST_F(PacketSocketPortTest, CountsWhatTheRingHadNoPlaceFor) {
  std::uint64_t sent = 0;
  for (; inside_->statistics().missed == 0 && sent < 20'000; ++sent) client_->send(frame_of({0x88b5}, 60));
  const unsigned came = cross(static_cast<unsigned>(sent), 200ms);
  EXPECT_LT(came, sent);
  EXPECT_EQ(came + inside_->statistics().missed, sent);
  EXPECT_EQ(inside_->statistics().missed, sent - came) << "reading twice changes nothing";
}

// How many frames wait for a reader before one is missed.
TEST_F(PacketSocketPortTest, ItsRingHoldsWhatItWasAskedFor) {
  inside_.reset();
  const auto room_of = [this](const char* options) {
    const auto port = PacketSocketPort::open({"p", "af_packet", "in", 1, 1500, options}, pool_);
    EXPECT_TRUE(port) << options;
    std::uint64_t sent = 0;
    for (; port && port.value()->statistics().missed == 0 && sent < 20'000; ++sent)
      client_->send(frame_of({0x88b5}, 60));
    return sent - 1;
  };
  EXPECT_NEAR(static_cast<double>(room_of("ring=1MiB")), 16 * 39, 8);  // blocks; a frame takes 1664 bytes of 64 KiB
  EXPECT_NEAR(static_cast<double>(room_of("ring=16MiB")), 256 * 39, 8);
  EXPECT_NEAR(static_cast<double>(room_of("")), 105 * 39, 8);
}

TEST_F(PacketSocketPortTest, CountsFramesLongerThanItWasMadeFor) {
  inside_ = std::move(PacketSocketPort::open({"p", "af_packet", "in", 1, 1500}, pool_).value());
  ASSERT_TRUE(client_->send(frame_of({0x0800}, 1523)));
  EXPECT_TRUE(passes(frame_of({0x0800}, 1522)));
  EXPECT_EQ(inside_->statistics().oversize, 1u);
  EXPECT_THAT(inside_->degraded(), testing::ElementsAre(HasSubstr("ethtool -K in gro off")));
}

TEST_F(PacketSocketPortTest, ARefusedFrameStopsNoneBehindIt) {
  ASSERT_TRUE(network_.ip("link set out mtu 1500"));
  for (const std::size_t size : {60u, 2000u, 61u, 3000u, 62u}) ASSERT_TRUE(client_->send(frame_of({0x88b5}, size)));
  EXPECT_EQ(cross(5), 5u);
  for (const std::size_t size : {60u, 61u, 62u}) EXPECT_EQ(server_->receive(), frame_of({0x88b5}, size));
  EXPECT_EQ(outside_->statistics().send_refused, 2u);
  EXPECT_EQ(outside_->statistics().sent_packets, 3u);
  EXPECT_THAT(outside_->degraded(), testing::ElementsAre(HasSubstr("ip link set out mtu")));
}

TEST_F(PacketSocketPortTest, SeesChecksumsThatTheSenderLeftOpen) {
  ASSERT_TRUE(network_.ip("address add 10.9.0.2/24 dev client") &&
              network_.ip("neighbour add 10.9.0.1 lladdr 02:00:00:00:00:01 dev client"));
  ASSERT_TRUE(network_.run("bash -c 'echo hello >/dev/udp/10.9.0.1/9'"));
  EXPECT_EQ(cross(1), 1u);
  EXPECT_EQ(inside_->statistics().partial_checksums, 1u);
  EXPECT_THAT(inside_->degraded(), testing::ElementsAre(HasSubstr("tx off")));
}

TEST_F(PacketSocketPortTest, WakesASleeperForAFrame) {
  pollfd waiting{inside_->wait_fd(0), POLLIN, 0};
  EXPECT_EQ(poll(&waiting, 1, 0), 0);
  ASSERT_TRUE(client_->send(frame_of({0x88b5}, 60)));
  EXPECT_EQ(poll(&waiting, 1, 1000), 1);
  EXPECT_EQ(cross(1), 1u);
  EXPECT_EQ(poll(&waiting, 1, 0), 0) << "the ring is empty again";
}

TEST_F(PacketSocketPortTest, SendsFromEachQueueAlike) {
  EXPECT_EQ(outside_->send_queues(), 2);
  EXPECT_EQ(outside_->receive_queues(), 1);
  for (std::uint16_t queue = 0; queue < 2; ++queue) {
    Burst burst;
    burst.add(pool_.make_packet(frame_of({0x88b5}, 60u + queue)));
    outside_->send(queue, burst);
    EXPECT_EQ(server_->receive(), frame_of({0x88b5}, 60u + queue));
  }
  EXPECT_EQ(outside_->statistics().sent_packets, 2u);
}

TEST_F(PacketSocketPortTest, GoesOnWhenADeviceWasDown) {
  EXPECT_TRUE(inside_->link_up());
  ASSERT_TRUE(network_.ip("link set in down"));
  EXPECT_FALSE(inside_->link_up());
  EXPECT_THAT(inside_->degraded(), testing::ElementsAre(HasSubstr("ip link set in up")));
  cross(1, 10ms);
  ASSERT_TRUE(network_.ip("link set in up"));
  EXPECT_TRUE(heals(3000ms));
  EXPECT_TRUE(inside_->link_up());
}

TEST_F(PacketSocketPortTest, SeesTheLinkOfItsNeighbour) {
  ASSERT_TRUE(network_.ip("link set client down"));
  EXPECT_FALSE(inside_->link_up());
  EXPECT_TRUE(outside_->link_up());
}

TEST_F(PacketSocketPortTest, TakesUpADeviceThatWentAndCame) {
  const int before = inside_->wait_fd(0);
  for (const char* device : {"in", "out"}) ASSERT_TRUE(network_.ip(std::string("link delete ") + device));
  EXPECT_FALSE(inside_->link_up());
  EXPECT_THAT(inside_->degraded(), testing::ElementsAre(HasSubstr("in is gone")));
  Burst burst;
  burst.add(pool_.make_packet(frame_of({0x88b5}, 60)));
  outside_->send(0, burst);
  EXPECT_EQ(burst.count, 0);
  EXPECT_EQ(outside_->statistics().send_refused, 1u);

  ASSERT_TRUE(network_.add_cable("in", "client", kMtu));
  ASSERT_TRUE(network_.add_cable("out", "server", kMtu));
  client_ = std::make_unique<FarEnd>("client");
  server_ = std::make_unique<FarEnd>("server");
  // Each port takes up its device by its own receive().
  std::this_thread::sleep_for(210ms);
  outside_->receive(0, burst);
  EXPECT_TRUE(heals(3000ms));
  EXPECT_TRUE(inside_->link_up());
  EXPECT_EQ(inside_->wait_fd(0), before) << "sleepers go on with what they wait for";
  EXPECT_THAT(inside_->degraded(), IsEmpty());
}

TEST_F(PacketSocketPortTest, ASocketWithoutItsDeviceWakesNobodyForLong) {
  ASSERT_TRUE(network_.ip("link delete in"));
  pollfd waiting{inside_->wait_fd(0), POLLIN, 0};
  cross(1, 250ms);
  EXPECT_EQ(poll(&waiting, 1, 0), 0);
}

TEST_F(PacketSocketPortTest, TakesItsLinkDownAndLeavesItAsFound) {
  EXPECT_TRUE(inside_->set_link_up(false));
  EXPECT_FALSE(Interface("client").has_carrier());
  EXPECT_THAT(inside_->degraded(), testing::ElementsAre(HasSubstr("taken down")));
  EXPECT_TRUE(inside_->set_link_up(true));
  EXPECT_TRUE(Interface("client").has_carrier());
  EXPECT_TRUE(inside_->set_link_up(false));
  inside_.reset();
  EXPECT_TRUE(Interface("client").has_carrier());
}

TEST_F(PacketSocketPortTest, LosesFramesButNotItselfWhereThePoolIsEmpty) {
  std::vector<Packet*> all;
  while (Packet* packet = pool_.make_packet(Bytes(60))) all.push_back(packet);
  ASSERT_TRUE(client_->send(frame_of({0x88b5}, 60)));
  EXPECT_EQ(cross(1, 50ms), 0u);
  EXPECT_EQ(inside_->statistics().missed, 1u);
  for (Packet* packet : all) free_packet(packet);
  EXPECT_TRUE(passes(frame_of({0x88b5}, 60)));
}

TEST_F(PacketSocketPortTest, SaysWhatItCannotOpen) {
  const auto absent = PacketSocketPort::open({"left", "af_packet", "nowhere", 1, 0}, pool_);
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.diagnostics().front().text, "port left: there is no device nowhere");
  const auto loopback = PacketSocketPort::open({"left", "af_packet", "lo", 1, 0}, pool_);
  ASSERT_FALSE(loopback);
  EXPECT_EQ(loopback.diagnostics().front().text, "port left: lo is no Ethernet device");
}

}  // namespace
}  // namespace slowlane

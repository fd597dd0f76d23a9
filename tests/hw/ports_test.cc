#include "hw/ports.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <chrono>
#include <set>

#include "hw/capture_reader.h"
#include "hw/interface.h"
#include "tests/support/capture_bytes.h"
#include "tests/support/eal_environment.h"
#include "tests/support/own_network.h"
#include "tests/support/temp_folder.h"

namespace slowlane {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

PortSpec spec_of(const std::string& kind, const std::string& device, const std::string& options = {}) {
  PortSpec spec;
  spec.name = "p";
  spec.kind = kind;
  spec.device = device;
  spec.options = options;
  return spec;
}

std::string why_not(const Result<std::unique_ptr<LivePort>>& port) {
  return port ? "it opened" : port.diagnostics().front().text;
}

TEST(Ports, EveryKindHasANameOfItsOwnAndAWayIn) {
  std::set<std::string_view> names;
  for (const PortKind& kind : port_kinds()) {
    EXPECT_TRUE(names.insert(kind.name).second) << kind.name;
    EXPECT_EQ(find_port_kind(kind.name), &kind);
    EXPECT_NE(kind.open, nullptr);
    EXPECT_NE(kind.preflight, nullptr);
  }
  for (const char* asked : {"pci", "af_packet", "af_xdp", "tap", "ring", "null", "capture"})
    EXPECT_TRUE(names.count(asked));
}

TEST(Ports, AMisspeltKindIsToldTheRightOne) {
  PacketPool pool(8);
  EXPECT_THAT(why_not(open_port(spec_of("af_paket", "x"), pool)), HasSubstr("did you mean \"af_packet\"?"));
  const Findings found = preflight(spec_of("af_paket", "x"));
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].weight, Finding::Weight::error);
}

TEST(Ports, ANullPortIsAnEndlessSourceAndASink) {
  PacketPool pool(4096);
  auto port = open_port(spec_of("null", "", "size=100"), pool);
  ASSERT_TRUE(port) << why_not(port);
  Burst burst;
  port.value()->receive(0, burst);
  ASSERT_EQ(burst.count, Burst::kCapacity);
  EXPECT_EQ(burst.packets[0]->bytes().size(), 100u);
  EXPECT_EQ(burst.packets[0]->wire_length, 100u);
  EXPECT_EQ(burst.packets[0]->flow, nullptr);
  port.value()->send(0, burst);
  EXPECT_EQ(burst.count, 0);
  EXPECT_EQ(port.value()->statistics().received_bytes, 3200u);
  EXPECT_EQ(port.value()->statistics().sent_packets, 32u);
  port.value().reset();
  EXPECT_EQ(pool.out(), 0u);
}

TEST(Ports, ARingGivesBackWhatWasSentWithAFreshNote) {
  PacketPool pool(64);
  auto port = open_port(spec_of("ring", ""), pool);
  ASSERT_TRUE(port) << why_not(port);
  EXPECT_TRUE(port.value()->link_up());
  Burst burst;
  Packet* sent = pool.make_packet(some_bytes(60));
  sent->marked = true;
  burst.add(sent);
  port.value()->send(0, burst);
  port.value()->receive(0, burst);
  ASSERT_EQ(burst.count, 1);
  EXPECT_EQ(burst.packets[0], sent);
  EXPECT_FALSE(sent->marked);
  EXPECT_THAT(burst.packets[0]->bytes(), testing::ElementsAreArray(some_bytes(60)));
  free_packet(sent);
}

TEST(Ports, ARingThatIsFullLeavesTheRestToTheCaller) {
  PacketPool pool(4096);
  auto port = open_port(spec_of("ring", ""), pool);
  ASSERT_TRUE(port) << why_not(port);
  std::uint64_t made = 0;
  Burst burst;
  while (burst.count == 0 && made < 4096) {
    burst.add(pool.make_packet(some_bytes(60)));
    ++made;
    port.value()->send(0, burst);
  }
  EXPECT_EQ(burst.count, 1);
  EXPECT_EQ(port.value()->statistics().sent_packets, made - 1);
  for (Packet* packet : burst) free_packet(packet);
  std::uint64_t back = 0;
  for (burst.clear(); port.value()->receive(0, burst), burst.count > 0; burst.clear())
    for (Packet* packet : burst) free_packet(packet), ++back;
  EXPECT_EQ(back, made - 1);
}

TEST(Ports, RefusePacketsWithoutRoomForTheirFrames) {
  PacketPool pool(64);
  PortSpec spec = spec_of("null", "");
  spec.mtu = 9000;
  EXPECT_THAT(why_not(open_port(spec, pool)), HasSubstr("packets have no room for frames of an MTU of 9000"));
}

TEST(Ports, SayWhatThePoolHasToBe) {
  PortSpec nic = spec_of("pci", "0000:03:00.0");
  nic.queues = 2;
  nic.mtu = 9216;
  const std::vector<PortSpec> specs{nic, spec_of("af_packet", "nowhere")};
  const PoolNeed need = pool_need(specs);
  EXPECT_EQ(need.packets, 4096u);
  EXPECT_EQ(need.shape.room, longest_frame(9216));
  EXPECT_EQ(need.shape.writers, PacketPool::Shape::Writers::devices);
  EXPECT_EQ(pool_need(std::span(specs).last(1)).shape.writers, PacketPool::Shape::Writers::process);
}

class KernelPortsTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!network_.why_not().empty()) GTEST_SKIP() << network_.why_not();
    ASSERT_TRUE(network_.add_cable("in", "client"));
  }
  // Whether frames come in and go out.
  void works(LivePort& port) {
    const FarEnd client("client");
    const Bytes frame = some_bytes(80);
    Burst burst;
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(3);
    while (burst.count == 0 && std::chrono::steady_clock::now() < end) {
      client.send(frame);
      port.receive(0, burst);
    }
    ASSERT_GT(burst.count, 0);
    EXPECT_THAT(burst.packets[0]->bytes(), testing::ElementsAreArray(frame));
    port.send(0, burst);
    EXPECT_EQ(client.receive(), frame);
    EXPECT_GT(port.statistics().received_packets, 0u);
  }
  OwnNetwork network_;
  PacketPool pool_{3 * 8192};
};

TEST_F(KernelPortsTest, OpenOverAnInterfaceInEveryWay) {
  for (const char* kind : {"af_packet", "af_packet_dpdk", "af_xdp"}) {
    SCOPED_TRACE(kind);
    auto port = open_port(spec_of(kind, "in"), pool_);
    ASSERT_TRUE(port) << why_not(port);
    EXPECT_TRUE(port.value()->link_up());
    works(*port.value());
    ASSERT_TRUE(network_.ip("link set client down"));
    EXPECT_FALSE(port.value()->link_up());
    ASSERT_TRUE(network_.ip("link set client up"));
  }
}

TEST_F(KernelPortsTest, ATapIsMadeAndGoesWithItsPort) {
  PortSpec spec = spec_of("tap", "sl-tap");
  spec.mtu = 1400;
  auto port = open_port(spec, pool_);
  ASSERT_TRUE(port) << why_not(port);
  EXPECT_EQ(Interface("sl-tap").mtu(), 1400u);
  EXPECT_TRUE(port.value()->link_up());
  const FarEnd kernel("sl-tap");
  Burst burst;
  burst.add(pool_.make_packet(some_bytes(1414)));
  port.value()->send(0, burst);
  EXPECT_EQ(kernel.receive(), some_bytes(1414));
  port.value().reset();
  EXPECT_EQ(Interface("sl-tap").index(), 0);
}

TEST_F(KernelPortsTest, ASecondPortOnADeviceIsToldWhoHasIt) {
  auto first = open_port(spec_of("af_packet", "in"), pool_);
  ASSERT_TRUE(first) << why_not(first);
  const std::string who = "in is in use by another slowlane, process " + std::to_string(getpid());
  EXPECT_EQ(why_not(open_port(spec_of("af_xdp", "in"), pool_)), "port p: " + who);
  EXPECT_THAT(preflight(spec_of("af_packet", "in")), Contains(testing::Field(&Finding::text, who)));
  first.value().reset();
  EXPECT_TRUE(open_port(spec_of("af_packet", "in"), pool_));
}

TEST(Ports, ACaptureIsPlayedOnceAndWhatLeavesIsWritten) {
  const TempFolder folder;
  const std::string in = folder.file("in.pcap");
  const std::string out = folder.file("out.pcapng");
  PcapBytes file;
  for (unsigned i = 0; i < 30; ++i) file.frame(1000 + i, 0, some_bytes(60, i));
  folder.write("in.pcap", file.bytes());
  PcapBytes more;
  for (unsigned i = 30; i < 40; ++i) more.frame(2000 + i, 0, some_bytes(60, i));
  PacketPool pool(64);
  auto port =
      open_port(spec_of("capture", in + "," + folder.write("more.pcap", more.bytes()), "pace=fast,write=" + out), pool);
  ASSERT_TRUE(port) << why_not(port);
  EXPECT_THAT(port.value()->degraded(), testing::IsEmpty());
  unsigned came = 0;
  for (int turn = 0; turn < 5; ++turn) {
    Burst burst;
    port.value()->receive(0, burst);
    for (Packet* packet : burst) {
      EXPECT_THAT(packet->bytes(), testing::ElementsAreArray(some_bytes(60, came++)));
      EXPECT_EQ(packet->arrival, 0);
    }
    port.value()->send(0, burst);
  }
  EXPECT_EQ(came, 40u);
  EXPECT_EQ(port.value()->statistics().sent_packets, 40u);
  EXPECT_THAT(port.value()->degraded(), ElementsAre(HasSubstr("end")));
  port.value().reset();
  auto written = CaptureReader::open(out);
  ASSERT_TRUE(written);
  for (unsigned i = 0; i < 40; ++i) {
    const CapturedFrame* frame = written.value()->next();
    ASSERT_NE(frame, nullptr);
    EXPECT_THAT(frame->bytes, testing::ElementsAreArray(some_bytes(60, i)));
  }
}

TEST(Ports, ACaptureKeepsItsPace) {
  const TempFolder folder;
  PcapBytes file;
  file.frame(1000, 0, some_bytes(60)).frame(1000, 20'000, some_bytes(60)).frame(2000, 0, some_bytes(60));
  folder.write("in.pcap", file.bytes());
  PacketPool pool(8);
  auto port = open_port(spec_of("capture", folder.file("in.pcap")), pool);
  ASSERT_TRUE(port) << why_not(port);
  const auto begin = std::chrono::steady_clock::now();
  Burst burst;
  port.value()->receive(0, burst);
  EXPECT_EQ(burst.count, 1);
  while (burst.count == 1) port.value()->receive(0, burst);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(19));
  EXPECT_EQ(burst.count, 2) << "the third is due in a thousand seconds";
  for (Packet* packet : burst) free_packet(packet);
}

TEST(Ports, APacketSocketRefusesOptionsThatItDoesNotKnow) {
  const auto told = [](const char* options) {
    for (const Finding& one : preflight(spec_of("af_packet", "lo", options)))
      if (one.text.find("ring") != std::string::npos && one.weight == Finding::Weight::error) return one.text;
    return std::string();
  };
  EXPECT_EQ(told("ring=64MiB"), "");
  EXPECT_EQ(told("rings=64MiB"), "kind af_packet has no option rings; there is ring=SIZE, like ring=64MiB");
  EXPECT_EQ(told("ring=512KiB"), "ring: 512KiB is not between 1MiB and 1GiB");
  EXPECT_EQ(told("ring=2GiB"), "ring: 2GiB is not between 1MiB and 1GiB");
  EXPECT_THAT(told("ring=64"), HasSubstr("ring: "));
  EXPECT_THAT(told("ring"), HasSubstr("ring: "));
}

TEST(Ports, ACaptureRefusesOptionsThatItDoesNotKnow) {
  PacketPool pool(8);
  EXPECT_THAT(why_not(open_port(spec_of("capture", "x.pcap", "speed=2"), pool)), HasSubstr("no option speed"));
  EXPECT_THAT(why_not(open_port(spec_of("capture", "x.pcap", "pace=slow"), pool)), HasSubstr("pace is real or fast"));
  EXPECT_THAT(why_not(open_port(spec_of("capture", "/nowhere.pcap"), pool)), HasSubstr("No such file"));
  EXPECT_THAT(why_not(open_port(spec_of("capture", "x.pcap", "write=x.pcap"), pool)), HasSubstr("overwrite"));
}

}  // namespace
}  // namespace slowlane

// libxdp loses 80 bytes of a socket that it could not make, which is what one of the tests asks for.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:xsk_umem__create\n"; }

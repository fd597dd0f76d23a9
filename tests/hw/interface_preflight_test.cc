#include "hw/interface_preflight.h"

#include <gmock/gmock.h>

#include "tests/support/own_network.h"

namespace slowlane {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;

auto error(const std::string& text) {
  return AllOf(Field(&Finding::weight, Finding::Weight::error), Field(&Finding::text, HasSubstr(text)));
}
auto warning(const std::string& text) {
  return AllOf(Field(&Finding::weight, Finding::Weight::warning), Field(&Finding::text, HasSubstr(text)));
}

class InterfacePreflightTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!network_.why_not().empty()) GTEST_SKIP() << network_.why_not();
    ASSERT_TRUE(network_.add_cable("veth-in", "client"));
  }
  static PortSpec on(const std::string& device, std::uint32_t mtu = 0) {
    return {"p", "af_packet", device, 1, mtu, {}};
  }
  OwnNetwork network_;
};

TEST_F(InterfacePreflightTest, IsContentWithACableThatIsUp) {
  EXPECT_THAT(preflight_interface(on("veth-in")), IsEmpty());
  EXPECT_THAT(preflight_xdp(on("veth-in")), IsEmpty());
}

TEST_F(InterfacePreflightTest, NamesTheDeviceThatWasMeant) {
  EXPECT_THAT(preflight_interface(on("veth-im")),
              ElementsAre(error("there is no device veth-im here; did you mean \"veth-in\"? (there are lo, ")));
}

TEST_F(InterfacePreflightTest, TakesNothingButEthernet) {
  EXPECT_THAT(preflight_interface(on("lo")), ElementsAre(error("lo is no Ethernet device")));
}

TEST_F(InterfacePreflightTest, SaysHowADeviceComesUp) {
  ASSERT_TRUE(network_.ip("link set veth-in down"));
  EXPECT_THAT(preflight_interface(on("veth-in")), ElementsAre(warning("ip link set veth-in up")));
}

TEST_F(InterfacePreflightTest, WarnsOfAMachineThatAnswersItself) {
  ASSERT_TRUE(network_.ip("address add 192.0.2.1/24 dev veth-in"));
  EXPECT_THAT(preflight_interface(on("veth-in")), ElementsAre(warning("(192.0.2.1): ip address flush dev veth-in")));
}

TEST_F(InterfacePreflightTest, ComparesTheMtuAskedForWithTheDevices) {
  EXPECT_THAT(preflight_interface(on("veth-in", 9000)), ElementsAre(warning("ip link set veth-in mtu 9000")));
  EXPECT_THAT(preflight_interface(on("veth-in", 1400)), ElementsAre(warning("frames over 1400 bytes are dropped")));
  ASSERT_TRUE(network_.ip("link set veth-in mtu 20000"));
  EXPECT_THAT(preflight_interface(on("veth-in")), ElementsAre(warning("frames over 9216 bytes are dropped")));
}

TEST_F(InterfacePreflightTest, XdpWantsASmallMtuOnTheOtherEnd) {
  ASSERT_TRUE(network_.ip("link set client mtu 9000"));
  EXPECT_THAT(preflight_xdp(on("veth-in")), ElementsAre(error("ip link set client mtu 1500")));
}

TEST_F(InterfacePreflightTest, XdpWantsPacketsWithinAPage) {
  ASSERT_TRUE(network_.ip("link set veth-in mtu 3400"));
  EXPECT_THAT(preflight_xdp(on("veth-in")), ElementsAre(error("at most 3050, not 3400: ip link set veth-in mtu 1500")));
  ASSERT_TRUE(network_.ip("link set veth-in mtu 3050"));
  EXPECT_THAT(preflight_xdp(on("veth-in")), IsEmpty());
}

TEST_F(InterfacePreflightTest, XdpReadsEveryQueueOfADevice) {
  if (!network_.ip("link add many numrxqueues 4 numtxqueues 4 type veth peer name other numrxqueues 4 numtxqueues 4") ||
      !network_.run("ethtool -L many rx 4 tx 4"))
    GTEST_SKIP() << "no veth with queues here";
  ASSERT_TRUE(network_.ip("link set many up"));
  EXPECT_THAT(preflight_xdp(on("many")), ElementsAre(error("over 4 queues, of which 1 would be read")));
}

TEST_F(InterfacePreflightTest, ATapMakesItsOwnDevice) {
  EXPECT_THAT(preflight_tap(on("fresh")), IsEmpty());
  EXPECT_THAT(preflight_tap(on("fresh", 9000)), ElementsAre(error("up to an MTU of 1500")));
  EXPECT_THAT(preflight_tap(on("veth-in")), ElementsAre(error("kind tap makes its own")));
}

TEST_F(InterfacePreflightTest, RefusesAPartOfABridge) {
  if (!network_.ip("link add br0 type bridge") || !network_.ip("link set veth-in master br0"))
    GTEST_SKIP() << "no bridge";
  EXPECT_THAT(preflight_interface(on("veth-in")), ElementsAre(error("nomaster")));
}

}  // namespace
}  // namespace slowlane

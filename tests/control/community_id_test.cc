#include "control/community_id.h"

#include <gtest/gtest.h>

namespace slowlane {
namespace {

// A flow from `client` to `server`; the expected ids are what tshark 4.0's communityid prints for such packets.
Flow flow_of(std::uint8_t transport, const char* client, std::uint16_t client_port, const char* server,
             std::uint16_t server_port) {
  Flow flow;
  flow.key.transport = transport;
  flow.key.low = *parse_address(client);
  flow.key.low_port = client_port;
  flow.key.high = *parse_address(server);
  flow.key.high_port = server_port;
  return flow;
}

std::string icmp4(const char* client, const char* server, IcmpHead head) {
  return community_id(flow_of(1, client, 0, server, 0), head);
}
std::string icmp6(const char* client, const char* server, IcmpHead head) {
  return community_id(flow_of(58, client, 0, server, 0), head);
}

TEST(CommunityId, OfTcpAndUdpIsTsharks) {
  EXPECT_EQ(community_id(flow_of(6, "128.232.110.120", 34855, "66.35.250.204", 80), {}),
            "1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
  EXPECT_EQ(community_id(flow_of(6, "192.0.2.1", 40000, "198.51.100.7", 443), {}), "1:lWOTJwBjzASkHgo+w0kukpG9z0M=");
  EXPECT_EQ(community_id(flow_of(17, "2001:db8::1", 5353, "2001:db8::2", 53), {}), "1:sEzqFsMvqwEs2PgSeOAwGpzkZJo=");
  EXPECT_EQ(community_id(flow_of(132, "192.0.2.1", 5000, "198.51.100.7", 6000), {}), "1:dFtjhHMN4aDPvr08U257RCTqrNQ=");
}

TEST(CommunityId, IsTheSameFromBothEnds) {
  Flow flow = flow_of(6, "192.0.2.1", 40000, "198.51.100.7", 443);
  const std::string id = community_id(flow, {});
  flow.client_is_low = false;
  EXPECT_EQ(community_id(flow, {}), id);
}

TEST(CommunityId, OfIcmpWithAnAnswerPairsTypes) {
  EXPECT_EQ(icmp4("192.0.2.1", "198.51.100.7", {8, 0}), "1:gWq+zk/5wiECNk6+x16LEy0O2tI=");
  EXPECT_EQ(icmp4("198.51.100.7", "192.0.2.1", {0, 0}), icmp4("192.0.2.1", "198.51.100.7", {8, 0}));
  EXPECT_EQ(icmp4("198.51.100.7", "192.0.2.1", {8, 0}), "1:lBpHIFXLdBM0U1243yAf5wKGrJk=");
  EXPECT_EQ(icmp6("2001:db8::1", "2001:db8::2", {128, 0}), "1:u2vMS3HiWth2lIMKHB1fjELshpQ=");
}

TEST(CommunityId, OfIcmpWithoutAnAnswerKeepsItsDirection) {
  EXPECT_EQ(icmp4("192.0.2.1", "198.51.100.7", {3, 1}), "1:onF54MbIL2+wIrzmNRbeRvTE6x8=");
  EXPECT_EQ(icmp4("198.51.100.7", "192.0.2.1", {11, 0}), "1:nVcu/fq+e4b5FmusP6YtJaP45hU=");
  EXPECT_EQ(icmp6("2001:db8::2", "2001:db8::1", {1, 4}), "1:qxd1LeYGiZWewhdgFCEH4g39f1w=");
}

TEST(CommunityId, OfOtherTransportsHasNoPorts) {
  EXPECT_EQ(community_id(flow_of(50, "198.51.100.7", 0, "192.0.2.1", 0), {}), "1:UhROjTEXmDxRjREyYUYIzZQe3GU=");
}

}  // namespace
}  // namespace slowlane

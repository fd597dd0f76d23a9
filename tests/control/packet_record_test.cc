#include "control/packet_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/loose_packet.h"

namespace slowlane {
namespace {

using testing::ElementsAre;

class Numbers : public RecordSink {
 public:
  void record(const PacketRecord& record) noexcept override { seen.push_back(record.number); }
  std::vector<std::uint64_t> seen;
};

PacketRecord numbered(std::uint64_t number) {
  PacketRecord record;
  record.number = number;
  return record;
}

TEST(PacketRecord, KeepsWhatAPacketSays) {
  const LoosePacket packet =
      make_loose(Frame().ethernet().ipv4("192.0.2.1", "198.51.100.7").tcp(40000, 443).seq(77).payload("hello"));
  packet->number = 3;
  packet->frame = 9;
  packet->arrival = 100;
  packet->departure = 250;
  packet->flow_id = 5;
  packet->side = Side::outside;
  packet->cut_bytes = 5;
  const PacketRecord record = PacketRecord::of(*packet, {false, DropReason::lose});
  EXPECT_EQ(record.number, 3u);
  EXPECT_EQ(record.frame, 9u);
  EXPECT_EQ(record.flow_id, 5u);
  EXPECT_EQ(record.bytes, 45u);
  EXPECT_EQ(record.cut_bytes, 5u);
  EXPECT_EQ(record.payload_bytes, 5u);
  EXPECT_EQ(record.tcp_seq, 77u);
  EXPECT_EQ(record.direction(), Direction::down);
  EXPECT_EQ(record.departure, 250);
  EXPECT_TRUE(record.is_ip);
  EXPECT_TRUE(record.is_tcp);
  EXPECT_FALSE(record.sent);
  EXPECT_EQ(record.reason, DropReason::lose);
}

TEST(PacketRecord, OfAFrameThatIsNotIpCountsItsWireLength) {
  const LoosePacket packet = make_loose(Frame().ethernet().ether_type(0x0806).payload_size(28));
  const PacketRecord record = PacketRecord::of(*packet, {});
  EXPECT_FALSE(record.is_ip);
  EXPECT_EQ(record.bytes, packet->wire_length);
}

TEST(ReceptionOrder, HandsOnAtOnceWhatComesInOrder) {
  Numbers numbers;
  ReceptionOrder order;
  EXPECT_FALSE(order.has_sinks());
  order.add_sink(numbers);
  order.add(numbered(1));
  order.add(numbered(2));
  EXPECT_THAT(numbers.seen, ElementsAre(1, 2));
}

TEST(ReceptionOrder, KeepsWhatWaitsBehindAHeldPacket) {
  Numbers numbers;
  ReceptionOrder order;
  order.add_sink(numbers);
  order.add(numbered(3));
  order.add(numbered(2));
  EXPECT_THAT(numbers.seen, ElementsAre());
  order.add(numbered(1));
  EXPECT_THAT(numbers.seen, ElementsAre(1, 2, 3));
  order.add(numbered(4));
  EXPECT_THAT(numbers.seen, ElementsAre(1, 2, 3, 4));
}

TEST(ReceptionOrder, StepsOverPacketsThatNeverLeft) {
  Numbers numbers;
  ReceptionOrder order;
  order.add_sink(numbers);
  order.add(numbered(1));
  order.add(numbered(3));
  order.add(numbered(6));
  order.finish();
  EXPECT_THAT(numbers.seen, ElementsAre(1, 3, 6));
}

TEST(ReceptionOrder, FeedsEverySink) {
  Numbers one;
  Numbers two;
  ReceptionOrder order;
  order.add_sink(one);
  order.add_sink(two);
  order.add(numbered(1));
  EXPECT_EQ(one.seen, two.seen);
}

}  // namespace
}  // namespace slowlane

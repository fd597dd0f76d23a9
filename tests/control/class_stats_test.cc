#include "control/class_stats.h"

#include <gtest/gtest.h>

#include "tests/support/loose_packet.h"

namespace slowlane {
namespace {

LoosePacket packet(std::uint64_t number, Nanos arrival, Nanos departure, std::size_t payload,
                   Side side = Side::inside) {
  LoosePacket made = make_loose(Frame().ethernet().ipv4("192.0.2.1", "198.51.100.7").udp(1, 2).payload_size(payload));
  made->number = number;
  made->arrival = arrival;
  made->departure = departure;
  made->side = side;
  return made;
}

TEST(PeakMeter, FindsTheBusiestSecondWhereverItLies) {
  PeakMeter meter;
  meter.add(600 * kMillisecond, 100);
  meter.add(1400 * kMillisecond, 100);
  meter.add(5 * kSecond, 150);
  EXPECT_EQ(meter.peak_bps(), 200u * 8);
}

TEST(PeakMeter, ForgetsWhatIsASecondOld) {
  PeakMeter meter;
  meter.add(0, 100);
  meter.add(kSecond, 100);
  EXPECT_EQ(meter.peak_bps(), 100u * 8);
}

TEST(PeakMeter, TakesTimesThatStepBack) {
  PeakMeter meter;
  meter.add(2 * kSecond, 100);
  meter.add(kSecond, 50);
  EXPECT_EQ(meter.peak_bps(), 150u * 8);
}

TEST(ClassTimes, RateLeavesOutTheFirstPacket) {
  ClassTimes times;
  times.packet(*packet(1, 0, 0, 972), {});
  times.packet(*packet(2, kSecond, kSecond, 972), {});
  times.packet(*packet(3, 2 * kSecond, 2 * kSecond, 972), {});
  EXPECT_DOUBLE_EQ(times.sent_bps(Direction::up), 8000);
  EXPECT_DOUBLE_EQ(times.sent_bps(Direction::down), 0);
}

TEST(ClassTimes, FirstPacketIsTheOneReceivedFirstThoughItLeavesLater) {
  ClassTimes times;
  times.packet(*packet(2, kSecond, kSecond, 972), {});
  times.packet(*packet(1, 0, 2 * kSecond, 472), {});
  EXPECT_DOUBLE_EQ(times.sent_bps(Direction::up), 4000);
}

TEST(ClassTimes, DropsStretchTheTimeButSendNothing) {
  ClassTimes times;
  times.packet(*packet(1, 0, 0, 972), {});
  times.packet(*packet(2, kSecond, kSecond, 972), {});
  times.packet(*packet(3, 2 * kSecond, 2 * kSecond, 972), {false, DropReason::police});
  EXPECT_DOUBLE_EQ(times.sent_bps(Direction::up), 4000);
  EXPECT_EQ(times.delay.count(), 2u);
}

TEST(ClassTimes, OfOnePacketHaveNoRate) {
  ClassTimes times;
  times.packet(*packet(1, 0, 0, 972), {});
  EXPECT_EQ(times.sent_bps(Direction::up), 0);
}

TEST(ClassTimes, KeepDelaysOfWhatWasSent) {
  ClassTimes times;
  times.packet(*packet(1, 0, 80 * kMillisecond, 100), {});
  EXPECT_EQ(times.delay.max(), 80 * kMillisecond);
}

}  // namespace
}  // namespace slowlane

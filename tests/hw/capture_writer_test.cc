#include "hw/capture_writer.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <random>

#include "hw/capture_reader.h"
#include "tests/support/capture_bytes.h"
#include "tests/support/eal_environment.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tshark.h"

namespace slowlane {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::HasSubstr;
using testing::IsEmpty;
using Way = WrittenFrame::Way;

constexpr Nanos kTime = 1616000000'123456789;

std::unique_ptr<CaptureWriter> create(const std::string& path) {
  return std::move(CaptureWriter::create(path, "slowlane test").value());
}

std::unique_ptr<CaptureReader> open(const std::string& path) { return std::move(CaptureReader::open(path).value()); }

WrittenFrame frame_of(const Bytes& bytes, Nanos time = kTime) {
  return {time, Side::inside, Way::in, 1, static_cast<std::uint32_t>(bytes.size()), bytes, {}};
}

TEST(CaptureWriter, WhatItWritesIsReadBackTheSame) {
  const TempFolder folder;
  for (const std::string name : {"a.pcap", "a.pcapng"}) {
    std::mt19937_64 random(5);
    const auto writer = create(folder.file(name));
    for (unsigned i = 0; i < 500; ++i) {
      const Bytes bytes = some_bytes(random() % 3000, i);
      WrittenFrame frame = frame_of(bytes, kTime + i * 1'000'000'007);
      frame.side = random() % 2 == 0 ? Side::inside : Side::outside;
      frame.wire_length += static_cast<std::uint32_t>(random() % 3);
      writer->write(frame);
    }
    EXPECT_EQ(writer->frames(), 500u);
    ASSERT_EQ(writer->finish(), std::nullopt);
    random.seed(5);
    const auto reader = open(folder.file(name));
    for (unsigned i = 0; i < 500; ++i) {
      const CapturedFrame* frame = reader->next();
      ASSERT_NE(frame, nullptr);
      const Bytes bytes = some_bytes(random() % 3000, i);
      random();
      ASSERT_THAT(frame->bytes, ElementsAreArray(bytes));
      EXPECT_EQ(frame->time, kTime + i * 1'000'000'007);
      EXPECT_EQ(frame->wire_length, bytes.size() + random() % 3);
      EXPECT_EQ(frame->dlt, 1);
    }
    EXPECT_EQ(reader->next(), nullptr);
    EXPECT_EQ(reader->warning(), "");
  }
}

TEST(CaptureWriter, KeepsExactLinkTypesAndSidesApartInPcapng) {
  const TempFolder folder;
  const auto writer = create(folder.file("a.pcapng"));
  const Bytes bytes = some_bytes(60);
  for (const auto& [side, dlt] :
       {std::pair{Side::outside, 101}, {Side::inside, 113}, {Side::outside, 12}, {Side::inside, 113}}) {
    WrittenFrame frame = frame_of(bytes);
    frame.side = side;
    frame.dlt = static_cast<std::uint16_t>(dlt);
    writer->write(frame);
  }
  ASSERT_EQ(writer->finish(), std::nullopt);
  const auto reader = open(folder.file("a.pcapng"));
  std::vector<std::pair<std::uint32_t, int>> seen;
  while (const CapturedFrame* frame = reader->next()) seen.emplace_back(frame->interface, frame->dlt);
  EXPECT_THAT(seen, ElementsAre(std::pair{0, 101}, std::pair{1, 113}, std::pair{2, 12}, std::pair{1, 113}));
}

TEST(CaptureWriter, RefusesASecondLinkTypeInPcapAndNamesPcapng) {
  const TempFolder folder;
  const auto writer = create(folder.file("a.pcap"));
  const Bytes bytes = some_bytes(60);
  WrittenFrame frame = frame_of(bytes);
  writer->write(frame);
  EXPECT_FALSE(writer->failed());
  frame.dlt = 101;
  writer->write(frame);
  EXPECT_TRUE(writer->failed());
  const auto problem = writer->finish();
  ASSERT_TRUE(problem);
  EXPECT_EQ(problem->print(), folder.file("a.pcap") +
                                  ": a pcap file holds one link type, and these frames have several (1, then 101): "
                                  "write a .pcapng file instead");
}

TEST(CaptureWriter, LeavesNothingAfterAFailure) {
  const TempFolder folder;
  {
    const auto writer = create(folder.file("a.pcap"));
    const Bytes bytes = some_bytes(60);
    WrittenFrame frame = frame_of(bytes);
    writer->write(frame);
    frame.dlt = 101;
    writer->write(frame);
    EXPECT_TRUE(writer->finish());
  }
  EXPECT_THAT(folder.names(), IsEmpty());
}

TEST(CaptureWriter, AFileWithoutFramesIsStillACapture) {
  const TempFolder folder;
  for (const std::string name : {"a.pcap", "a.pcapng"}) {
    ASSERT_EQ(create(folder.file(name))->finish(), std::nullopt);
    const auto reader = open(folder.file(name));
    EXPECT_EQ(reader->next(), nullptr);
    EXPECT_EQ(reader->warning(), "");
  }
}

TEST(CaptureWriter, SaysThatTheDiskIsFull) {
  if (access("/dev/full", W_OK) != 0) GTEST_SKIP() << "no /dev/full here";
  const auto writer = std::move(CaptureWriter::create("/dev/full", CaptureWriter::Format::pcapng, "test").value());
  const Bytes bytes = some_bytes(60000);
  for (int i = 0; i < 10; ++i) writer->write(frame_of(bytes));
  EXPECT_TRUE(writer->failed());
  EXPECT_EQ(writer->finish()->print(), "/dev/full: cannot be written: No space left on device");
}

TEST(CaptureWriter, ReadsTheFormatFromTheEnding) {
  using Format = CaptureWriter::Format;
  EXPECT_EQ(CaptureWriter::format_of("x/a.pcapng"), Format::pcapng);
  EXPECT_EQ(CaptureWriter::format_of("a.pcap"), Format::pcap);
  EXPECT_EQ(CaptureWriter::format_of("a.cap"), Format::pcap);
  EXPECT_EQ(CaptureWriter::format_of("-"), Format::pcapng);
  EXPECT_EQ(CaptureWriter::format_of("a.txt"), std::nullopt);
  EXPECT_THAT(CaptureWriter::create("a.txt", "").diagnostics().at(0).print(),
              HasSubstr("a.txt: a capture is written to a name that ends in .pcapng or .pcap"));
}

TEST(CaptureWriter, WritesAPacketAsItLeavesAndAsItWasDropped) {
  PacketPool pool(2);
  Packet* packet = pool.make_packet(some_bytes(64));
  packet->wire_length = 1514;
  packet->departure = kTime;
  packet->dlt = 276;
  const WrittenFrame leaving = WrittenFrame::leaving(*packet);
  EXPECT_EQ(leaving.side, Side::outside);
  EXPECT_EQ(leaving.way, Way::out);
  EXPECT_EQ(leaving.time, kTime);
  EXPECT_EQ(leaving.dlt, 276);
  EXPECT_EQ(leaving.wire_length, 1514u);
  const WrittenFrame dropped = WrittenFrame::dropped(*packet);
  EXPECT_EQ(dropped.side, Side::inside);
  EXPECT_EQ(dropped.way, Way::in);
  packet->reset = true;
  EXPECT_EQ(WrittenFrame::leaving(*packet).wire_length, 64u) << "a reset is a whole frame";
  free_packet(packet);
}

TEST(CaptureWriter, IsReadByTsharkToTheLastField) {
  if (!tshark_is_there()) GTEST_SKIP() << "tshark is not installed";
  const TempFolder folder;
  const auto writer = create(folder.file("a.pcapng"));
  const Bytes bytes = some_bytes(61);
  writer->write({kTime, Side::outside, Way::out, 1, 1514, bytes, "frame 1 sent"});
  writer->write({kTime + 1, Side::inside, Way::in, 147, 61, bytes, {}});
  const std::string long_comment(70000, 'x');
  writer->write({kTime + 2, Side::outside, Way::out, 1, 61, bytes, long_comment});
  ASSERT_EQ(writer->finish(), std::nullopt);
  EXPECT_THAT(
      tshark(folder.file("a.pcapng"), {"frame.time_epoch", "frame.len", "frame.cap_len", "frame.interface_name",
                                       "frame.packet_flags_direction"}),
      ElementsAre("1616000000.123456789,1514,61,outside,0x00000002", "1616000000.123456790,61,61,inside,0x00000001",
                  "1616000000.123456791,61,61,outside,0x00000002"));
  const auto comments = tshark(folder.file("a.pcapng"), {"frame.comment"});
  ASSERT_EQ(comments.size(), 3u);
  EXPECT_EQ(comments[0], "frame 1 sent");
  EXPECT_EQ(comments[1], "");
  EXPECT_THAT(comments[2], HasSubstr("xxxxxxxx"));
}

TEST(CaptureWriter, ItsPcapIsReadByTsharkToTheNanosecond) {
  if (!tshark_is_there()) GTEST_SKIP() << "tshark is not installed";
  const TempFolder folder;
  const auto writer = create(folder.file("a.pcap"));
  const Bytes bytes = some_bytes(61);
  writer->write({kTime, Side::outside, Way::out, 147, 1514, bytes, "no room for this"});
  ASSERT_EQ(writer->finish(), std::nullopt);
  EXPECT_THAT(tshark(folder.file("a.pcap"), {"frame.time_epoch", "frame.len", "frame.cap_len"}),
              ElementsAre("1616000000.123456789,1514,61"));
}

}  // namespace
}  // namespace slowlane

#include "hw/pcap_format.h"

#include <gmock/gmock.h>

#include "tests/support/capture_bytes.h"

namespace slowlane {
namespace {

using testing::ElementsAreArray;
using testing::HasSubstr;

// Reads a whole file; its frames are copied, because the reader's own do not last.
struct Read {
  explicit Read(const Bytes& file) : window(file) {
    auto format = PcapFormat::recognise(file);
    if (!format) return;
    recognised = true;
    while (const CapturedFrame* frame = format->next(window)) {
      frames.push_back(*frame);
      bytes.emplace_back(frame->bytes.begin(), frame->bytes.end());
    }
    problem = format->problem();
  }
  ByteWindow window;
  bool recognised = false;
  std::vector<CapturedFrame> frames;
  std::vector<Bytes> bytes;
  std::string problem;
};

using Style = PcapBytes::Style;

TEST(PcapFormat, ReadsMicroAndNanosecondsInEitherByteOrder) {
  for (const ByteOrder order : {ByteOrder::little, ByteOrder::big}) {
    const Style micro{.order = order};
    const Style nano{.order = order, .magic = PcapBytes::kNano};
    const Read a(PcapBytes(micro).frame(1616000000, 123456, some_bytes(60)).bytes());
    const Read b(PcapBytes(nano).frame(1616000000, 123456789, some_bytes(60)).bytes());
    ASSERT_EQ(a.frames.size(), 1u);
    ASSERT_EQ(b.frames.size(), 1u);
    EXPECT_EQ(a.frames[0].time, 1616000000'123456000);
    EXPECT_EQ(b.frames[0].time, 1616000000'123456789);
    EXPECT_THAT(a.bytes[0], ElementsAreArray(some_bytes(60)));
    EXPECT_EQ(a.frames[0].number, 1u);
    EXPECT_EQ(a.problem, "");
  }
}

TEST(PcapFormat, ReadsTheLinkTypeWithoutTheCheckSequenceBitsBesideIt) {
  for (const ByteOrder order : {ByteOrder::little, ByteOrder::big}) {
    const Read read(PcapBytes(Style{.order = order, .network = 0x14000000 | 113}).frame(1, 2, some_bytes(60)).bytes());
    EXPECT_EQ(read.frames.at(0).dlt, 113);
    EXPECT_EQ(read.frames.at(0).link, LinkType::linux_sll);
  }
}

TEST(PcapFormat, KeepsTheOriginalLengthOfSnappedFrames) {
  const Read read(PcapBytes().frame(1, 2, some_bytes(64), {.original = 1514}).bytes());
  EXPECT_EQ(read.frames.at(0).wire_length, 1514u);
  EXPECT_EQ(read.bytes.at(0).size(), 64u);
}

TEST(PcapFormat, TakesAnOriginalLengthBelowTheCapturedOneForAMistake) {
  EXPECT_EQ(Read(PcapBytes().frame(1, 2, some_bytes(64), {.original = 10}).bytes()).frames.at(0).wire_length, 64u);
}

TEST(PcapFormat, ReadsEmptyFramesAndEmptyFiles) {
  const Read read(PcapBytes().frame(1, 2, {}).frame(1, 3, {}, {.original = 60}).bytes());
  ASSERT_EQ(read.frames.size(), 2u);
  EXPECT_EQ(read.bytes[0].size(), 0u);
  EXPECT_EQ(read.frames[1].wire_length, 60u);
  const Read empty(PcapBytes().bytes());
  EXPECT_TRUE(empty.recognised);
  EXPECT_EQ(empty.frames.size(), 0u);
  EXPECT_EQ(empty.problem, "");
}

TEST(PcapFormat, BelievesTheLongestFrameAndNoLonger) {
  Bytes file = PcapBytes().frame(1, 2, some_bytes(60)).frame(1, 3, some_bytes(kLongestFrame)).bytes();
  EXPECT_EQ(Read(file).frames.size(), 2u);
  file = PcapBytes().frame(1, 2, some_bytes(60)).frame(1, 3, some_bytes(kLongestFrame + 1)).bytes();
  const Read read(file);
  EXPECT_EQ(read.frames.size(), 1u);
  EXPECT_EQ(read.problem, "damaged at byte 100: frame 2 claims 262145 bytes");
}

TEST(PcapFormat, ReadsAFileCutAnywhereAsFarAsItGoes) {
  const Bytes file =
      PcapBytes().frame(1, 2, some_bytes(30)).frame(1, 3, {}).frame(1, 4, some_bytes(45)).frame(1, 5, {}).bytes();
  const std::vector<std::size_t> ends{24 + 46, 24 + 62, 24 + 123, 24 + 139};
  for (std::size_t cut = 4; cut <= file.size(); ++cut) {
    const Read read(Bytes(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(cut)));
    const auto whole =
        static_cast<std::size_t>(std::count_if(ends.begin(), ends.end(), [&](auto end) { return end <= cut; }));
    EXPECT_EQ(read.frames.size(), whole) << cut;
    const bool at_an_end = cut == 24 || std::find(ends.begin(), ends.end(), cut) != ends.end();
    if (at_an_end)
      EXPECT_EQ(read.problem, "") << cut;
    else
      EXPECT_THAT(read.problem, HasSubstr("cut short")) << cut;
  }
}

TEST(PcapFormat, ReadsTheLongerHeadersOfPatchedLibpcaps) {
  const Read read(
      PcapBytes(Style{.magic = PcapBytes::kPatched}).frame(1, 2, some_bytes(60)).frame(1, 3, some_bytes(61)).bytes());
  ASSERT_EQ(read.frames.size(), 2u);
  EXPECT_THAT(read.bytes[1], ElementsAreArray(some_bytes(61)));
}

TEST(PcapFormat, ReadsLengthsInTheOrderOfOldVersions) {
  const Bytes frame = some_bytes(60);
  const Claim swapped{.captured = 1514, .original = 60};
  for (const auto& [major, minor] : {std::pair{2, 2}, {2, 3}, {543, 0}}) {
    const Style style{.major = static_cast<std::uint16_t>(major), .minor = static_cast<std::uint16_t>(minor)};
    const Read read(PcapBytes(style).frame(1, 2, frame, swapped).frame(1, 3, frame, swapped).bytes());
    ASSERT_EQ(read.frames.size(), 2u) << major;
    EXPECT_EQ(read.frames[0].wire_length, 1514u);
    EXPECT_EQ(read.bytes[0].size(), 60u);
  }
  // 2.3 wrote them in today's order too.
  const Read today(PcapBytes(Style{.minor = 3}).frame(1, 2, frame, {.original = 1514}).bytes());
  EXPECT_EQ(today.frames.at(0).wire_length, 1514u);
}

TEST(PcapFormat, TakesTimesFor32BitsWithoutSign) {
  const Read read(PcapBytes().frame(0xffffffff, 999999, some_bytes(60)).frame(1, 3'000'000, some_bytes(60)).bytes());
  EXPECT_EQ(read.frames.at(0).time, 4294967295'999999000);
  EXPECT_EQ(read.frames.at(1).time, 4 * kSecond);
}

TEST(PcapFormat, RefusesWhatIsNone) {
  EXPECT_FALSE(Read(Bytes{0xa1, 0xb2, 0xc3}).recognised);
  EXPECT_FALSE(Read(Bytes{0xa1, 0xb2, 0xc3, 0xd5}).recognised);
  EXPECT_FALSE(Read(PcapngBytes().section().bytes()).recognised);
}

}  // namespace
}  // namespace slowlane

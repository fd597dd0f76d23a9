#include "hw/pcapng_format.h"

#include <gmock/gmock.h>

#include "tests/support/capture_bytes.h"

namespace slowlane {
namespace {

using testing::ElementsAreArray;
using testing::HasSubstr;

struct Read {
  explicit Read(const Bytes& file) : window(file) {
    auto format = PcapngFormat::recognise(file);
    if (!format) return;
    recognised = true;
    while (const CapturedFrame* frame = format->next(window)) {
      frames.push_back(*frame);
      bytes.emplace_back(frame->bytes.begin(), frame->bytes.end());
    }
    problem = format->problem();
  }
  explicit Read(const PcapngBytes& file) : Read(file.bytes()) {}
  ByteWindow window;
  bool recognised = false;
  std::vector<CapturedFrame> frames;
  std::vector<Bytes> bytes;
  std::string problem;
};

// The time that a file's tick becomes under an interface's options.
Nanos time_of(std::uint64_t ticks, const Bytes& options) {
  return Read(PcapngBytes().section().interface(1, 0, options).packet(0, ticks, {})).frames.at(0).time;
}
Bytes resolution(std::uint8_t value) { return PcapngBytes().section().resolution(value); }
Bytes offset(std::int64_t seconds) { return PcapngBytes().section().offset(seconds); }

TEST(PcapngFormat, ReadsEnhancedSimpleAndObsoletePackets) {
  for (const ByteOrder order : {ByteOrder::little, ByteOrder::big}) {
    PcapngBytes file;
    file.section(order).interface(1).packet(0, 1616000000'123456, some_bytes(61, 1));
    file.simple_packet(some_bytes(62, 2)).old_packet(0, 1616000000'123457, some_bytes(63, 3));
    const Read read(file);
    ASSERT_EQ(read.frames.size(), 3u);
    for (unsigned i = 0; i < 3; ++i) {
      EXPECT_EQ(read.frames[i].number, i + 1);
      EXPECT_THAT(read.bytes[i], ElementsAreArray(some_bytes(61 + i, i + 1)));
      EXPECT_EQ(read.frames[i].wire_length, 61 + i);
    }
    EXPECT_EQ(read.frames[0].time, 1616000000'123456000);
    EXPECT_EQ(read.frames[1].time, 1616000000'123456000) << "a simple packet takes the time before it";
    EXPECT_EQ(read.frames[2].time, 1616000000'123457000);
    EXPECT_EQ(read.problem, "");
  }
}

TEST(PcapngFormat, KeepsInterfacesOfMixedLinkTypesAndClocksApart) {
  PcapngBytes file;
  file.section().interface(1).interface(101, 0, file.resolution(9)).interface(113, 0, file.resolution(3));
  file.packet(1, 5'000'000'001, some_bytes(40)).packet(0, 5'000'002, some_bytes(60)).packet(2, 5'003, some_bytes(50));
  const Read read(file);
  ASSERT_EQ(read.frames.size(), 3u);
  EXPECT_EQ(read.frames[0].dlt, 101);
  EXPECT_EQ(read.frames[0].link, LinkType::raw_ip);
  EXPECT_EQ(read.frames[0].interface, 1u);
  EXPECT_EQ(read.frames[0].time, 5'000'000'001);
  EXPECT_EQ(read.frames[1].link, LinkType::ethernet);
  EXPECT_EQ(read.frames[1].time, 5'000'002'000);
  EXPECT_EQ(read.frames[2].link, LinkType::linux_sll);
  EXPECT_EQ(read.frames[2].time, 5'003'000'000);
}

TEST(PcapngFormat, ASectionStartsItsInterfacesAnewAndMayTurnTheByteOrder) {
  PcapngBytes file;
  file.section(ByteOrder::little).interface(1).packet(0, 1, some_bytes(60));
  file.section(ByteOrder::big).interface(101, 0, file.resolution(9)).packet(0, 2'000, some_bytes(40));
  file.section(ByteOrder::little).packet(0, 3, some_bytes(60));
  const Read read(file);
  ASSERT_EQ(read.frames.size(), 2u);
  EXPECT_EQ(read.frames[1].dlt, 101);
  EXPECT_EQ(read.frames[1].time, 2'000);
  EXPECT_EQ(read.frames[1].number, 2u);
  EXPECT_THAT(read.problem, HasSubstr("frame 3 names interface 0, which was not described"));
}

TEST(PcapngFormat, ReadsTicksOfEveryResolution) {
  EXPECT_EQ(time_of(7, resolution(0)), 7 * kSecond);
  EXPECT_EQ(time_of(7'005, resolution(3)), 7'005 * kMillisecond);
  EXPECT_EQ(time_of(7'000'005, {}), 7'000'005 * kMicrosecond);
  EXPECT_EQ(time_of(7'000'000'005, resolution(9)), 7'000'000'005);
  EXPECT_EQ(time_of(7'000'000'005'999, resolution(12)), 7'000'000'005);
  EXPECT_EQ(time_of(~0ull, resolution(19)), 1'844'674'407);
  EXPECT_EQ(time_of(~0ull, resolution(127)), 0);
  EXPECT_EQ(time_of(7 * 1024 + 512, resolution(0x80 | 10)), 7'500'000'000);
  EXPECT_EQ(time_of(3ull << 32 | 1ull << 31, resolution(0x80 | 32)), 3'500'000'000);
  EXPECT_EQ(time_of(~0ull, resolution(0x80 | 64)), 999'999'999);
  EXPECT_EQ(time_of(~0ull, resolution(0xff)), 0);
}

TEST(PcapngFormat, MovesTimesByTheInterfacesOffset) {
  EXPECT_EQ(time_of(1'500'000, offset(1'000)), 1'001'500'000'000);
  EXPECT_EQ(time_of(5'500'000, offset(-4)), 1'500'000'000);
}

TEST(PcapngFormat, HoldsAbsurdTimesToTheirBounds) {
  EXPECT_EQ(time_of(~0ull, resolution(0)), kLatest);
  EXPECT_EQ(time_of(~0ull, {}), kLatest);
  EXPECT_EQ(time_of(1, offset(-5)), 0);
  EXPECT_EQ(time_of(1, offset(std::numeric_limits<std::int64_t>::max())), kLatest);
  EXPECT_EQ(time_of(1, offset(std::numeric_limits<std::int64_t>::min())), 0);
}

TEST(PcapngFormat, SkipsOtherBlocksHoweverLong) {
  PcapngBytes file;
  file.section().block(4, some_bytes(40)).interface(1).packet(0, 1, some_bytes(60)).block(5, some_bytes(12));
  file.block(0x7777, Bytes(17 << 20)).packet(0, 2, some_bytes(60));
  const Read read(file);
  EXPECT_EQ(read.frames.size(), 2u);
  EXPECT_EQ(read.frames.back().number, 2u);
  EXPECT_EQ(read.problem, "");
}

TEST(PcapngFormat, NumbersFramesAsTsharkDoes) {
  PcapngBytes file;
  file.section().interface(1).packet(0, 1, some_bytes(60));
  for (const std::uint32_t type : {0xbadu, 0x40000badu, 9u, 0x204u}) file.block(type, some_bytes(40));
  file.packet(0, 2, some_bytes(60));
  const Read read(file);
  ASSERT_EQ(read.frames.size(), 2u);
  EXPECT_EQ(read.frames[1].number, 6u);
}

TEST(PcapngFormat, KeepsOriginalLengthsOfSnappedFrames) {
  PcapngBytes file;
  file.section().interface(1, 20).packet(0, 1, some_bytes(20), {.original = 1514});
  file.simple_packet(some_bytes(20), {.original = 60}).packet(0, 1, {}, {.original = 70});
  const Read read(file);
  ASSERT_EQ(read.frames.size(), 3u);
  EXPECT_EQ(read.frames[0].wire_length, 1514u);
  EXPECT_EQ(read.frames[1].wire_length, 60u);
  EXPECT_EQ(read.bytes[1].size(), 20u);
  EXPECT_EQ(read.frames[2].wire_length, 70u);
  EXPECT_EQ(read.bytes[2].size(), 0u);
}

TEST(PcapngFormat, ReadsAFileCutAnywhereAsFarAsItGoes) {
  PcapngBytes file;
  std::vector<std::size_t> block_ends;
  std::vector<std::size_t> frame_ends;
  const auto ended = [&] { block_ends.push_back(file.bytes().size()); };
  const auto frame_ended = [&] { ended(), frame_ends.push_back(file.bytes().size()); };
  file.section(), ended();
  file.interface(1, 0, file.resolution(9)), ended();
  file.packet(0, 1, some_bytes(33)), frame_ended();
  file.block(4, some_bytes(20)), ended();
  file.simple_packet(some_bytes(21)), frame_ended();
  file.section(ByteOrder::big), ended();
  file.interface(101), ended();
  file.old_packet(0, 3, some_bytes(5)), frame_ended();
  for (std::size_t cut = 4; cut <= file.bytes().size(); ++cut) {
    const Read read(Bytes(file.bytes().begin(), file.bytes().begin() + static_cast<std::ptrdiff_t>(cut)));
    const auto whole = std::count_if(frame_ends.begin(), frame_ends.end(), [&](auto end) { return end <= cut; });
    EXPECT_EQ(read.frames.size(), static_cast<std::size_t>(whole)) << cut;
    const bool at_an_end = std::find(block_ends.begin(), block_ends.end(), cut) != block_ends.end();
    if (at_an_end)
      EXPECT_EQ(read.problem, "") << cut;
    else
      EXPECT_THAT(read.problem, HasSubstr("cut short")) << cut;
  }
}

TEST(PcapngFormat, StopsWhereABlockContradictsItself) {
  const auto good = [] { return PcapngBytes().section().interface(1).packet(0, 1, some_bytes(60)); };
  Bytes lengths_differ = good().packet(0, 2, some_bytes(60)).bytes();
  lengths_differ[lengths_differ.size() - 3] = 9;
  Bytes too_short = good().bytes();
  too_short.resize(too_short.size() + 12);
  Bytes no_order = good().section().bytes();
  no_order[no_order.size() - 20] ^= 1;
  for (const auto& [file, problem] : {
           std::pair{lengths_differ, "a block's two lengths differ"},
           {too_short, "a block of 0 bytes"},
           {no_order, "a section without its byte order mark"},
           {good().packet(3, 2, {}).bytes(), "frame 2 names interface 3"},
           {good().packet(0, 2, some_bytes(60), {.captured = 200}).bytes(), "frame 2 claims 200 bytes"},
           {good().packet(0, 2, some_bytes(kLongestFrame + 1)).bytes(), "frame 2 claims 262145 bytes"},
           {good().packet(0, 2, some_bytes(60), {.captured = 0xffffffff}).bytes(), "frame 2 claims 4294967295 bytes"},
           {good().simple_packet(some_bytes(20), {.original = 60}).bytes(), "frame 2 claims 60 bytes"},
           {good().block(6, some_bytes(16)).bytes(), "frame 2 has no room"},
           {good().block(2, some_bytes(16)).bytes(), "frame 2 has no room"},
           {good().block(3, {}).bytes(), "frame 2 has no room"},
           {good().block(1, some_bytes(4)).bytes(), "an interface too short"},
           {good().block(0x0a0d0d0a, {0x4d, 0x3c, 0x2b, 0x1a}).bytes(), "a section header too short"},
       }) {
    const Read read(file);
    EXPECT_EQ(read.frames.size(), 1u) << problem;
    EXPECT_THAT(read.problem, HasSubstr("damaged at byte")) << problem;
    EXPECT_THAT(read.problem, HasSubstr(problem));
  }
}

TEST(PcapngFormat, ReadsOptionsOnlyAsFarAsTheyGo) {
  Bytes cut = resolution(9);
  cut[2] = 200;  // an option longer than what is left
  EXPECT_EQ(time_of(1, cut), kMicrosecond);
  Bytes behind_the_end{0, 0, 0, 0};
  const Bytes nano = resolution(9);
  behind_the_end.insert(behind_the_end.end(), nano.begin(), nano.end());
  EXPECT_EQ(time_of(1, behind_the_end), kMicrosecond);
}

TEST(PcapngFormat, RefusesWhatIsNone) {
  EXPECT_FALSE(Read(Bytes{0x0a, 0x0d, 0x0d}).recognised);
  EXPECT_FALSE(Read(PcapBytes().bytes()).recognised);
}

}  // namespace
}  // namespace slowlane

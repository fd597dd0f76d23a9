#include "hw/capture_reader.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "tests/support/capture_bytes.h"
#include "tests/support/temp_folder.h"
#include "tests/support/tshark.h"

namespace slowlane {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string why_not(const std::string& path) {
  const auto reader = CaptureReader::open(path);
  return reader ? "" : reader.diagnostics().at(0).print();
}

std::uint64_t count(CaptureReader& reader) {
  std::uint64_t frames = 0;
  while (reader.next() != nullptr) ++frames;
  return frames;
}

// A file of each block kind and both byte orders, that tshark reads too.
Bytes mixed_pcapng() {
  PcapngBytes file;
  file.section().interface(1, 0, file.resolution(9)).packet(0, 1616000000'123456789, some_bytes(60));
  file.block(0x40000bad, some_bytes(24)).simple_packet(some_bytes(61)).block(5, some_bytes(12));
  file.section(ByteOrder::big).interface(1).interface(101, 0, file.offset(1000));
  file.packet(1, 1616000000'000001, some_bytes(40), {.original = 1500}).old_packet(0, 7, some_bytes(50));
  return file.bytes();
}

TEST(CaptureReader, TellsBothFormatsApart) {
  const TempFolder folder;
  const auto pcap = CaptureReader::open(folder.write("a", PcapBytes().frame(1, 2, some_bytes(60)).bytes()));
  const auto pcapng = CaptureReader::open(folder.write("b", mixed_pcapng()));
  ASSERT_TRUE(pcap && pcapng);
  EXPECT_EQ(count(*pcap.value()), 1u);
  EXPECT_EQ(count(*pcapng.value()), 4u);
  EXPECT_EQ(pcap.value()->warning(), "");
}

TEST(CaptureReader, SaysWhatAFileIsThatIsNoCapture) {
  const TempFolder folder;
  EXPECT_EQ(why_not(folder.write("empty", {})), folder.file("empty") + ": is empty");
  EXPECT_THAT(why_not(folder.write("text", some_bytes(100))), HasSubstr("is not a capture: neither pcap nor pcapng"));
  EXPECT_THAT(why_not(folder.write("gz", Bytes{0x1f, 0x8b, 8, 0})), HasSubstr("unpack it first (gunzip)"));
  EXPECT_THAT(why_not(folder.write("xz", Bytes{0xfd, '7', 'z', 'X', 'Z'})), HasSubstr("unpack it first (unxz)"));
  EXPECT_THAT(why_not(folder.file("none")), HasSubstr("cannot be opened: No such file or directory"));
  EXPECT_THAT(why_not("/"), HasSubstr("cannot be read: Is a directory"));
}

TEST(CaptureReader, ReadsMemoryUnderAName) {
  const Bytes file = PcapBytes().frame(1, 2, some_bytes(60)).bytes();
  const auto reader = CaptureReader::over(file, "memory");
  ASSERT_TRUE(reader);
  EXPECT_EQ(reader.value()->name(), "memory");
  EXPECT_EQ(count(*reader.value()), 1u);
  EXPECT_EQ(CaptureReader::over({}, "nothing").diagnostics().at(0).print(), "nothing: is empty");
}

TEST(CaptureReader, KnowsHowFarItIs) {
  const TempFolder folder;
  const Bytes file = PcapBytes().frame(1, 2, some_bytes(60)).frame(1, 3, some_bytes(60)).bytes();
  const auto reader = CaptureReader::open(folder.write("a", file));
  ASSERT_TRUE(reader);
  EXPECT_EQ(reader.value()->size(), file.size());
  reader.value()->next();
  EXPECT_EQ(reader.value()->bytes_read(), 24u + 76u);
  EXPECT_EQ(count(*reader.value()), 1u);
  EXPECT_EQ(reader.value()->bytes_read(), file.size());
}

TEST(CaptureReader, WarnsOfACutFileAfterItsLastFrame) {
  const TempFolder folder;
  Bytes file = PcapBytes().frame(1, 2, some_bytes(60)).frame(1, 3, some_bytes(60)).bytes();
  file.pop_back();
  const auto reader = CaptureReader::open(folder.write("a", file));
  ASSERT_TRUE(reader);
  EXPECT_EQ(count(*reader.value()), 1u);
  EXPECT_EQ(reader.value()->warning(), "cut short behind frame 1");
  EXPECT_EQ(reader.value()->next(), nullptr) << "the end stays the end";
}

TEST(CaptureReader, ReadsStandardInput) {
  const TempFolder folder;
  const Bytes file = PcapBytes().frame(1, 2, some_bytes(60)).bytes();
  const int saved = dup(STDIN_FILENO);
  ASSERT_NE(std::freopen(folder.write("a", file).c_str(), "r", stdin), nullptr);
  const auto reader = CaptureReader::open("-");
  dup2(saved, STDIN_FILENO);
  close(saved);
  ASSERT_TRUE(reader);
  EXPECT_EQ(reader.value()->name(), "standard input");
  EXPECT_EQ(count(*reader.value()), 1u);
}

TEST(CaptureReader, AgreesWithTshark) {
  if (!tshark_is_there()) GTEST_SKIP() << "tshark is not installed";
  const TempFolder folder;
  const std::string path = folder.write("mixed.pcapng", mixed_pcapng());
  const auto reader = CaptureReader::open(path);
  ASSERT_TRUE(reader);
  std::vector<std::string> ours;
  while (const CapturedFrame* frame = reader.value()->next())
    ours.push_back(std::to_string(frame->number) + "," + std::to_string(frame->wire_length) + "," +
                   std::to_string(frame->bytes.size()));
  EXPECT_THAT(ours, ElementsAre("1,60,60", "3,61,61", "4,1500,40", "5,50,50"));
  auto theirs = tshark(path, {"frame.number", "frame.len", "frame.cap_len"});
  ASSERT_EQ(theirs.size(), 5u);
  theirs.erase(theirs.begin() + 1);  // the custom block, which is no frame but has a number
  EXPECT_EQ(ours, theirs);
}

}  // namespace
}  // namespace slowlane

#include "hw/capture_port.h"

#include <gmock/gmock.h>

#include "tests/support/capture_bytes.h"
#include "tests/support/eal_environment.h"
#include "tests/support/temp_folder.h"

namespace slowlane {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::HasSubstr;

// A capture of 60-byte frames at these microseconds.
Bytes capture_at(std::initializer_list<std::uint32_t> times) {
  PcapBytes file;
  unsigned number = 0;
  for (const std::uint32_t time : times) file.frame(0, time, some_bytes(60, ++number));
  return file.bytes();
}

class CapturePortTest : public testing::Test {
 protected:
  // The port over captures in memory, one after another.
  CapturePort& port_over(std::vector<Bytes> files) {
    files_ = std::move(files);
    std::vector<std::unique_ptr<CaptureReader>> readers;
    for (const Bytes& file : files_)
      readers.push_back(std::move(CaptureReader::over(file, "file " + std::to_string(readers.size() + 1)).value()));
    port_ = std::make_unique<CapturePort>(std::move(readers), pool_);
    return *port_;
  }
  // One burst, whose packets go back at the end of the test.
  std::vector<Packet*> receive() {
    Burst burst;
    port_->receive(0, burst);
    out_.insert(out_.end(), burst.begin(), burst.end());
    return {burst.begin(), burst.end()};
  }
  std::vector<Nanos> arrivals() {
    std::vector<Nanos> times;
    for (const Packet* packet : receive()) times.push_back(packet->arrival);
    return times;
  }
  void give_back() {
    for (Packet* packet : out_) free_packet(packet);
    out_.clear();
  }
  void TearDown() override {
    give_back();
    EXPECT_EQ(pool_.out(), 0u);
  }

  PacketPool pool_{64};
  std::vector<Bytes> files_;
  std::unique_ptr<CapturePort> port_;
  std::vector<Packet*> out_;
};

TEST_F(CapturePortTest, HandsOutWhatArrivesByTheLimit) {
  CapturePort& port = port_over({capture_at({10, 20, 20, 30})});
  EXPECT_THAT(arrivals(), ElementsAre()) << "no limit was set";
  EXPECT_EQ(port.next_arrival(), 10'000);
  port.set_limit(9'999);
  EXPECT_THAT(arrivals(), ElementsAre());
  port.set_limit(20'000);
  EXPECT_THAT(arrivals(), ElementsAre(10'000, 20'000, 20'000));
  EXPECT_EQ(port.next_arrival(), 30'000);
  port.set_limit(CapturePort::kNever);
  EXPECT_THAT(arrivals(), ElementsAre(30'000));
  EXPECT_EQ(port.next_arrival(), CapturePort::kNever);
  EXPECT_THAT(arrivals(), ElementsAre());
}

TEST_F(CapturePortTest, SetsTheWholeNote) {
  PcapngBytes file;
  file.section().interface(101).block(0xbad, some_bytes(8));
  file.packet(0, 7, some_bytes(40), {.original = 1500});
  CapturePort& port = port_over({capture_at({1}), file.bytes()});
  port.set_limit(CapturePort::kNever);
  const auto packets = receive();
  ASSERT_EQ(packets.size(), 2u);
  EXPECT_EQ(packets[1]->number, 2u);
  EXPECT_EQ(packets[1]->capture, 1);
  EXPECT_EQ(packets[1]->frame, 2u) << "the custom block is tshark's frame 1";
  EXPECT_EQ(packets[1]->dlt, 101);
  EXPECT_EQ(packets[1]->link, LinkType::raw_ip);
  EXPECT_EQ(packets[1]->wire_length, 1500u);
  EXPECT_EQ(packets[1]->arrival, 7'000);
  EXPECT_EQ(packets[1]->stamp, 7'000);
  EXPECT_FALSE(packets[1]->time_backwards);
  EXPECT_THAT(packets[1]->bytes(), ElementsAreArray(some_bytes(40)));
}

TEST_F(CapturePortTest, TimeNeverGoesBack) {
  CapturePort& port = port_over({capture_at({100, 50, 99, 100, 101})});
  port.set_limit(CapturePort::kNever);
  const auto packets = receive();
  std::vector<Nanos> times;
  std::vector<Nanos> stamps;
  std::vector<bool> backwards;
  for (const Packet* packet : packets) {
    times.push_back(packet->arrival);
    stamps.push_back(packet->stamp);
    backwards.push_back(packet->time_backwards);
  }
  EXPECT_THAT(times, ElementsAre(100'000, 100'000, 100'000, 100'000, 101'000));
  EXPECT_THAT(stamps, ElementsAre(100'000, 50'000, 99'000, 100'000, 101'000));
  EXPECT_THAT(backwards, ElementsAre(false, true, true, false, false));
  EXPECT_EQ(port.inputs()[0].time_backwards, 2u);
}

TEST_F(CapturePortTest, ShiftsACaptureThatStartsBeforeTheOneAheadEnds) {
  CapturePort& port = port_over({capture_at({100, 200}), capture_at({150, 160}), capture_at({500})});
  port.set_limit(CapturePort::kNever);
  const auto packets = receive();
  ASSERT_EQ(packets.size(), 5u);
  EXPECT_EQ(packets[2]->arrival, 200'000);
  EXPECT_EQ(packets[2]->stamp, 150'000);
  EXPECT_FALSE(packets[2]->time_backwards);
  EXPECT_EQ(packets[3]->arrival, 210'000);
  EXPECT_EQ(packets[4]->arrival, 500'000);
  EXPECT_EQ(port.inputs()[0].shift, 0);
  EXPECT_EQ(port.inputs()[1].shift, 50'000);
  EXPECT_EQ(port.inputs()[2].shift, 0);
  EXPECT_EQ(port.inputs()[1].first, 200'000);
  EXPECT_EQ(port.inputs()[1].last, 210'000);
}

TEST_F(CapturePortTest, ShiftedTimesStayInBounds) {
  PcapngBytes late;
  late.section().interface(1).packet(0, ~0ull, some_bytes(60));
  PcapngBytes wide;
  wide.section().interface(1).packet(0, 0, some_bytes(60)).packet(0, ~0ull, some_bytes(60));
  CapturePort& port = port_over({late.bytes(), wide.bytes(), wide.bytes()});
  port.set_limit(CapturePort::kNever - 1);
  EXPECT_THAT(arrivals(), ElementsAre(kLatest, kLatest, kLatest, kLatest, kLatest));
}

TEST_F(CapturePortTest, KeepsBurstsAsSmallAsAsked) {
  CapturePort& port = port_over({capture_at({1, 2, 3, 4, 5})});
  port.set_limit(CapturePort::kNever);
  port.set_burst(2);
  EXPECT_EQ(receive().size(), 2u);
  EXPECT_EQ(receive().size(), 2u);
  EXPECT_EQ(receive().size(), 1u);
}

TEST_F(CapturePortTest, FillsABurstAndNoMore) {
  PcapBytes file;
  for (std::uint32_t i = 0; i < 40; ++i) file.frame(0, i, some_bytes(60));
  CapturePort& port = port_over({file.bytes()});
  port.set_limit(CapturePort::kNever);
  EXPECT_EQ(receive().size(), 32u);
  EXPECT_EQ(receive().size(), 8u);
}

TEST_F(CapturePortTest, LosesNothingWhereThePoolIsEmpty) {
  PcapBytes file;
  for (std::uint32_t i = 0; i < 70; ++i) file.frame(0, i, some_bytes(60));
  CapturePort& port = port_over({file.bytes()});
  port.set_limit(CapturePort::kNever);
  receive();
  receive();
  EXPECT_FALSE(port.starved());
  EXPECT_EQ(receive().size(), 0u);
  EXPECT_TRUE(port.starved());
  give_back();
  EXPECT_EQ(receive().size(), 6u);
  EXPECT_FALSE(port.starved());
  EXPECT_EQ(port.packets(), 70u);
}

TEST_F(CapturePortTest, TellsOfEveryInput) {
  Bytes cut = capture_at({1, 2});
  cut.pop_back();
  CapturePort& port = port_over({cut, PcapBytes().bytes(), capture_at({9})});
  EXPECT_FALSE(port.inputs()[0].finished);
  port.set_limit(CapturePort::kNever);
  EXPECT_EQ(receive().size(), 2u);
  const auto& inputs = port.inputs();
  ASSERT_EQ(inputs.size(), 3u);
  EXPECT_EQ(inputs[0].file, "file 1");
  EXPECT_EQ(inputs[0].packets, 1u);
  EXPECT_EQ(inputs[0].warning, "cut short behind frame 1");
  EXPECT_TRUE(inputs[1].finished);
  EXPECT_EQ(inputs[1].packets, 0u);
  EXPECT_EQ(inputs[2].packets, 1u);
  EXPECT_EQ(inputs[2].bytes_read, inputs[2].size);
  EXPECT_EQ(inputs[2].warning, "");
}

TEST_F(CapturePortTest, FreesWhatIsSentAndWritesItOnTheOtherSide) {
  const TempFolder folder;
  CapturePort& port = port_over({capture_at({1, 2, 3})});
  const auto writer = std::move(CaptureWriter::create(folder.file("out.pcapng"), "test").value());
  port.write_to(writer.get());
  port.set_limit(CapturePort::kNever);
  Burst burst;
  port.receive(0, burst);
  burst.packets[1]->side = Side::outside;
  burst.packets[2]->departure = 77'000;
  port.send(0, burst);
  EXPECT_EQ(burst.count, 0);
  EXPECT_EQ(pool_.out(), 0u);
  ASSERT_EQ(writer->finish(), std::nullopt);
  const auto reader = std::move(CaptureReader::open(folder.file("out.pcapng")).value());
  std::vector<std::pair<std::uint32_t, Nanos>> seen;
  while (const CapturedFrame* frame = reader->next()) seen.emplace_back(frame->interface, frame->time);
  EXPECT_THAT(seen, ElementsAre(std::pair{0, 1'000}, std::pair{1, 2'000}, std::pair{0, 77'000}));
}

TEST_F(CapturePortTest, NamesEveryFileThatIsNoCapture) {
  const TempFolder folder;
  const auto port = CapturePort::open(
      {folder.write("a", capture_at({1})), folder.file("none"), folder.write("text", some_bytes(9))}, pool_);
  ASSERT_FALSE(port);
  ASSERT_EQ(port.diagnostics().size(), 2u);
  EXPECT_THAT(port.diagnostics()[0].print(), HasSubstr("none: cannot be opened"));
  EXPECT_THAT(port.diagnostics()[1].print(), HasSubstr("text: is not a capture"));
}

}  // namespace
}  // namespace slowlane

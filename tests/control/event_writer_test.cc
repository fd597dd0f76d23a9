#include "control/event_writer.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <thread>

#include "tests/support/text_files.h"

namespace slowlane {
namespace {

using testing::HasSubstr;

constexpr Nanos kStart = Nanos{1616000000} * kSecond;

class EventWriterTest : public testing::Test {
 protected:
  EventWriterTest() { config_.file = folder_.file("flows.jsonl"); }
  std::unique_ptr<EventWriter> begin(const EventWriter::Limits& limits = {}) const {
    auto writer = EventWriter::open(config_, kStart, limits);
    if (!writer) return nullptr;
    (*writer)->start();
    return std::move(*writer);
  }
  // Whether it comes about within a time in which a thread gets its turn on any machine.
  static bool comes(const std::function<bool()>& holds) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!holds() && std::chrono::steady_clock::now() < until) std::this_thread::yield();
    return holds();
  }
  TempFolder folder_;
  EventsConfig config_;
};

TEST_F(EventWriterTest, WritesAtATick) {
  const auto writer = begin();
  writer->write("one", kStart);
  writer->tick(kStart);
  EXPECT_TRUE(comes([&] { return writer->written() == 1; }));
  EXPECT_EQ(read_text(folder_, "flows.jsonl"), "one\n");
  EXPECT_EQ(writer->trouble(), "");
}

TEST_F(EventWriterTest, WritesWhatIsLeftWhenItEnds) {
  const auto writer = begin();
  std::string all;
  for (int i = 0; i < 5000; ++i) {
    writer->write("line " + std::to_string(i), kStart);
    all += "line " + std::to_string(i) + "\n";
  }
  EXPECT_TRUE(writer->finish());
  EXPECT_EQ(read_text(folder_, "flows.jsonl"), all);
  EXPECT_EQ(writer->written(), 5000u);
  EXPECT_EQ(writer->lost(), 0u);
}

TEST_F(EventWriterTest, SaysWhyItCannotBeOpened) {
  config_.file = "/proc/no/such/flows.jsonl";
  EXPECT_EQ(begin(), nullptr);
}

// A pipe that nobody reads is a disk that stalls: write() waits in both.
class StalledWriterTest : public EventWriterTest {
 protected:
  static constexpr std::uint64_t kLines = 1000;
  static constexpr EventWriter::Limits kSmall{.room = 256 << 10, .patience = 20 * kMillisecond};

  StalledWriterTest() {
    if (::mkfifo(config_.file.c_str(), 0600) == 0) disk_ = Fd(::open(config_.file.c_str(), O_RDWR | O_NONBLOCK));
  }
  static void write_lines(EventWriter& writer) {
    for (std::uint64_t i = 0; i < kLines; ++i) writer.write(std::string(999, 'x'), kStart);
  }
  // The disk takes what was written meanwhile.
  void go_on() {
    std::string part(64 << 10, '\0');
    for (ssize_t got = 0; (got = ::read(disk_.get(), part.data(), part.size())) > 0;)
      lines_ += static_cast<std::uint64_t>(std::count(part.data(), part.data() + got, '\n'));
  }
  Fd disk_;
  std::uint64_t lines_ = 0;
};

TEST_F(StalledWriterTest, CountsWhatFindsNoRoomMeanwhile) {
  ASSERT_TRUE(disk_);
  const auto writer = begin(kSmall);
  write_lines(*writer);
  EXPECT_GT(writer->lost(), kLines / 2);
  EXPECT_THAT(writer->trouble(), HasSubstr("the disk does not keep up"));
  writer->tick(kStart + 60 * kSecond);
  EXPECT_TRUE(comes([&] {
    go_on();
    return writer->written() + writer->lost() == kLines;
  }));
  EXPECT_TRUE(comes([&] { return writer->trouble().empty(); })) << writer->trouble();
  go_on();
  EXPECT_EQ(lines_, writer->written());
}

TEST_F(StalledWriterTest, IsToldOfBeforeAnythingIsLost) {
  ASSERT_TRUE(disk_);
  const auto writer = begin();
  for (int i = 0; i < 100; ++i) writer->write(std::string(999, 'x'), kStart);
  EXPECT_EQ(writer->trouble(), "");
  Nanos now = kStart;
  EXPECT_TRUE(comes([&] {
    writer->tick(now += kMillisecond);
    return !writer->trouble().empty();
  }));
  EXPECT_EQ(writer->lost(), 0u);
  EXPECT_TRUE(comes([&] {
    go_on();
    return writer->written() == 100;
  }));
}

TEST_F(StalledWriterTest, IsNotWaitedForAtTheEnd) {
  ASSERT_TRUE(disk_);
  const auto writer = begin(kSmall);
  write_lines(*writer);
  EXPECT_FALSE(writer->finish());
  // What was under way still arrives where the disk goes on.
  EXPECT_TRUE(comes([&] {
    go_on();
    return lines_ + writer->lost() == kLines;
  }));
}

}  // namespace
}  // namespace slowlane

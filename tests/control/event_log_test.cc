#include "control/event_log.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>

#include "tests/support/text_files.h"

namespace slowlane {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr Nanos kStart = Nanos{1616000000} * kSecond;
constexpr Nanos kHour = 3600 * kSecond;

class EventLogTest : public testing::Test {
 protected:
  EventLogTest() { config_.file = folder_.file("flows.jsonl"); }
  std::unique_ptr<EventLog> open(Nanos now = kStart) const {
    auto log = EventLog::open(config_, now);
    return log ? std::move(*log) : nullptr;
  }
  std::vector<std::string> names() const {
    auto names = folder_.names();
    std::ranges::sort(names);
    return names;
  }
  TempFolder folder_;
  EventsConfig config_;
};

TEST_F(EventLogTest, AppendsLines) {
  const auto log = open();
  log->write("one", kStart);
  log->write("two", kStart);
  log->tick(kStart + kSecond);
  EXPECT_EQ(read_text(folder_, "flows.jsonl"), "one\ntwo\n");
  EXPECT_EQ(log->written(), 2u);
  EXPECT_EQ(log->lost(), 0u);
}

TEST_F(EventLogTest, WritesWhatIsLeftWhenItEnds) {
  open()->write("one", kStart);
  EXPECT_EQ(read_text(folder_, "flows.jsonl"), "one\n");
}

TEST_F(EventLogTest, IsNotForEverybodyToRead) {
  open();
  struct stat about {};
  ASSERT_EQ(stat(config_.file.c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 0007, 0u);
}

TEST_F(EventLogTest, MakesItsFolder) {
  config_.file = folder_.file("deep/er/flows.jsonl");
  open()->write("one", kStart);
  EXPECT_EQ(read_text(folder_, "deep/er/flows.jsonl"), "one\n");
}

TEST_F(EventLogTest, PutsAFileAsideEveryHourOfADay) {
  const auto log = open();
  log->write("one", kStart);
  log->tick(kStart + kHour - kSecond);
  EXPECT_THAT(names(), ElementsAre("flows.jsonl"));
  log->tick(kStart + kHour);
  EXPECT_THAT(names(), ElementsAre("flows.jsonl", "flows.jsonl.1616000000000"));
  log->write("two", kStart + kHour);
  log->tick(kStart + kHour + kSecond);
  EXPECT_EQ(read_text(folder_, "flows.jsonl.1616000000000"), "one\n");
  EXPECT_EQ(read_text(folder_, "flows.jsonl"), "two\n");
}

TEST_F(EventLogTest, KeepsNoLineLongerThanItMay) {
  const auto log = open();
  // A line every ten minutes for three days; each says when it was written.
  for (Nanos now = kStart; now < kStart + 72 * kHour; now += 600 * kSecond) {
    log->write(std::to_string(now), now);
    log->tick(now);
    for (const std::string& name : names())
      for (const std::string& line : lines_of(read_text(folder_, name)))
        ASSERT_LT(now - std::stoll(line), config_.keep) << name;
  }
  EXPECT_GE(names().size(), 23u);
  EXPECT_LE(names().size(), 25u);
}

TEST_F(EventLogTest, KeepsItsPromiseOverARestart) {
  write_text(folder_, "flows.jsonl", "old\n");
  write_text(folder_, "flows.jsonl.1615900000000", "older\n");
  write_text(folder_, "flows.jsonl.txt", "mine\n");
  struct timespec times[2] = {{0, UTIME_OMIT}, {1616000000 - 1800, 0}};
  ASSERT_EQ(utimensat(AT_FDCWD, config_.file.c_str(), times, 0), 0);
  const auto log = open();
  EXPECT_THAT(names(), ElementsAre("flows.jsonl", "flows.jsonl.1615994600000", "flows.jsonl.txt"));
  EXPECT_EQ(read_text(folder_, "flows.jsonl.1615994600000"), "old\n");
  EXPECT_EQ(read_text(folder_, "flows.jsonl"), "");
}

TEST_F(EventLogTest, CutsTheHalfLineOfAProcessThatWasKilled) {
  const std::string whole = std::string(6000, 'x') + "\n";
  for (const auto& [left, kept] : {std::pair{whole + std::string(9000, 'y'), whole}, {whole, whole}}) {
    write_text(folder_, "flows.jsonl", left);
    const auto log = open();
    EXPECT_EQ(log->lost(), left == kept ? 0u : 1u);
    for (const std::string& name : names()) EXPECT_EQ(read_text(folder_, name), name == "flows.jsonl" ? "" : kept);
  }
  write_text(folder_, "flows.jsonl", "half");
  EXPECT_EQ(open()->lost(), 1u);
  EXPECT_EQ(read_text(folder_, "flows.jsonl"), "");
}

TEST_F(EventLogTest, StaysWithinItsLimit) {
  config_.limit = 1 << 20;
  const auto log = open();
  const std::string line(999, 'x');
  Nanos now = kStart;
  for (int i = 0; i < 5000; ++i) {
    log->write(line, now);
    if (i % 100 == 0) log->tick(now += kSecond);
  }
  log->tick(now += kSecond);
  std::size_t total = 0;
  for (const std::string& name : names()) total += read_text(folder_, name).size();
  EXPECT_LE(total, config_.limit);
  EXPECT_GE(total, config_.limit / 2);
  EXPECT_EQ(log->written(), 5000u);
}

// Whose folder lets nothing be put aside: the name with its time would be too long.
class StuckEventLogTest : public EventLogTest {
 protected:
  StuckEventLogTest() { config_.file = folder_.file(name_); }
  const std::string name_ = std::string(250, 'f');
};

TEST_F(StuckEventLogTest, KeepsNoLineLongerThanItMay) {
  const auto log = open();
  std::uint64_t lines = 0;
  for (Nanos now = kStart; now < kStart + 72 * kHour; now += 600 * kSecond, ++lines) {
    log->write(std::to_string(now), now);
    log->tick(now);
    for (const std::string& line : lines_of(read_text(folder_, name_))) ASSERT_LT(now - std::stoll(line), config_.keep);
  }
  EXPECT_THAT(names(), ElementsAre(name_));
  EXPECT_EQ(log->written(), lines);
  EXPECT_EQ(log->lost() + lines_of(read_text(folder_, name_)).size(), lines);
  EXPECT_THAT(log->trouble(), HasSubstr("cannot be put aside (File name too long) and was emptied; let the box write"));
}

TEST_F(StuckEventLogTest, StaysWithinItsLimit) {
  config_.limit = 1 << 20;
  const auto log = open();
  for (int i = 0; i < 5000; ++i) log->write(std::string(999, 'x'), kStart);
  log->tick(kStart);
  EXPECT_LE(read_text(folder_, name_).size(), config_.limit);
}

TEST_F(StuckEventLogTest, LosesWhatAnEarlierRunLeft) {
  write_text(folder_, name_, "old\nolder\n");
  const auto log = open();
  EXPECT_EQ(read_text(folder_, name_), "");
  EXPECT_EQ(log->lost(), 2u);
  EXPECT_THAT(log->trouble(), HasSubstr("cannot be put aside"));
}

// Somebody for whom a folder's mode counts, as it does not for root.
class Nobody {
 public:
  static constexpr uid_t kUser = 65534;
  Nobody() : root_(geteuid() == 0) {
    if (root_) {
      EXPECT_EQ(seteuid(kUser), 0);
    }
  }
  ~Nobody() {
    if (root_) {
      EXPECT_EQ(seteuid(0), 0);
    }
  }
  Nobody(const Nobody&) = delete;
  Nobody& operator=(const Nobody&) = delete;

 private:
  const bool root_;
};

TEST_F(EventLogTest, EmptiesWhatItsFolderDoesNotLetItDelete) {
  write_text(folder_, "flows.jsonl.1615900000000", "older\n");
  for (const std::string& path : {folder_.file(""), folder_.file("flows.jsonl.1615900000000")})
    if (geteuid() == 0) {
      ASSERT_EQ(chown(path.c_str(), Nobody::kUser, static_cast<gid_t>(-1)), 0);
    }
  const Nobody nobody;
  const auto log = open();
  ASSERT_NE(log, nullptr);
  EXPECT_THAT(names(), ElementsAre("flows.jsonl"));
  write_text(folder_, "flows.jsonl.1615900000000", "older\n");
  ASSERT_EQ(chmod(folder_.file("").c_str(), 0500), 0);
  log->tick(kStart);
  EXPECT_EQ(read_text(folder_, "flows.jsonl.1615900000000"), "");
  EXPECT_THAT(log->trouble(), HasSubstr("flows.jsonl.1615900000000 cannot be deleted (Permission denied); delete it"));
  log->write("one", kStart);
  log->tick(kStart + kHour);
  EXPECT_THAT(log->trouble(), HasSubstr("flows.jsonl cannot be put aside (Permission denied) and was emptied"));
  EXPECT_EQ(log->lost(), 1u);
  ASSERT_EQ(chmod(folder_.file("").c_str(), 0700), 0);
  log->write("two", kStart + kHour);
  log->tick(kStart + 2 * kHour);
  EXPECT_EQ(log->trouble(), "");
  EXPECT_THAT(names(), ElementsAre("flows.jsonl", "flows.jsonl.1616003600000"));
}

TEST_F(EventLogTest, SaysWhyItCannotBeOpened) {
  config_.file = "/proc/no/such/flows.jsonl";
  const auto log = EventLog::open(config_, kStart);
  ASSERT_FALSE(log);
  EXPECT_THAT(log.diagnostics()[0].print(), HasSubstr("/proc/no/such/flows.jsonl: its folder cannot be made"));
}

TEST_F(EventLogTest, CountsLinesThatAFullDiskLoses) {
  config_.file = folder_.file("full");
  ASSERT_EQ(symlink("/dev/full", config_.file.c_str()), 0);
  EXPECT_FALSE(EventLog::open(config_, kStart)) << "links are not followed";
  ASSERT_EQ(unlink(config_.file.c_str()), 0);
  if (mknod(config_.file.c_str(), S_IFCHR | 0600, makedev(1, 7)) != 0) GTEST_SKIP() << "a device needs root";
  const auto log = open();
  ASSERT_NE(log, nullptr);
  log->write("one", kStart);
  log->write("two", kStart);
  log->tick(kStart);
  EXPECT_EQ(log->lost(), 2u);
  EXPECT_EQ(log->written(), 0u);
  EXPECT_THAT(log->trouble(), HasSubstr("No space left"));
}

}  // namespace
}  // namespace slowlane

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "control/replay.h"
#include "tests/support/eal_environment.h"
#include "tests/support/hello_builder.h"
#include "tests/support/recording.h"
#include "tests/support/text_files.h"

namespace slowlane {
namespace {

// A made-up capture and a book, and the lines that come out: tests/golden/NAME/ holds book.cfg and what is expected of
// --flows, --packets and --series. With SLOWLANE_GOLDEN=write in the environment the expected files are written anew,
// to be read before they are committed.
struct Story {
  const char* name;
  Recording (*record)();
};

// A throttled download beside a free one.
Recording police() {
  Recording recording;
  Connection(recording, 40000).hello(0, "abs.twimg.com").download(100 * kMillisecond, 12, 20 * kMillisecond);
  Connection(recording, 40001)
      .hello(5 * kMillisecond, "example.org")
      .download(105 * kMillisecond, 4, 20 * kMillisecond);
  return recording;
}

// Two connections share a queue; one is told to drop behind it.
Recording shape_and_delay() {
  Recording recording;
  Connection(recording, 40000).hello(0, "video.example").download(100 * kMillisecond, 8, 5 * kMillisecond);
  Connection(recording, 40001)
      .hello(2 * kMillisecond, "www.video.example")
      .download(102 * kMillisecond, 8, 5 * kMillisecond);
  Connection(recording, 40002).hello(kSecond, "far.example").download(1100 * kMillisecond, 4, 5 * kMillisecond);
  return recording;
}

// A reset with its hold, which the next connection on the same ports meets; a drop after some packets.
Recording reset_and_drop() {
  Recording recording;
  Connection(recording, 40000).hello(0, "blocked.example").down(50 * kMillisecond, 500).up(60 * kMillisecond, 100);
  Connection(recording, 40000).hello(2 * kSecond, "free.example").down(2050 * kMillisecond, 500);
  Connection(recording, 40000).hello(10 * kSecond, "free.example").down(10050 * kMillisecond, 500);
  Connection(recording, 40001).hello(kSecond, "gone.example").download(1100 * kMillisecond, 6, 10 * kMillisecond);
  return recording;
}

// Tags, a ping, a DNS look-up, a frame that is not IP, a rule that only observes.
Recording odds_and_ends() {
  Recording recording;
  Connection(recording, 40000).vlan(7).hello(0, "watched.example").download(100 * kMillisecond, 3, kMillisecond);
  recording.frame(kSecond, Frame().ethernet().ipv4("10.0.0.1", "198.51.100.7").icmp(8));
  recording.frame(1010 * kMillisecond, Frame().ethernet().ipv4("198.51.100.7", "10.0.0.1").icmp(0));
  recording.frame(2 * kSecond,
                  Frame()
                      .ethernet()
                      .ipv6("2001:db8::1", "2001:db8::53")
                      .udp(5000, 53)
                      .payload(from_hex("1234 0100 0001 0000 0000 0000 03777777 076578616d706c65 00 0001 0001")));
  recording.frame(3 * kSecond, Frame().ethernet().ether_type(0x0806).payload_size(28));
  return recording;
}

void compare(const std::filesystem::path& golden, const std::string& got) {
  if (const char* mode = std::getenv("SLOWLANE_GOLDEN"); mode != nullptr && std::string_view(mode) == "write") {
    std::ofstream(golden, std::ios::binary) << got;
    return;
  }
  std::ifstream file(golden, std::ios::binary);
  const std::string expected{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  EXPECT_THAT(lines_of(got), testing::ElementsAreArray(lines_of(expected))) << golden;
}

class Golden : public testing::TestWithParam<Story> {};

TEST_P(Golden, ComesOutAsWritten) {
  const Story& story = GetParam();
  const TempFolder folder;
  const std::filesystem::path golden = std::filesystem::path(SLOWLANE_SOURCE) / "tests/golden" / story.name;
  // Captures are named in the rows, so the run is made where they need no folder.
  const std::filesystem::path before = std::filesystem::current_path();
  story.record().write(folder, "in.pcap");
  std::filesystem::current_path(folder.file(""));
  ReplayOptions options;
  options.book = (golden / "book.cfg").string();
  options.captures = {"in.pcap"};
  options.flows = "flows.jsonl";
  options.packets = "packets.csv";
  options.series = "series.csv";
  options.capacity = 1024;
  PacketPool pool(4096);
  replay(options, load_replay_rules(options), pool);
  std::filesystem::current_path(before);
  for (const char* name : {"flows.jsonl", "packets.csv", "series.csv"}) compare(golden / name, read_text(folder, name));
}

INSTANTIATE_TEST_SUITE_P(Stories, Golden,
                         testing::Values(Story{"police", police}, Story{"shape_and_delay", shape_and_delay},
                                         Story{"reset_and_drop", reset_and_drop},
                                         Story{"odds_and_ends", odds_and_ends}),
                         [](const auto& tested) { return std::string(tested.param.name); });

}  // namespace
}  // namespace slowlane

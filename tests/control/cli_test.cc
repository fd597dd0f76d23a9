#include "control/cli.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "tests/support/recording.h"
#include "tests/support/text_files.h"

namespace slowlane {
namespace {

using testing::HasSubstr;

// The built program, as a user starts it: DPDK cannot start twice in one process.
struct Ran {
  int exit = -1;
  std::string out;
};
Ran slowlane(const std::string& arguments) {
  Ran ran;
  std::FILE* pipe = popen((std::string(SLOWLANE_BINARY) + " " + arguments).c_str(), "r");
  std::array<char, 4096> chunk{};
  while (const std::size_t got = std::fread(chunk.data(), 1, chunk.size(), pipe)) ran.out.append(chunk.data(), got);
  const int status = pclose(pipe);
  ran.exit = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return ran;
}

class Cli : public testing::Test {
 protected:
  Cli() {
    Recording recording;
    Connection(recording).hello(0, "slow.example").download(kSecond, 20, 10 * kMillisecond);
    capture_ = recording.write(folder_, "in.pcap");
    book_ = write_text(
        folder_, "book.cfg",
        "book = \"b\"; classes = ( { name = \"slow\"; police = { rate = \"80kbit\"; scope = \"flow\"; }; } );"
        "rules = ( { name = \"r\"; when = { host = [\"slow.example\"]; }; then = \"slow\"; } );");
  }
  TempFolder folder_;
  std::string capture_;
  std::string book_;
};

TEST_F(Cli, AnswersHelpAndVersion) {
  EXPECT_EQ(slowlane("--help").exit, 0);
  EXPECT_THAT(slowlane("--help").out, HasSubstr("replay"));
  EXPECT_THAT(slowlane("replay --help").out, testing::AllOf(HasSubstr("--inside"), testing::Not(HasSubstr("--burst"))));
  const Ran version = slowlane("--version");
  EXPECT_EQ(version.exit, 0);
  EXPECT_THAT(version.out,
              testing::AllOf(HasSubstr("slowlane "), HasSubstr("DPDK "), HasSubstr("nDPI "), HasSubstr("Hyperscan ")));
}

TEST_F(Cli, TellsWrongUsageFromWrongInput) {
  EXPECT_EQ(slowlane("2>&1").exit, 2);
  EXPECT_EQ(slowlane("nonsense 2>&1").exit, 2);
  EXPECT_EQ(slowlane("replay " + capture_ + " 2>&1").exit, 2);
  EXPECT_EQ(slowlane("replay --book " + book_ + " 2>&1").exit, 2);
  EXPECT_EQ(slowlane("replay " + capture_ + " --book " + book_ + " --by name 2>&1").exit, 2);
  EXPECT_EQ(slowlane("replay " + capture_ + " --book " + book_ + " --every soon 2>&1").exit, 2);
  EXPECT_EQ(slowlane("replay " + capture_ + " --book " + book_ + " --inside 1.2.3 2>&1").exit, 2);
  EXPECT_EQ(slowlane("replay " + capture_ + " --book " + book_ + " --write " + capture_ + " 2>&1").exit, 2);
  EXPECT_EQ(slowlane("replay missing.pcap --book " + book_ + " 2>&1").exit, 1);
  EXPECT_EQ(slowlane("replay " + capture_ + " --book missing.cfg 2>&1").exit, 1);
  EXPECT_EQ(slowlane("replay " + capture_ + " --book " + book_ + " --flows /nowhere/f 2>&1").exit, 3);
}

TEST_F(Cli, NamesACommandThatThereIsNotAndTheNearestOne) {
  const auto refusal = [](const std::string& arguments) {
    const Ran ran = slowlane(arguments + " 2>&1");
    EXPECT_EQ(ran.exit, 2) << arguments;
    return ran.out;
  };
  EXPECT_THAT(refusal("frobnicate"), HasSubstr("there is no command \"frobnicate\" (commands: replay, "));
  EXPECT_THAT(refusal("repaly in.pcap --book b.cfg"), HasSubstr("\"repaly\"; did you mean \"replay\"?"));
  EXPECT_THAT(refusal("ctl nonsense"), HasSubstr("there is no command \"nonsense\" of ctl (commands: status, "));
  EXPECT_THAT(refusal("ctl --socket none.sock bypas on"), HasSubstr("\"bypas\" of ctl; did you mean \"bypass\"?"));
  EXPECT_THAT(refusal("--book b.cfg"), HasSubstr("there is no option \"--book\" before a command (commands: "));
  EXPECT_THAT(refusal("ctl --book"), HasSubstr("there is no option \"--book\" before a command of ctl (commands: "));
  for (const char* none : {"", "ctl", "ctl --json"}) EXPECT_THAT(refusal(none), HasSubstr("subcommand is required"));
}

TEST_F(Cli, TakesOptionsInAnyOrder) {
  const std::string flows = folder_.file("f.jsonl");
  EXPECT_EQ(slowlane("replay --inside 10.0.0.0/8,fd00::/8 " + capture_ + " --flows " + flows + " --book " + book_).exit,
            0);
  EXPECT_THAT(read_text(folder_, "f.jsonl"), HasSubstr("slow.example"));
}

TEST_F(Cli, WritesToStandardOutputWhatIsAskedForThere) {
  const Ran flows = slowlane("replay " + capture_ + " --book " + book_ + " --flows - 2>/dev/null");
  EXPECT_EQ(flows.exit, 0);
  EXPECT_EQ(nlohmann::json::parse(flows.out)["host"], "slow.example");
  const Ran report = slowlane("replay " + capture_ + " --book " + book_ + " --json 2>/dev/null");
  EXPECT_EQ(nlohmann::json::parse(report.out)["schema"], 1);
}

TEST_F(Cli, ChecksAnAppliance) {
  const auto box = [this](const std::string& kind) {
    return write_text(folder_, "box.cfg",
                      "ports = ( { name = \"in\"; kind = \"null\"; },\n"
                      "          { name = \"out\"; " +
                          kind +
                          " } );\n"
                          "wires = ( { name = \"w\"; inside = \"in\"; outside = \"out\"; } );\n"
                          "book = \"book.cfg\";\n");
  };
  EXPECT_EQ(slowlane("check -q " + box("kind = \"null\";")).exit, 0);
  const Ran absent = slowlane("check " + box("kind = \"af_packet\"; device = \"no-such-0\";"));
  EXPECT_EQ(absent.exit, 1);
  EXPECT_THAT(absent.out, HasSubstr("box.cfg:2: port \"out\": "));
  EXPECT_THAT(absent.out, HasSubstr("no-such-0"));
}

TEST_F(Cli, SaysThatNoBoxAnswers) {
  const Ran alone = slowlane("ctl --socket " + folder_.file("none.sock") + " status 2>&1");
  EXPECT_EQ(alone.exit, 3);
  EXPECT_THAT(alone.out, HasSubstr("none.sock: no box serves there"));
  EXPECT_EQ(slowlane("ctl 2>&1").exit, 2);
  EXPECT_EQ(slowlane("ctl bypass maybe 2>&1").exit, 2);
}

TEST_F(Cli, RefusesATraceOfNoPackets) {
  const std::string trace = "ctl --socket " + folder_.file("none.sock") + " trace ";
  for (const char* packets : {"0", "1001", "-1", "some"}) {
    const Ran ran = slowlane(trace + "--packets " + packets + " 2>&1");
    EXPECT_EQ(ran.exit, 2) << packets;
    EXPECT_THAT(ran.out, HasSubstr("--packets")) << packets;
  }
  EXPECT_THAT(slowlane(trace + "--packets 0 2>&1").out, HasSubstr("0 not in range 1 to 1000"));
  for (const char* time : {"''", "0", "soon"}) EXPECT_EQ(slowlane(trace + "--for " + time + " 2>&1").exit, 2) << time;
  EXPECT_EQ(slowlane(trace + "--packets 1000 --for 60s 2>&1").exit, 3);
}

TEST_F(Cli, TakesNoEmptyTimeForTheUsualOne) {
  const std::string ctl = "ctl --socket " + folder_.file("none.sock");
  EXPECT_EQ(slowlane(ctl + " bypass on --reason x --for '' 2>&1").exit, 2);
  EXPECT_EQ(slowlane(ctl + " bypass on --reason x --for 1h 2>&1").exit, 3);
  EXPECT_EQ(slowlane(ctl + " flows --top 0 2>&1").exit, 2);
  for (const char* option : {"--until", "--every"})
    EXPECT_EQ(slowlane("replay " + capture_ + " --book " + book_ + " " + option + " '' 2>&1").exit, 2) << option;
}

TEST_F(Cli, PrintsNothingButTheTableInAPipe) {
  const Ran ran = slowlane("replay " + capture_ + " --book " + book_ + " 2>&1");
  EXPECT_EQ(ran.exit, 0);
  EXPECT_EQ(ran.out.find('\r'), std::string::npos);
  EXPECT_THAT(ran.out, HasSubstr("open loop"));
}

}  // namespace
}  // namespace slowlane

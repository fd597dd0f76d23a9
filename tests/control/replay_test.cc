#include "control/replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <numeric>

#include "control/failure.h"
#include "hw/capture_reader.h"
#include "tests/support/eal_environment.h"
#include "tests/support/recording.h"
#include "tests/support/schema.h"
#include "tests/support/text_files.h"

namespace slowlane {
namespace {

using Json = nlohmann::json;
using testing::HasSubstr;

constexpr const char* kBook = R"(
book = "test";
classes = ( { name = "slow";  police = { rate = "80kbit"; burst = "6000B"; scope = "flow"; }; },
            { name = "queue"; shape = { rate = "400kbit"; queue = "64KiB"; scope = "class"; }; },
            { name = "late";  delay = { time = "80ms"; jitter = "10ms"; }; },
            { name = "lossy"; lose = { share = 0.2; }; },
            { name = "cut";   reset = { }; } );
rules = ( { name = "media"; when = { host = ["slow.example"]; };  then = "slow"; },
          { name = "video"; when = { host = ["queue.example"]; }; then = "queue"; },
          { name = "far";   when = { host = ["late.example"]; };  then = "late"; },
          { name = "radio"; when = { host = ["lossy.example"]; }; then = "lossy"; },
          { name = "watch"; when = { host = ["cut.example"]; };   then = "slow"; mode = "observe"; },
          { name = "block"; when = { host = ["cut.example"]; };   then = "cut"; } );
)";

// Five connections through the five classes, one under none, a ping, a tagged one, an ARP frame.
Recording some_traffic() {
  Recording recording;
  const char* const hosts[] = {"slow.example",  "queue.example", "late.example",
                               "lossy.example", "cut.example",   "free.example"};
  std::uint16_t port = 40000;
  for (const char* host : hosts) {
    const Nanos at = (port - 40000) * 7 * kMillisecond;
    Connection(recording, port++)
        .hello(at, host)
        .download(at + 100 * kMillisecond, 150, 9 * kMillisecond)
        .up(at + 500 * kMillisecond, 300);
  }
  Connection(recording, 50000).vlan(5).hello(kSecond, "slow.example").download(2 * kSecond, 20, kMillisecond);
  recording.frame(300 * kMillisecond, Frame().ethernet().ipv4("10.0.0.1", "198.51.100.7").icmp(8));
  recording.frame(400 * kMillisecond, Frame().ethernet().ether_type(0x0806).payload_size(28));
  return recording;
}

class Replay : public testing::Test {
 protected:
  Replay() : pool_(8192) {
    options_.book = write_text(folder_, "book.cfg", kBook);
    options_.captures = {some_traffic().write(folder_, "in.pcap")};
    options_.capacity = 1024;
  }
  ReplayOutcome run() { return replay(options_, load_replay_rules(options_), pool_); }
  Json report() {
    options_.report = folder_.file("report.json");
    run();
    return Json::parse(read_text(folder_, "report.json"));
  }
  std::string failure() {
    try {
      run();
    } catch (const Failure& failure) {
      return std::to_string(static_cast<int>(failure.exit())) + " " + failure.what();
    }
    return "";
  }
  std::string out(const std::string& name) const { return folder_.file(name); }
  std::string text(const std::string& name) const { return read_text(folder_, name); }

  TempFolder folder_;
  PacketPool pool_;
  ReplayOptions options_;
};

std::uint64_t sum(const Json& reasons) {
  std::uint64_t total = 0;
  for (const Json& count : reasons) total += count.get<std::uint64_t>();
  return total;
}

TEST_F(Replay, ConservesPacketsAndBytes) {
  const Json all = report();
  const Json& packets = all["packets"];
  EXPECT_EQ(packets["received"], some_traffic().size());
  EXPECT_EQ(packets["received"],
            packets["sent"].get<std::uint64_t>() + packets["held"].get<std::uint64_t>() + sum(packets["dropped"]));
  const Json& bytes = all["bytes"];
  EXPECT_EQ(bytes["received"], bytes["sent"].get<std::uint64_t>() + bytes["held"].get<std::uint64_t>() +
                                   sum(bytes["dropped"]) + bytes["cut"].get<std::uint64_t>());
  EXPECT_GT(bytes["cut"], 0);
  EXPECT_GT(packets["dropped"]["police"], 0);
  EXPECT_GT(packets["dropped"]["lose"], 0);
  EXPECT_EQ(all["frames_not_ip"], 1);
  EXPECT_EQ(pool_.out(), 0u);
}

TEST_F(Replay, AddsClassesUpToTheWhole) {
  const Json all = report();
  std::uint64_t offered = 0;
  for (const Json& cls : all["classes"])
    for (const char* way : {"up", "down"}) offered += cls[way]["offered_bytes"].get<std::uint64_t>();
  EXPECT_EQ(offered + 42, all["bytes"]["received"]);  // all but the ARP frame
}

TEST_F(Replay, HoldsAPolicedFlowToItsRate) {
  const Json all = report();
  for (const Json& cls : all["classes"])
    if (cls["name"] == "slow") {
      // 150 packets of 1040 bytes in 1.35 s offer 924 kbit/s; the bucket is 6000 bytes deep, and there are two flows.
      EXPECT_LE(cls["down"]["sent_bytes"], 2 * (80000 / 8 * 2 + 6000));
      EXPECT_GE(cls["down"]["sent_bytes"], 80000 / 8 * 1.3 + 6000 - 1040);
      EXPECT_EQ(cls["configured_bps"], 80000);
      EXPECT_EQ(cls["flows"], 2);
    }
}

TEST_F(Replay, WritesRecordsAndAReportThatFitTheirSchemas) {
  options_.flows = out("flows.jsonl");
  const Json all = report();
  const std::string schemas = std::string(SLOWLANE_SOURCE) + "/control/schemas/";
  EXPECT_THAT(schema_complaints(load_schema(schemas + "report.schema.json"), all), testing::IsEmpty());
  const Json schema = load_schema(schemas + "flow.schema.json");
  const std::vector<std::string> lines = lines_of(text("flows.jsonl"));
  EXPECT_EQ(lines.size(), all["flows"]);
  for (const std::string& line : lines) EXPECT_THAT(schema_complaints(schema, Json::parse(line)), testing::IsEmpty());
}

TEST_F(Replay, DescribesATreatedFlow) {
  options_.flows = out("flows.jsonl");
  run();
  const Json flow = Json::parse(lines_of(text("flows.jsonl"))[0]);
  EXPECT_EQ(flow["host"], "slow.example");
  EXPECT_EQ(flow["host_from"], "tls");
  EXPECT_EQ(flow["protocol"], "TLS");
  EXPECT_EQ(flow["found"], "whole");
  EXPECT_EQ(flow["client"], "10.0.0.1");
  EXPECT_EQ(flow["client_by"], "syn");
  EXPECT_EQ(flow["rule"], "media");
  EXPECT_EQ(flow["class"], "slow");
  EXPECT_EQ(flow["trigger"]["side"], "inside");
  EXPECT_EQ(flow["trigger"]["time"], "1600000000.030000000");
  EXPECT_EQ(flow["down"]["packets"], 151);
  EXPECT_EQ(flow["first"], "1600000000.000000000");
  EXPECT_NE(flow["down"]["first_drop"], nullptr);
}

TEST_F(Replay, RecordsPacketsInTheOrderOfReceptionEachOnce) {
  options_.packets = out("packets.csv");
  run();
  const std::vector<std::string> lines = lines_of(text("packets.csv"));
  ASSERT_EQ(lines.size(), some_traffic().size() + 1);
  for (std::size_t i = 1; i < lines.size(); ++i) EXPECT_THAT(lines[i], HasSubstr(".pcap," + std::to_string(i) + ","));
}

TEST_F(Replay, SeriesAddsUpToTheReport) {
  options_.series = out("series.jsonl");
  const Json all = report();
  std::uint64_t offered = 0;
  std::uint64_t sent = 0;
  std::uint64_t dropped = 0;
  for (const std::string& line : lines_of(text("series.jsonl"))) {
    const Json row = Json::parse(line);
    offered += row["offered_bytes"].get<std::uint64_t>();
    sent += row["sent_bytes"].get<std::uint64_t>();
    dropped += row["dropped_bytes"].get<std::uint64_t>();
  }
  EXPECT_EQ(offered + 42, all["bytes"]["received"]);
  EXPECT_EQ(sent + 42, all["bytes"]["sent"]);
  EXPECT_EQ(dropped, sum(all["bytes"]["dropped"]));
}

std::vector<CapturedFrame> frames_of(CaptureReader& reader) {
  std::vector<CapturedFrame> all;
  while (const CapturedFrame* frame = reader.next()) all.push_back(*frame);
  return all;
}

TEST_F(Replay, WritesWhatLeavesInTheOrderOfLeavingAndWhatWasDropped) {
  options_.write = out("out.pcapng");
  options_.write_dropped = out("dropped.pcap");
  const Json all = report();
  const auto left = CaptureReader::open(options_.write);
  const auto dropped = CaptureReader::open(options_.write_dropped);
  ASSERT_TRUE(left);
  ASSERT_TRUE(dropped);
  const std::vector<CapturedFrame> frames = frames_of(**left);
  EXPECT_EQ(frames.size(), all["packets"]["sent"]);
  EXPECT_EQ(frames_of(**dropped).size(), sum(all["packets"]["dropped"]));
  for (std::size_t i = 1; i < frames.size(); ++i) EXPECT_GE(frames[i].time, frames[i - 1].time);
}

TEST_F(Replay, AnnotatesEveryPacketOfTheCaptureAsItWas) {
  options_.annotate = out("notes.pcapng");
  run();
  auto notes = CaptureReader::open(options_.annotate);
  auto original = CaptureReader::open(options_.captures[0]);
  ASSERT_TRUE(notes);
  ASSERT_TRUE(original);
  std::size_t count = 0;
  while (const CapturedFrame* frame = (*original)->next()) {
    const CapturedFrame* note = (*notes)->next();
    ASSERT_NE(note, nullptr);
    EXPECT_EQ(note->time, frame->time);
    EXPECT_TRUE(std::equal(note->bytes.begin(), note->bytes.end(), frame->bytes.begin(), frame->bytes.end()));
    ++count;
  }
  EXPECT_EQ(count, some_traffic().size());
  EXPECT_EQ((*notes)->next(), nullptr);
  const std::string file = text("notes.pcapng");
  EXPECT_THAT(file, HasSubstr("frame=1 fate=sent class=pending"));
  EXPECT_THAT(file, HasSubstr("fate=dropped reason=police class=slow rule=media"));
  EXPECT_THAT(file, HasSubstr("class=cut rule=block change=reset"));
}

TEST_F(Replay, GivesTheSameBytesWhateverTheBurst) {
  std::vector<std::vector<std::string>> runs;
  for (const std::uint16_t burst : std::initializer_list<std::uint16_t>{1, 7, 32}) {
    options_.burst = burst;
    options_.write = out("w.pcapng");
    options_.write_dropped = out("d.pcapng");
    options_.annotate = out("a.pcapng");
    options_.flows = out("f.jsonl");
    options_.series = out("s.csv");
    options_.packets = out("p.csv");
    Json all = report();
    all.erase("seconds");
    all.erase("packets_per_second");
    std::vector<std::string> files = {all.dump()};
    for (const char* name : {"w.pcapng", "d.pcapng", "a.pcapng", "f.jsonl", "s.csv", "p.csv"})
      files.push_back(text(name));
    runs.push_back(files);
  }
  EXPECT_TRUE(runs[0] == runs[1]);
  EXPECT_TRUE(runs[0] == runs[2]);
}

TEST_F(Replay, DrawsOtherwiseFromAnotherSeed) {
  options_.packets = out("p.csv");
  run();
  const std::string one = text("p.csv");
  options_.seed = 1;  // the book's
  run();
  EXPECT_EQ(text("p.csv"), one);
  options_.seed = 2;
  run();
  EXPECT_NE(text("p.csv"), one);
}

TEST_F(Replay, RunsOnUntilNothingIsHeldOrIsCut) {
  const Json whole = report();
  EXPECT_EQ(whole["packets"]["held"], 0);
  options_.until = 700 * kMillisecond;
  options_.annotate = out("a.pcapng");
  const Json cut = report();
  EXPECT_GT(cut["packets"]["held"], 0);
  EXPECT_LT(cut["packets"]["received"], whole["packets"]["received"]);
  EXPECT_EQ(cut["packets"]["received"], cut["packets"]["sent"].get<std::uint64_t>() +
                                            cut["packets"]["held"].get<std::uint64_t>() +
                                            sum(cut["packets"]["dropped"]));
  EXPECT_EQ(pool_.out(), 0u);
  EXPECT_THAT(text("a.pcapng"), HasSubstr("fate=held"));
}

TEST_F(Replay, TakesSeveralCapturesAsOneRun) {
  options_.captures.push_back(options_.captures[0]);
  const Json all = report();
  ASSERT_EQ(all["inputs"].size(), 2u);
  EXPECT_EQ(all["inputs"][0]["packets"], all["inputs"][1]["packets"]);
  EXPECT_EQ(all["packets"]["received"], 2 * some_traffic().size());
  EXPECT_EQ(all["inputs"][0]["sha256"], all["inputs"][1]["sha256"]);
  EXPECT_THAT(all["warnings"].dump(), HasSubstr("its times were moved by"));
}

TEST_F(Replay, ReadsATruncatedCaptureAsFarAsItGoes) {
  Bytes bytes = some_traffic().bytes();
  bytes.resize(bytes.size() - 10);
  options_.captures = {folder_.write("short.pcap", bytes)};
  options_.report = out("r.json");
  const ReplayOutcome outcome = run();
  EXPECT_EQ(outcome.exit, Exit::done);
  EXPECT_THAT(outcome.text, HasSubstr("warning: " + options_.captures[0]));
  EXPECT_EQ(Json::parse(text("r.json"))["packets"]["received"], some_traffic().size() - 1);
  options_.damage = ReplayOptions::Damage::refuse;
  EXPECT_EQ(run().exit, Exit::wrong_input);
}

TEST_F(Replay, OfAnEmptyCaptureIsDone) {
  options_.captures = {Recording().write(folder_, "empty.pcap")};
  options_.flows = out("f.jsonl");
  const Json all = report();
  EXPECT_EQ(all["packets"]["received"], 0);
  EXPECT_EQ(text("f.jsonl"), "");
}

TEST_F(Replay, NeverOverwritesAnInput) {
  const std::string before = text("in.pcap");
  options_.write = options_.captures[0];
  EXPECT_THAT(failure(), HasSubstr("2 "));
  options_.write.clear();
  options_.flows = options_.book;
  EXPECT_THAT(failure(), HasSubstr("2 "));
  EXPECT_EQ(text("in.pcap"), before);
  EXPECT_EQ(text("book.cfg"), kBook);
}

TEST_F(Replay, SaysWhatIsWrongWithItsInputs) {
  options_.flows = out("f.jsonl");
  options_.captures = {out("missing.pcap")};
  EXPECT_THAT(failure(), HasSubstr("1 " + out("missing.pcap")));
  options_.captures = {write_text(folder_, "text.pcap", "this is no capture at all, only text")};
  EXPECT_THAT(failure(), HasSubstr("1 " + out("text.pcap")));
  options_.book =
      write_text(folder_, "wrong.cfg", "rules = ( { name = \"a\"; when = { hots = 1; }; then = \"x\"; } );");
  EXPECT_THAT(failure(), HasSubstr("wrong.cfg:1: "));
  options_.book = out("missing.cfg");
  EXPECT_THAT(failure(), HasSubstr("1 "));
  EXPECT_FALSE(std::filesystem::exists(out("f.jsonl")));
}

TEST_F(Replay, SaysWhatCannotBeWritten) {
  options_.flows = out("missing/f.jsonl");
  EXPECT_THAT(failure(), HasSubstr("3 "));
  options_.flows.clear();
  options_.write = out("x.txt");
  EXPECT_THAT(failure(), HasSubstr("2 "));
  options_.write.clear();
  options_.annotate = out("a.pcap");
  EXPECT_THAT(failure(), HasSubstr("2 "));
}

TEST_F(Replay, ShowsLessOfAddressesWhereAsked) {
  options_.flows = out("f.jsonl");
  options_.addresses = Addresses::truncated;
  run();
  Json flow = Json::parse(lines_of(text("f.jsonl"))[0]);
  EXPECT_EQ(flow["client"], "10.0.0.0");
  EXPECT_EQ(flow["client_port"], 0);
  EXPECT_EQ(flow["server"], "198.51.100.0");
  EXPECT_EQ(flow["server_port"], 443);
  EXPECT_EQ(flow["community_id"], nullptr);
  options_.addresses = Addresses::none;
  run();
  flow = Json::parse(lines_of(text("f.jsonl"))[0]);
  EXPECT_EQ(flow["client"], nullptr);
  EXPECT_EQ(flow["server"], nullptr);
}

TEST_F(Replay, TurnsTheWireRoundByInsidePrefixes) {
  options_.flows = out("f.jsonl");
  options_.inside = {*parse_prefix("198.51.100.0/24")};
  run();
  const Json flow = Json::parse(lines_of(text("f.jsonl"))[0]);
  EXPECT_EQ(flow["initiator"], "outside");
  EXPECT_EQ(flow["up"]["packets"], 151);
}

TEST_F(Replay, SaysThatTheFlowTableIsFull) {
  options_.capacity = 2;
  const Json all = report();
  EXPECT_THAT(all["warnings"].dump(), HasSubstr("--capacity"));
}

TEST_F(Replay, GivesTheRemedyForPacketsLongerThanTheirBucket) {
  Recording recording;
  Connection(recording).hello(0, "slow.example").download(kSecond, 3, kSecond, 8000);
  options_.captures = {recording.write(folder_, "long.pcap")};
  const ReplayOutcome outcome = run();
  EXPECT_THAT(outcome.text, HasSubstr("over_burst"));
  EXPECT_THAT(outcome.text, HasSubstr("larger burst"));
}

TEST_F(Replay, PrintsATableOrTheReport) {
  EXPECT_THAT(run().text, testing::AllOf(HasSubstr("open loop"), HasSubstr("slow"), HasSubstr("80.0 kbit/s"),
                                         HasSubstr("names most affected"), HasSubstr("police"), HasSubstr("watch")));
  options_.print = ReplayOptions::Print::json;
  EXPECT_EQ(Json::parse(run().text)["schema"], 1);
}

TEST_F(Replay, WritesFlowsAsCsvByTheirEnding) {
  options_.flows = out("f.csv");
  run();
  const std::vector<std::string> lines = lines_of(text("f.csv"));
  EXPECT_THAT(lines[0], HasSubstr("id,community_id,transport"));
  EXPECT_THAT(lines[1], HasSubstr("slow.example,tls"));
  for (const std::string& line : lines)
    EXPECT_EQ(std::count(line.begin(), line.end(), ','), std::count(lines[0].begin(), lines[0].end(), ','));
}

}  // namespace
}  // namespace slowlane

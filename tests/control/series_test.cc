#include "control/series.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/box.h"
#include "tests/support/text_files.h"

namespace slowlane {
namespace {

using testing::ElementsAre;

constexpr const char* kBook = R"(
book = "series";
classes = ( { name = "slow"; police = { rate = "8kbit"; burst = "2KiB"; scope = "flow"; }; } );
rules = ( { name = "all"; when = { host = ["slow.example"]; }; then = "slow"; } );
)";
constexpr Nanos kStart = 1000 * kSecond;
constexpr ClassId kSlow = 2;

PacketRecord packet(Nanos arrival, Nanos departure, std::uint32_t bytes) {
  PacketRecord record;
  record.arrival = kStart + arrival;
  record.departure = kStart + departure;
  record.bytes = bytes;
  record.flow_id = 1;
  record.is_ip = true;
  return record;
}

// The lines behind the head, without the columns of the rate.
std::vector<std::string> rows_of(const std::vector<PacketRecord>& records, SeriesBy by = SeriesBy::cls) {
  const TempFolder folder;
  const auto rules = rules_of(kBook);
  Output out(folder.file("series.csv"));
  Series series(out, RowFormat::csv, *rules, {kStart, kSecond, by});
  for (const PacketRecord& record : records) series.record(record);
  series.finish();
  out.commit();
  std::vector<std::string> lines = lines_of(read_text(folder, "series.csv"));
  EXPECT_EQ(lines.at(0),
            "time_s,key,direction,offered_bytes,sent_bytes,dropped_bytes,held_bytes,made_bytes,rate_bps,rate_scope");
  lines.erase(lines.begin());
  for (std::string& line : lines) line.erase(line.rfind(',', line.rfind(',') - 1));
  return lines;
}

TEST(Series, CountsWhatIsOfferedAndSentPerInterval) {
  EXPECT_THAT(
      rows_of({packet(0, 0, 100), packet(999 * kMillisecond, 999 * kMillisecond, 10), packet(kSecond, kSecond, 1)}),
      ElementsAre("0.0,pass,up,110,110,0,0,0", "1.0,pass,up,1,1,0,0,0"));
}

TEST(Series, CountsDropsAndCutsAndDirections) {
  PacketRecord dropped = packet(0, 0, 100);
  dropped.sent = false;
  PacketRecord cut = packet(0, 0, 100);
  cut.cut_bytes = 60;
  cut.side = Side::outside;
  EXPECT_THAT(rows_of({dropped, cut}), ElementsAre("0.0,pass,up,100,0,100,0,0", "0.0,pass,down,100,40,0,0,0"));
}

TEST(Series, HoldsAPacketAtTheEndOfEveryIntervalItWaitsIn) {
  EXPECT_THAT(rows_of({packet(500 * kMillisecond, 2500 * kMillisecond, 100)}),
              ElementsAre("0.0,pass,up,100,0,0,100,0", "1.0,pass,up,0,0,0,100,0", "2.0,pass,up,0,100,0,0,0"));
}

TEST(Series, PutsZerosBesideSilence) {
  EXPECT_THAT(
      rows_of({packet(0, 0, 5), packet(10 * kSecond, 10 * kSecond, 6)}),
      ElementsAre("0.0,pass,up,5,5,0,0,0", "1.0,pass,up,0,0,0,0,0", "9.0,pass,up,0,0,0,0,0", "10.0,pass,up,6,6,0,0,0"));
}

TEST(Series, WritesOneRowOfZerosForASilenceOfOneInterval) {
  EXPECT_THAT(rows_of({packet(0, 0, 5), packet(2 * kSecond, 2 * kSecond, 6)}),
              ElementsAre("0.0,pass,up,5,5,0,0,0", "1.0,pass,up,0,0,0,0,0", "2.0,pass,up,6,6,0,0,0"));
}

TEST(Series, PutsZerosForAKeyThatBeginsOrEndsWhileOthersGoOn) {
  PacketRecord slow = packet(kSecond, kSecond, 7);
  slow.cls = kSlow;
  EXPECT_THAT(rows_of({packet(0, 0, 5), slow, packet(2 * kSecond, 2 * kSecond, 6)}),
              ElementsAre("0.0,pass,up,5,5,0,0,0", "0.0,slow,up,0,0,0,0,0", "1.0,pass,up,0,0,0,0,0",
                          "1.0,slow,up,7,7,0,0,0", "2.0,pass,up,6,6,0,0,0", "2.0,slow,up,0,0,0,0,0"));
}

TEST(Series, NamesRulesFlowsAndWhatWasNotJudged) {
  PacketRecord ruled = packet(0, 0, 1);
  ruled.rule = 0;
  PacketRecord unjudged = packet(0, 0, 3);
  unjudged.flow_id = 0;
  EXPECT_THAT(rows_of({ruled, packet(0, 0, 2), unjudged}, SeriesBy::rule),
              ElementsAre("0.0,all,up,1,1,0,0,0", "0.0,otherwise,up,2,2,0,0,0", "0.0,unjudged,up,3,3,0,0,0"));
  EXPECT_THAT(rows_of({ruled, unjudged}, SeriesBy::flow),
              ElementsAre("0.0,1,up,1,1,0,0,0", "0.0,unjudged,up,3,3,0,0,0"));
}

TEST(Series, LeavesOutWhatIsNotIp) {
  PacketRecord arp = packet(0, 0, 60);
  arp.is_ip = false;
  EXPECT_THAT(rows_of({arp}), ElementsAre());
}

TEST(Series, TellsTheRateOfAClassAndItsScope) {
  const TempFolder folder;
  const auto rules = rules_of(kBook);
  Output out(folder.file("series.jsonl"));
  Series series(out, RowFormat::jsonl, *rules, {kStart, kSecond, SeriesBy::cls});
  PacketRecord slow = packet(0, 0, 7);
  slow.cls = kSlow;
  series.record(slow);
  series.finish();
  out.commit();
  EXPECT_THAT(lines_of(read_text(folder, "series.jsonl")),
              ElementsAre("{\"time_s\":0.0,\"key\":\"slow\",\"direction\":\"up\",\"offered_bytes\":7,\"sent_bytes\":7,"
                          "\"dropped_bytes\":0,\"held_bytes\":0,\"made_bytes\":0,\"rate_bps\":8000,"
                          "\"rate_scope\":\"flow\"}"));
}

}  // namespace
}  // namespace slowlane

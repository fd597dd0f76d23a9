#include "control/packets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/box.h"
#include "tests/support/text_files.h"

namespace slowlane {
namespace {

using testing::ElementsAre;

constexpr const char* kBook = R"(
book = "packets";
classes = ( { name = "slow"; police = { rate = "80kbit"; scope = "flow"; }; } );
rules = ( { name = "media"; when = { host = ["a.example"]; }; then = "slow"; } );
)";

PacketRecord tcp_packet() {
  PacketRecord record;
  record.number = 1;
  record.frame = 12;
  record.arrival = 1600000000 * kSecond;
  record.departure = record.arrival + kMillisecond;
  record.flow_id = 3;
  record.bytes = 1500;
  record.payload_bytes = 1460;
  record.tcp_seq = 4294967295u;
  record.cls = 2;
  record.rule = 0;
  record.is_ip = record.is_tcp = true;
  return record;
}

std::vector<std::string> rows_of(const std::vector<PacketRecord>& records) {
  const TempFolder folder;
  const auto rules = rules_of(kBook);
  Output out(folder.file("packets.csv"));
  PacketRows rows(out, RowFormat::csv, *rules, {"a.pcap", "b,c.pcap"});
  for (const PacketRecord& record : records) rows.record(record);
  out.commit();
  return lines_of(read_text(folder, "packets.csv"));
}

TEST(PacketRows, SayWhatBecameOfAPacket) {
  PacketRecord dropped = tcp_packet();
  dropped.sent = false;
  dropped.reason = DropReason::police;
  dropped.side = Side::outside;
  EXPECT_THAT(
      rows_of({tcp_packet(), dropped}),
      ElementsAre(
          "file,frame,time_in,time_out,flow,direction,bytes,fate,reason,rule,class,change,cut_bytes,seq,payload",
          "a.pcap,12,1600000000.000000000,1600000000.001000000,3,up,1500,sent,,media,slow,,0,4294967295,1460",
          "a.pcap,12,1600000000.000000000,1600000000.001000000,3,down,1500,dropped,police,media,slow,,0,"
          "4294967295,1460"));
}

TEST(PacketRows, LeaveEmptyWhatAFrameDoesNotHave) {
  PacketRecord arp;
  arp.frame = 1;
  arp.bytes = 60;
  arp.capture = 1;
  EXPECT_EQ(rows_of({arp})[1], "\"b,c.pcap\",1,0.000000000,0.000000000,,,60,sent,,,pass,,0,,");
}

TEST(PacketRows, SayWhatARewriteDid) {
  PacketRecord record = tcp_packet();
  EXPECT_STREQ(change_word(record), "");
  record.marked = true;
  EXPECT_STREQ(change_word(record), "mark");
  record.reset = true;
  EXPECT_STREQ(change_word(record), "mark+reset");
  record.marked = false;
  EXPECT_STREQ(change_word(record), "reset");
}

}  // namespace
}  // namespace slowlane

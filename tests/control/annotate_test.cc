#include "control/annotate.h"

#include <gtest/gtest.h>

#include "control/failure.h"
#include "tests/support/box.h"
#include "tests/support/recording.h"
#include "tests/support/text_files.h"

namespace slowlane {
namespace {

constexpr const char* kBook = R"(
book = "notes";
classes = ( { name = "slow"; police = { rate = "80kbit"; scope = "flow"; }; } );
rules = ( { name = "media"; when = { host = ["a.example"]; }; then = "slow"; } );
)";

PacketRecord numbered(std::uint64_t number) {
  PacketRecord record;
  record.number = record.frame = number;
  return record;
}

TEST(Annotation, SaysFateReasonClassAndRule) {
  const auto rules = rules_of(kBook);
  PacketRecord record = numbered(12);
  record.cls = 2;
  record.rule = 0;
  EXPECT_EQ(Annotator::comment(record, *rules), "frame=12 fate=sent class=slow rule=media");
  record.sent = false;
  record.reason = DropReason::police;
  EXPECT_EQ(Annotator::comment(record, *rules), "frame=12 fate=dropped reason=police class=slow rule=media");
}

TEST(Annotation, SaysHowLongAPacketWasHeldAndWhatChanged) {
  const auto rules = rules_of(kBook);
  PacketRecord record = numbered(3);
  record.marked = true;
  record.departure = 80 * kMillisecond;
  EXPECT_EQ(Annotator::comment(record, *rules), "frame=3 fate=sent class=pass change=mark held_s=0.08");
}

TEST(Annotator, CallsHeldWhatHasNoRecord) {
  const TempFolder folder;
  Recording recording;
  Connection(recording).hello(0, "a.example");
  const auto rules = rules_of(kBook);
  Annotator annotator(folder.file("notes.pcapng"), {recording.write(folder, "in.pcap")}, *rules);
  annotator.record(numbered(1));
  annotator.record(numbered(3));
  annotator.commit(4);
  const std::string notes = read_text(folder, "notes.pcapng");
  EXPECT_NE(notes.find("frame=1 fate=sent"), std::string::npos);
  EXPECT_NE(notes.find("frame=2 fate=held"), std::string::npos);
  EXPECT_NE(notes.find("frame=3 fate=sent"), std::string::npos);
  EXPECT_NE(notes.find("frame=4 fate=held"), std::string::npos);
}

TEST(Annotator, CannotReadStandardInputTwice) {
  const TempFolder folder;
  const auto rules = rules_of(kBook);
  EXPECT_THROW(Annotator(folder.file("notes.pcapng"), {"-"}, *rules), Failure);
}

}  // namespace
}  // namespace slowlane

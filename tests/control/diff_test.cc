#include "control/diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "control/capture_run.h"
#include "control/diff_command.h"
#include "control/diff_traffic.h"
#include "control/load_rules.h"
#include "tests/support/eal_environment.h"
#include "tests/support/recording.h"
#include "tests/support/text_files.h"

namespace slowlane {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* kOld = R"(book = "b";
classes = ( { name = "slow"; police = { rate = "80kbit"; scope = "flow"; }; },
            { name = "gone"; drop = { }; } );
rules = ( { name = "media"; when = { host = ["a.com", ".b.com", "*.c.com"]; }; then = "slow"; },
          { name = "ads";   when = { host = "ads.net"; };                      then = "gone"; },
          { name = "quick"; when = { transport = "icmp"; };                    then = "slow"; } );
)";
constexpr const char* kNew = R"(book = "b";
classes = ( { name = "slow"; police = { rate = "100kbit"; scope = "flow"; }; },
            { name = "late"; delay = { time = "80ms"; }; } );
rules = ( { name = "quick"; when = { transport = "icmp"; };                    then = "slow"; },
          { name = "media"; when = { host = ["a.com", ".b.com", "d.org"]; initiator = "inside"; }; then = "late"; } );
otherwise = "pass";
)";

class Diff : public testing::Test {
 protected:
  Diff() : old_(write_text(folder_, "old.cfg", kOld)), new_(write_text(folder_, "new.cfg", kNew)) {}
  static std::unique_ptr<const RuleSet> load(const std::string& path) {
    auto rules = load_rules(path, {});
    if (!rules) throw std::runtime_error(rules.diagnostics().front().print());
    return std::move(*rules);
  }
  BookDiff compare(const std::string& from, const std::string& to) { return diff(*load(from), *load(to)); }

  TempFolder folder_;
  std::string old_;
  std::string new_;
};

TEST_F(Diff, ABookAndItselfAreTheSame) {
  const BookDiff same = compare(old_, old_);
  EXPECT_TRUE(same.empty());
  EXPECT_EQ(same.hosts_judged, 5u) << "a.com, b.com, www.b.com, www.c.com, ads.net";
  EXPECT_THAT(print(same, {}), HasSubstr("the books ask for the same"));
}

TEST_F(Diff, RulesAreAddedRemovedChangedAndMoved) {
  const BookDiff found = compare(old_, new_);
  ASSERT_THAT(found.rules, SizeIs(2));
  EXPECT_EQ(found.rules[0].name, "media");
  EXPECT_EQ(found.rules[1].what, EntryChange::What::removed);
  EXPECT_TRUE(found.order_changed);
  EXPECT_THAT(print(found, {}), AllOf(HasSubstr("~ \"media\" (" + new_ + ":5)"), HasSubstr("then slow -> late"),
                                      HasSubstr("host \"*.c.com\" -> \"d.org\""), HasSubstr("initiator + inside"),
                                      HasSubstr("- \"ads\" (" + old_ + ":5)"), HasSubstr("another order")));
}

TEST_F(Diff, ClassesTellTheirTreatmentsFromAndTo) {
  EXPECT_THAT(print(compare(old_, new_), {}),
              AllOf(HasSubstr("police.rate 80kbit -> 100kbit"), HasSubstr("+ \"late\""), HasSubstr("- \"gone\"")));
}

TEST_F(Diff, EveryNameThatChangesClassIsTold) {
  const BookDiff found = compare(old_, new_);
  std::vector<std::string> lines;
  for (const HostChange& one : found.hosts)
    if (one.host_from == "tls") lines.push_back(one.host + " " + one.from_class + " " + one.to_class);
  EXPECT_THAT(lines, ElementsAre("a.com slow late", "b.com slow late", "www.b.com slow late", "www.c.com slow pass",
                                 "ads.net gone pass", "d.org pass late"));
}

TEST_F(Diff, OtherwiseCounts) {
  const std::string other = write_text(folder_, "other.cfg", std::string(kOld) + "otherwise = \"slow\";\n");
  EXPECT_THAT(print(compare(old_, other), {}), HasSubstr("otherwise pass -> slow"));
  const std::string looks = write_text(folder_, "looks.cfg",
                                       std::string(kOld) +
                                           "inspection = { hello = \"packet\"; max_packets = [4, 16]; };\n"
                                           "flows = { split_handshake = \"outside\"; };\n");
  EXPECT_THAT(
      print(compare(old_, looks), {}),
      AllOf(HasSubstr("inspection.hello stream -> packet"), HasSubstr("inspection.reassemble true -> false"),
            HasSubstr("inspection.max_packets 48 -> 4-16"), HasSubstr("flows.split_handshake first -> outside")));
}

TEST_F(Diff, JsonHoldsEverything) {
  const nlohmann::json json = to_json(compare(old_, new_), {});
  EXPECT_EQ(json["rules"][0]["change"], "changed");
  EXPECT_EQ(json["classes"][0]["settings"][0]["setting"], "police.rate");
  EXPECT_EQ(json["hosts"][0]["to"]["rule"], "media");
  EXPECT_TRUE(json["traffic"].is_null());
}

TEST_F(Diff, ACaptureTellsFlowsAndBytesThatChangeClass) {
  Recording recording;
  Connection(recording, 40000).hello(0, "a.com").download(kSecond, 3, 10 * kMillisecond);
  Connection(recording, 40001).hello(0, "x.b.com").download(kSecond, 3, 10 * kMillisecond);
  Connection(recording, 40002).hello(0, "ads.net");
  Connection(recording, 40003).hello(0, "free.org");
  const std::string capture = recording.write(folder_, "in.pcap");
  PacketPool pool(1024);
  const TrafficDiff traffic = diff_traffic(load_untreated(old_), load_untreated(new_), {capture}, {}, pool);
  EXPECT_EQ(traffic.flows, 4u);
  ASSERT_THAT(traffic.changes, SizeIs(2));
  EXPECT_EQ(traffic.changes[0].from_class, "slow");
  EXPECT_EQ(traffic.changes[0].to_class, "late");
  EXPECT_EQ(traffic.changes[0].flows, 2u);
  EXPECT_GT(traffic.changes[0].bytes, 6000u);
  EXPECT_THAT(traffic.changes[0].hosts, testing::UnorderedElementsAre("a.com", "x.b.com"));
  EXPECT_EQ(traffic.changes[1].to_class, "pass");
  EXPECT_EQ(to_json(BookDiff{}, traffic)["traffic"]["changes"][1]["hosts"][0], "ads.net");
  EXPECT_THAT(print(BookDiff{}, traffic), HasSubstr("slow -> late: 2 flows"));
}

TEST_F(Diff, TheSameBookChangesNoTraffic) {
  Recording recording;
  Connection(recording).hello(0, "a.com");
  const std::string capture = recording.write(folder_, "in.pcap");
  PacketPool pool(1024);
  EXPECT_THAT(diff_traffic(load_untreated(old_), load_untreated(old_), {capture}, {}, pool).changes, IsEmpty());
}

}  // namespace
}  // namespace slowlane

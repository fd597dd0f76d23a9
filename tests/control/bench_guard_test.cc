#include "control/bench_guard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/live_rules.h"
#include "dataplane/classifier.h"
#include "tests/support/text_files.h"

namespace slowlane {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

Config with_prefixes(const std::vector<std::string>& prefixes) {
  Config config;
  config.bench = true;
  config.wires.emplace_back();
  config.wires[0].name = "w0";
  config.wires[0].prefixes_place = {"box.cfg", 5};
  for (const std::string& prefix : prefixes) config.wires[0].inside_prefixes.push_back(*parse_prefix(prefix));
  return config;
}

TEST(BenchGuard, TakesAddressesThatAreNobodys) {
  for (const char* prefix : {"10.0.0.0/8", "10.1.2.0/24", "172.16.0.0/12", "192.168.7.1", "100.64.0.0/10",
                             "192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "198.18.0.0/15", "169.254.0.0/16",
                             "fc00::/7", "fd12:3456::/32", "2001:db8::/32", "3fff::/20", "2001:2::/48", "fe80::/10"})
    EXPECT_TRUE(is_bench_space(*parse_prefix(prefix))) << prefix;
}

TEST(BenchGuard, RefusesAddressesThatMayBeSomebodys) {
  for (const char* prefix : {"0.0.0.0/0", "8.8.8.0/24", "100.0.0.0/8", "100.128.0.0/10", "172.0.0.0/8", "192.0.2.0/23",
                             "198.16.0.0/14", "::/0", "2000::/3", "2001:db8::/31", "f800::/5", "ff02::/16"}) {
    EXPECT_FALSE(is_bench_space(*parse_prefix(prefix))) << prefix;
    EXPECT_THAT(guard_wires(with_prefixes({"10.0.0.0/8", prefix})), SizeIs(1)) << prefix;
  }
  const Diagnostics said = guard_wires(with_prefixes({"8.8.8.0/24"}));
  EXPECT_THAT(said[0].print(), HasSubstr("box.cfg:5: wire \"w0\": inside_prefixes: 8.8.8.0/24 may be somebody's"));
}

TEST(BenchGuard, WantsEveryWireOfABenchToNameItsInside) {
  EXPECT_THAT(guard_wires(with_prefixes({"10.0.0.0/8"})), IsEmpty());
  EXPECT_THAT(guard_wires(with_prefixes({})), SizeIs(1));
  Config open = with_prefixes({});
  open.bench = false;
  EXPECT_THAT(guard_wires(open), IsEmpty()) << "elsewhere the inside is the wire's port";
}

TEST(BenchGuard, KeepsRecordsOfEverythingAndFullAddressesToBenches) {
  Config config;
  EXPECT_THAT(guard_events(config), IsEmpty());
  config.events.which = EventsConfig::Which::all;
  config.events.which_place = {"box.cfg", 8};
  EXPECT_THAT(guard_events(config), SizeIs(1));
  config.events.addresses = Addresses::full;
  const Diagnostics said = guard_events(config);
  ASSERT_THAT(said, SizeIs(2));
  EXPECT_THAT(said[0].print(),
              AllOf(HasSubstr("box.cfg:8: "), HasSubstr("which = \"all\""), HasSubstr("bench = true")));
  EXPECT_THAT(said[1].text, HasSubstr("addresses = \"full\""));
  config.bench = true;
  EXPECT_THAT(guard_events(config), IsEmpty());
}

// Books against the real dictionary of applications.
class BookGuardTest : public testing::Test {
 protected:
  static void SetUpTestSuite() { dictionary_ = new Dictionary(Classifier(1).dictionary()); }
  static void TearDownTestSuite() { delete dictionary_; }

  Diagnostics guard(const std::string& text) const {
    const auto book = load_book(write_text(folder_, "b.cfg", text));
    EXPECT_TRUE(book) << (book ? "" : book.diagnostics().front().print());
    return book ? guard_book(config_, *book, *dictionary_) : Diagnostics{{"", 0, "no book"}};
  }
  Diagnostics guard_rule(const std::string& when, const std::string& then = "slow",
                         const std::string& mode = "enforce") const {
    return guard(
        "book = \"b\"; classes = ( { name = \"slow\"; police = { rate = \"1mbit\"; scope = \"flow\"; }; },\n"
        "  { name = \"gone\"; drop = { hold = \"60s\"; }; }, { name = \"marked\"; mark = { dscp = \"cs1\"; }; },\n"
        "  { name = \"both\"; mark = { dscp = \"cs1\"; }; lose = { share = 0.1; }; } );\n"
        "rules = ( { name = \"r\"; when = { " +
        when + " }; then = \"" + then + "\"; mode = \"" + mode + "\"; } );\n");
  }

  static Dictionary* dictionary_;
  TempFolder folder_;
  Config config_;
};
Dictionary* BookGuardTest::dictionary_ = nullptr;

TEST_F(BookGuardTest, KeepsModelsOnTheBench) {
  config_.book_place = {"box.cfg", 9};
  const Diagnostics said = guard("book = \"b\"; purpose = \"model\";\n");
  ASSERT_THAT(said, SizeIs(1));
  EXPECT_THAT(said[0].print(), AllOf(HasSubstr("box.cfg:9: book: b is a model"), HasSubstr("bench = true")));
  config_.bench = true;
  EXPECT_THAT(guard("book = \"b\"; purpose = \"model\";\n"), IsEmpty());
}

TEST_F(BookGuardTest, RefusesToTreatTunnelsByName) {
  for (const char* name : {"OpenVPN", "WireGuard", "Tor", "IPsec", "PPTP", "CiscoVPN", "TINC", "HotspotShield",
                           "FortiClient", "SOCKS", "HTTP_Proxy", "tls.tor", "TLS.OpenVPN", "iCloudPrivateRelay"})
    EXPECT_THAT(guard_rule("protocol = [\"TLS\", \"" + std::string(name) + "\"];"), SizeIs(1)) << name;
  const Diagnostics said = guard_rule("protocol = \"Tor\";");
  EXPECT_THAT(said[0].text, AllOf(HasSubstr("rule \"r\": treats VPN, proxy or Tor applications with class \"slow\""),
                                  HasSubstr("bench")));
  EXPECT_EQ(said[0].line, 4);
}

TEST_F(BookGuardTest, RefusesToTreatTunnelsByCategoryAndByTheirNames) {
  EXPECT_THAT(guard_rule("category = [\"Video\", \"VPN\"];"), SizeIs(1));
  EXPECT_THAT(guard_rule("host_from = \"socks\"; host = \"*\";"), SizeIs(1));
}

TEST_F(BookGuardTest, RefusesToTreatEch) {
  EXPECT_THAT(guard_rule("ech = true; host = \"a.com\";"), SizeIs(1));
  EXPECT_THAT(guard_rule("not = { ech = false; };"), SizeIs(1));
  EXPECT_THAT(guard_rule("ech = false; host = \"a.com\";"), IsEmpty());
  EXPECT_THAT(guard_rule("not = { ech = true; };"), IsEmpty());
}

TEST_F(BookGuardTest, RefusesToTreatTheUnknown) {
  EXPECT_THAT(guard_rule("protocol = [\"HTTP\", \"Unknown\"];"), SizeIs(1));
  EXPECT_THAT(guard_rule("category = \"Unspecified\";"), SizeIs(1));
}

TEST_F(BookGuardTest, RefusesToTreatAllButSomeApplications) {
  EXPECT_THAT(guard_rule("not = { protocol = [\"TLS\", \"HTTP\", \"DNS\"]; };"), SizeIs(1));
  EXPECT_THAT(guard_rule("not = { category = \"Web\"; };"), SizeIs(1));
  EXPECT_THAT(guard_rule("not = { not = { protocol = \"Tor\"; }; };"), SizeIs(1));
  EXPECT_THAT(guard_rule("protocol = \"TLS\"; not = { category = \"Video\"; };"), IsEmpty());
}

TEST_F(BookGuardTest, CountsEveryTreatmentButPassAndMark) {
  for (const char* then : {"slow", "gone", "both"}) EXPECT_THAT(guard_rule("protocol = \"Tor\";", then), SizeIs(1));
  for (const char* then : {"pass", "marked"}) EXPECT_THAT(guard_rule("protocol = \"Tor\";", then), IsEmpty());
}

TEST_F(BookGuardTest, CountsRulesThatObserveAndNotThoseThatAreOff) {
  EXPECT_THAT(guard_rule("protocol = \"Tor\";", "slow", "observe"), SizeIs(1));
  EXPECT_THAT(guard_rule("protocol = \"Tor\";", "slow", "off"), IsEmpty());
}

TEST_F(BookGuardTest, LeavesTheRestAlone) {
  for (const char* when :
       {"", "host = \"a.com\";", "protocol = \"BitTorrent\";", "category = \"Video\";", "protocol = \"TLS.YouTube\";",
        "server = \"10.0.0.0/8\";", "host_from = \"tls\"; host = \"*\";"})
    EXPECT_THAT(guard_rule(when), IsEmpty()) << when;
}

TEST_F(BookGuardTest, AllowsAllOfItOnABench) {
  config_.bench = true;
  for (const char* when : {"protocol = \"Tor\";", "category = \"VPN\";", "ech = true;", "protocol = \"unknown\";"})
    EXPECT_THAT(guard_rule(when), IsEmpty()) << when;
}

TEST_F(BookGuardTest, StandsBeforeEveryLiveBook) {
  config_.book = write_text(folder_, "live.cfg",
                            "book = \"b\"; classes = ( { name = \"gone\"; drop = { }; } );\n"
                            "rules = ( { name = \"r\"; when = { protocol = \"Tor\"; }; then = \"gone\"; } );\n");
  EXPECT_FALSE(load_live_rules(config_));
  config_.bench = true;
  config_.seed = 42;
  const auto rules = load_live_rules(config_);
  ASSERT_TRUE(rules);
  EXPECT_EQ((*rules)->book().seed, 42u);
}

}  // namespace
}  // namespace slowlane

#include "rules/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <ctime>
#include <filesystem>

#include "tests/rules/texts.h"

namespace slowlane {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::size_t lines(const std::string& text) { return static_cast<std::size_t>(std::ranges::count(text, '\n')); }

TEST(Load, TheExampleOfTheContractIsReadWhole) {
  const auto read = load_book(SLOWLANE_SOURCE "/rules/book/example.cfg");
  ASSERT_TRUE(read) << printed(read.diagnostics());
  const Book& book = *read;
  EXPECT_EQ(book.name, "example");
  EXPECT_EQ(book.purpose, "model");
  EXPECT_EQ(book.otherwise, "pass");
  ASSERT_EQ(book.classes.size(), 8u);
  EXPECT_EQ(book.classes[0].police->burst, 16384u);
  EXPECT_EQ(book.classes[4].drop->after_max, 8u);
  ASSERT_EQ(book.rules.size(), 4u);
  EXPECT_EQ(book.rules[0].name, "media");
  EXPECT_EQ(book.rules[0].when.terms.size(), 2u);
  EXPECT_EQ(std::get<HostPatterns>(book.rules[1].when.terms[0].value)[0].text, "googlevideo.com");
  EXPECT_EQ(book.rules[2].mode, Mode::observe);
  ASSERT_EQ(book.expects.size(), 2u);
  EXPECT_EQ(book.expects[1].host, "abs.twimg.com");
  EXPECT_THAT(book.files,
              ElementsAre(SLOWLANE_SOURCE "/rules/book/example.cfg", SLOWLANE_SOURCE "/rules/book/lists/video.txt"));
}

TEST(Load, TheExampleNamesTheDefaults) {
  const auto written = load_book(SLOWLANE_SOURCE "/rules/book/example.cfg");
  ASSERT_TRUE(written);
  const Inspection& i = written->inspection;
  const Inspection usual;
  EXPECT_TRUE(i.reassemble == usual.reassemble && i.hello_from == usual.hello_from &&
              i.trailing_dot == usual.trailing_dot && i.names == usual.names && i.fragments == usual.fragments);
  EXPECT_TRUE(i.hello == usual.hello && i.unknown_max == usual.unknown_max &&
              i.max_packets_most == usual.max_packets_most);
  EXPECT_TRUE(i.max_packets == usual.max_packets && i.max_bytes == usual.max_bytes &&
              i.ndpi_packets == usual.ndpi_packets);
  const FlowRules& f = written->flows;
  const FlowRules flows;
  EXPECT_TRUE(f.idle == flows.idle && f.idle_syn == flows.idle_syn && f.idle_udp == flows.idle_udp &&
              f.new_syn == flows.new_syn && f.forget_on_close == flows.forget_on_close &&
              f.midstream == flows.midstream && f.midstream_initiator == flows.midstream_initiator &&
              f.split_handshake == flows.split_handshake);
}

TEST(Load, EverySampleBookLoads) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(SLOWLANE_SOURCE "/rules/book")) {
    if (entry.path().extension() != ".cfg") continue;
    const auto book = load_book(entry.path().string());
    EXPECT_TRUE(book) << printed(book.diagnostics());
    ++count;
  }
  EXPECT_GE(count, 5);
}

TEST(Load, AnEmptyBookPassesEverything) {
  const auto book = book_of("");
  ASSERT_TRUE(book);
  EXPECT_EQ(book->name, "book");
  EXPECT_EQ(book->otherwise, "pass");
  EXPECT_EQ(book->seed, 1u);
}

TEST(Load, EveryMistakeIsReportedAtOnceInTheOrderOfTheText) {
  const std::string text = mistakes_of(R"(
clases = ();
classes = ( { name = "slow"; police = { rate = "140kbps"; scope = "flow"; }; },
  { name = "slow"; drop = { }; } );
rules = (
  { name = "a"; when = { hots = "x"; }; then = "slwo"; },
  { name = "a"; then = "pass"; }
);
otherwise = "none";
seed = -1;
inspection = { max_bytes = 100; };
flows = { idle = "0s"; };
expect = ( { host = "*.x"; then = "pass"; } );
)");
  const std::vector<std::string> wanted{
      "book.cfg:2: book: there is no setting \"clases\"; did you mean \"classes\"?",
      "book.cfg:3: class \"slow\": police.rate: \"140kbps\" can be read in two ways",
      "book.cfg:4: there are two of class \"slow\"; the first is at book.cfg:3",
      "book.cfg:6: rule \"a\": there is no match key \"hots\"; did you mean \"host\"?",
      "book.cfg:6: rule \"a\": there is no class \"slwo\"; did you mean \"slow\"? (allowed: pass or slow)",
      "book.cfg:7: rule \"a\": when is missing",
      "book.cfg:7: there are two of rule \"a\"; the first is at book.cfg:6",
      "book.cfg:9: otherwise: there is no class \"none\"",
      "book.cfg:10: book.seed: takes a whole number from 0 on, not -1",
      "book.cfg:11: inspection.max_bytes: \"100\" can be read in two ways: \"100B\" or \"100KiB\"",
      "book.cfg:12: flows: idle must be more than 0",
      "book.cfg:13: expect.host: takes one whole name"};
  std::size_t at = 0;
  for (const std::string& line : wanted) {
    const std::size_t found = text.find(line, at);
    EXPECT_NE(found, std::string::npos) << line << "\nin\n" << text;
    if (found != std::string::npos) at = found;
  }
  EXPECT_EQ(lines(text), wanted.size()) << text;
}

TEST(Load, ASyntaxErrorIsReportedAlone) {
  const std::string text = mistakes_of("clases = ();\nrules = ( { name = } );\n");
  EXPECT_EQ(lines(text), 1u);
  EXPECT_THAT(text, HasSubstr("book.cfg:2: syntax error, near: rules = ( { name = } );"));
  EXPECT_THAT(mistakes_of("seed = 1;\nseed = 2;\n"), HasSubstr("book.cfg:2: a setting stands twice in one group"));
  EXPECT_THAT(mistakes_of("x = [1, \"a\"];"), HasSubstr("all be of one kind"));
}

TEST(Load, ASyntaxErrorInAnIncludedFileNamesThatFile) {
  const auto book = load_book("d/a.cfg", files_of({{"d/a.cfg", "seed = 1;\n@include \"e/b.cfg\"\nbook = \"x\";"},
                                                   {"d/e/b.cfg", "# one\n\nrules = ( { name = } );\n"}}));
  ASSERT_FALSE(book);
  EXPECT_THAT(printed(book.diagnostics()), HasSubstr("d/e/b.cfg:3: syntax error"));
}

TEST(Load, MistakesInIncludedFilesAndListsNameTheirPlaces) {
  const auto book = load_book("d/a.cfg", files_of({{"d/a.cfg", "@include \"e/b.cfg\"\nrules = ();\nsed = 1;\n"},
                                                   {"d/e/b.cfg",
                                                    "\nlists = ( { name = \"v\"; file = \"v.txt\"; },\n"
                                                    "  { name = \"w\"; file = \"w.txt\"; } );\n"},
                                                   {"d/e/v.txt", "a.com\n\nhttp://b.com\n"}}));
  ASSERT_FALSE(book);
  const std::string text = printed(book.diagnostics());
  EXPECT_THAT(text, HasSubstr("d/a.cfg:3: book: there is no setting \"sed\"; did you mean \"seed\"?"));
  EXPECT_THAT(text, HasSubstr("d/e/b.cfg:3: list \"w\": \"w.txt\": there is no such file (d/e/w.txt)"));
  EXPECT_THAT(text, HasSubstr("d/e/v.txt:3: \"http://b.com\": a host pattern has no scheme"));
  EXPECT_EQ(lines(text), 3u);
}

TEST(Load, AValueInAListKeepsItsOwnLine) {
  const auto book =
      book_of("rules = ( { name = \"a\"; then = \"pass\"; when = { host = [\n\"a.com\",\n\n\"b.com\"\n\n]; }; } );");
  ASSERT_TRUE(book);
  const auto& hosts = std::get<HostPatterns>(book->rules[0].when.terms[0].value);
  EXPECT_EQ(hosts[0].place.line, 2);
  EXPECT_EQ(hosts[1].place.line, 4);
}

TEST(Load, IntegersThatWouldWrapAreRefusedNamingBothReadings) {
  EXPECT_THAT(mistakes_of("seed = 3000000000;"),
              AllOf(HasSubstr("3000000000 would be read as -1294967296"), HasSubstr("write 3000000000L")));
  EXPECT_THAT(mistakes_of("seed = 99999999999999999999L;"),
              AllOf(HasSubstr("99999999999999999999L would be read as"), HasSubstr("no larger integer")));
  EXPECT_THAT(mistakes_of("seed = 0xFFFFFFFF;"), HasSubstr("0xFFFFFFFF would be read as -1"));
  EXPECT_EQ(book_of("seed = 3000000000L;")->seed, 3000000000u);
  EXPECT_EQ(book_of("seed = 0xFFFFFFFFL;")->seed, 0xffffffffu);
}

TEST(Load, NumbersMayBeIntegersLongOnesAndFloats) {
  for (const char* text : {"48", "48L", "48.0", "0x30", "4.8e1"}) {
    const auto book = book_of("inspection = { max_packets = " + std::string(text) + "; };");
    ASSERT_TRUE(book) << text;
    EXPECT_EQ(book->inspection.max_packets, 48u) << text;
  }
  EXPECT_THAT(mistakes_of("inspection = { max_packets = 1.5; };"),
              HasSubstr("whole number from 1 to 4294967295, not 1.5"));
  EXPECT_THAT(mistakes_of("inspection = { max_packets = \"48\"; };"), HasSubstr("not \"48\""));
  EXPECT_THAT(mistakes_of("inspection = { max_packets = 0; };"), HasSubstr("not 0"));
}

TEST(Load, HostAndHostListAreOneTerm) {
  const auto book =
      load_book("b.cfg", files_of({{"b.cfg",
                                    "lists = ( { name = \"v\"; file = \"v.txt\"; } );\n"
                                    "rules = ( { name = \"a\"; then = \"pass\"; when = { host_list = [\"v\"]; "
                                    "transport = \"tcp\"; host = \"b.com\"; }; },\n"
                                    "{ name = \"b\"; then = \"pass\"; when = { not = { host_list = \"v\"; }; }; } );"},
                                   {"v.txt", "a.com\n"}}));
  ASSERT_TRUE(book) << printed(book.diagnostics());
  const Condition& first = book->rules[0].when;
  ASSERT_EQ(first.terms.size(), 2u);
  EXPECT_EQ(first.terms[0].key, 0);
  const auto& hosts = std::get<HostPatterns>(first.terms[0].value);
  ASSERT_EQ(hosts.size(), 2u);
  EXPECT_EQ(hosts[0].place.file, "v.txt");
  EXPECT_EQ(hosts[1].text, "b.com");
  EXPECT_EQ(std::get<HostPatterns>(book->rules[1].when.negated[0].terms[0].value).size(), 1u);
}

TEST(Load, NotTakesAGroupOrSeveral) {
  const auto book = book_of(
      "rules = ( { name = \"a\"; then = \"pass\"; when = { not = ( { ech = true; }, { vlan = 7; not = { vlan = 8; }; } "
      "); }; } );");
  ASSERT_TRUE(book) << printed(book.diagnostics());
  const Condition& when = book->rules[0].when;
  EXPECT_TRUE(when.terms.empty());
  ASSERT_EQ(when.negated.size(), 2u);
  EXPECT_EQ(when.negated[1].negated.size(), 1u);
  EXPECT_THAT(mistakes_of("rules = ( { name = \"a\"; then = \"pass\"; when = { not = { ecg = true; }; }; } );"),
              HasSubstr("rule \"a\": not: there is no match key \"ecg\"; did you mean \"ech\"?"));
}

TEST(Load, ListsThatDoNotExistAreNamed) {
  const std::string text =
      mistakes_of("rules = ( { name = \"a\"; then = \"pass\"; when = { host_list = \"v\"; }; } );");
  EXPECT_THAT(text, HasSubstr("host_list: there is no list \"v\"; the book has no lists"));
}

TEST(Load, RulesHaveANameAConditionAndAnAnswer) {
  EXPECT_THAT(mistakes_of("rules = ( { } );"),
              AllOf(HasSubstr("name is missing"), HasSubstr("when is missing"), HasSubstr("then is missing")));
  EXPECT_THAT(mistakes_of("rules = ( { name = \"a\"; when = \"all\"; then = \"pass\"; } );"),
              HasSubstr("takes a group"));
  EXPECT_THAT(mistakes_of("rules = { };"), HasSubstr("rules takes a list of groups"));
  EXPECT_THAT(mistakes_of("rules = ( \"a\" );"), HasSubstr("rule: takes a group"));
  EXPECT_EQ(mistakes_of("rules = ( { name = \"a\"; when = { }; then = \"pass\"; mode = \"off\"; } );"), "");
}

TEST(Load, AClassWithAMistakeIsStillAName) {
  const std::string text = mistakes_of(
      "classes = ( { name = \"slow\"; police = { }; } );\n"
      "rules = ( { name = \"a\"; when = { }; then = \"slow\"; } );");
  EXPECT_THAT(text, Not(HasSubstr("there is no class")));
}

TEST(Load, ExpectationsDescribeAFlow) {
  const auto book = book_of(R"(expect = (
    { host = "WWW.Example.com"; host_from = "quic"; server = "192.0.2.1:443"; client = "2001:db8::1"; initiator = "outside";
      ech = true; quic_version = "v2"; vlan = [7, 8]; protocol = "QUIC.Google"; then = "pass"; },
    { host = "a.com"; then = "pass"; }, { host = "a.com"; host_from = "dns"; then = "pass"; },
    { transport = 132; server = "[2001:db8::1]:80"; then = "pass"; } );)");
  ASSERT_TRUE(book) << printed(book.diagnostics());
  const Expectation& first = book->expects[0];
  EXPECT_EQ(first.host, "www.example.com");
  EXPECT_EQ(first.host_source, NameSource::quic);
  EXPECT_EQ(first.server->port, 443);
  EXPECT_EQ(first.client->address.print(), "2001:db8::1");
  EXPECT_EQ(first.initiator, Side::outside);
  EXPECT_EQ(first.ech, true);
  EXPECT_EQ(first.quic_version, 0x6b3343cfu);
  EXPECT_THAT(first.vlans, ElementsAre(7, 8));
  EXPECT_EQ(first.transport, 17);
  EXPECT_EQ(book->expects[1].transport, 6);
  EXPECT_EQ(book->expects[2].transport, 17);
  EXPECT_EQ(book->expects[3].transport, 132);
  EXPECT_EQ(book->expects[3].place.line, 5);
}

TEST(Load, FragmentsAreAWordOrAGroup) {
  EXPECT_EQ(book_of("inspection = { fragments = \"hold\"; };")->inspection.fragments, Inspection::Fragments::hold);
  const auto book =
      book_of("inspection = { fragments = { mode = \"hold\"; limit = 45; timeout = \"5s\"; ttl = \"first\"; }; };");
  ASSERT_TRUE(book) << printed(book.diagnostics());
  EXPECT_EQ(book->inspection.fragment_limit, 45u);
  EXPECT_EQ(book->inspection.fragment_timeout, 5 * kSecond);
  EXPECT_TRUE(book->inspection.fragment_ttl_first);
  EXPECT_THAT(mistakes_of("inspection = { fragments = { limit = 0; }; };"),
              AllOf(HasSubstr("mode is missing"), HasSubstr("not 0")));
}

TEST(Load, FlowSettingsAreRead) {
  const auto book = book_of(
      "flows = { idle = \"10min\"; idle_syn = \"5s\"; idle_udp = \"30s\"; new_syn = \"same\"; forget_on_close = true;\n"
      "midstream = false; midstream_initiator = \"first\"; key = \"vlan\"; };\n"
      "inspection = { reassemble = false; clienthello_from = \"either\"; trailing_dot = \"keep\"; names = \"every\";\n"
      "max_packets = 3; max_bytes = \"1KiB\"; ndpi_packets = 4; };");
  ASSERT_TRUE(book) << printed(book.diagnostics());
  EXPECT_EQ(book->flows.idle, 600 * kSecond);
  EXPECT_EQ(book->flows.new_syn, FlowRules::NewSyn::same);
  EXPECT_TRUE(book->flows.forget_on_close);
  EXPECT_FALSE(book->flows.midstream);
  EXPECT_EQ(book->flows.midstream_initiator, FlowRules::MidstreamInitiator::first);
  EXPECT_EQ(book->flows.key, FlowRules::Key::vlan);
  EXPECT_FALSE(book->inspection.reassemble);
  EXPECT_EQ(book->inspection.hello_from, Inspection::HelloFrom::either);
  EXPECT_EQ(book->inspection.trailing_dot, Inspection::TrailingDot::keep);
  EXPECT_EQ(book->inspection.names, Inspection::Names::every);
  EXPECT_EQ(book->inspection.max_bytes, 1024u);
}

TEST(Load, OnlyKnownPurposesAreTaken) {
  EXPECT_THAT(mistakes_of("purpose = \"modle\";"), HasSubstr("did you mean \"model\"?"));
}

TEST(Load, FilesAreListedInReadingOrderEachOnce) {
  const auto book = load_book("a.cfg", files_of({{"a.cfg", "@include \"b.cfg\"\n@include \"c.cfg\"\n"},
                                                 {"b.cfg",
                                                  "@include \"c.cfg\"\nlists = ( { name = \"v\"; file = \"v.txt\"; }, "
                                                  "{ name = \"w\"; file = \"v.txt\"; } );\n"},
                                                 {"c.cfg", "# nothing\n"},
                                                 {"v.txt", ""}}));
  ASSERT_TRUE(book) << printed(book.diagnostics());
  EXPECT_THAT(book->files, ElementsAre("a.cfg", "b.cfg", "c.cfg", "v.txt"));
}

// Processor time of this thread; a busy machine does not count.
double seconds_to_load(int names) {
  std::string list;
  for (int i = 0; i < names; ++i) list += "host-" + std::to_string(i) + ".example.com\n";
  const auto files = files_of({{"b.cfg",
                                "lists = ( { name = \"v\"; file = \"v.txt\"; } );\n"
                                "rules = ( { name = \"a\"; then = \"pass\"; when = { host_list = \"v\"; }; } );"},
                               {"v.txt", list}});
  const std::clock_t begin = std::clock();
  const auto book = load_book("b.cfg", files);
  const std::clock_t end = std::clock();
  EXPECT_TRUE(book);
  if (book) {
    EXPECT_EQ(std::get<HostPatterns>(book->rules[0].when.terms[0].value).size(), static_cast<std::size_t>(names));
  }
  return static_cast<double>(end - begin) / CLOCKS_PER_SEC;
}

// Ten times the names take some ten times as long, not a hundred times; `slowlane bench` measures.
TEST(Load, TimeGrowsAsTheNamesDo) { EXPECT_LT(seconds_to_load(500'000), 40 * seconds_to_load(50'000)); }

TEST(LoadTree, ReadsTextsThatAreNoBooks) {
  const auto tree = load_tree("x.cfg", files_of({{"x.cfg", "a = { b = (1, 2.5, \"t\", true); };\nc = 5000000000;\n"}}));
  ASSERT_TRUE(tree);
  const Node& list = tree->root.child("a")->children[0];
  ASSERT_EQ(list.children.size(), 4u);
  EXPECT_EQ(list.children[0].integer, 1);
  EXPECT_DOUBLE_EQ(list.children[1].number, 2.5);
  EXPECT_EQ(list.children[2].text, "t");
  EXPECT_TRUE(list.children[3].boolean);
  EXPECT_TRUE(tree->root.child("c")->wrapped);
  EXPECT_EQ(tree->root.child("c")->place.line, 2);
}

// Names become labels of metrics; an expression may ask for any byte.
TEST(Load, NamesAreUtf8HoweverTheyAreWritten) {
  const std::string classes = R"(classes = ( { name = "slow"; drop = {}; } ); )";
  EXPECT_THAT(mistakes_of(R"(book = "caf\xe9";)"), HasSubstr("book.cfg:1: book.book: must be UTF-8"));
  EXPECT_THAT(mistakes_of(R"(classes = ( { name = "caf\xe9"; drop = {}; } );)"), HasSubstr("must be UTF-8"));
  EXPECT_THAT(mistakes_of(classes + R"(rules = ( { name = "caf\xe9"; when = {}; then = "slow"; } );)"),
              HasSubstr("must be UTF-8"));
  EXPECT_EQ(mistakes_of(classes + R"(book = "caf\xc3\xa9"; )" +
                        R"(rules = ( { name = "r"; when = { payload = "/^\xff/"; }; then = "slow"; } );)"),
            "");
}

TEST(Load, ABooksNameIsOfBoundedLength) {
  EXPECT_EQ(mistakes_of("book = \"" + std::string(255, 'n') + "\";"), "");
  EXPECT_THAT(mistakes_of("\nbook = \"" + std::string(256, 'n') + "\";"),
              HasSubstr("book.cfg:2: book.book: a name has"));
}

}  // namespace
}  // namespace slowlane

#include "rules/keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <set>

#include "tests/rules/texts.h"

namespace slowlane {
namespace {

using ::testing::HasSubstr;

const Key& key(std::string_view name) { return keys()[static_cast<std::size_t>(find_key(name))]; }

TermValue value(std::string_view name, const std::string& text) {
  auto read = key(name).read(value_of(text));
  EXPECT_TRUE(read) << name << " = " << text << ": " << (read ? "" : printed(read.diagnostics()));
  return read ? *read : TermValue{};
}

std::string refusal(std::string_view name, const std::string& text) {
  const auto read = key(name).read(value_of(text));
  return read ? "" : printed(read.diagnostics());
}

Tri ask(std::string_view name, const std::string& text, const Facts& facts, const TermContext& context = {}) {
  return key(name).test(value(name, text), facts, context);
}

TEST(Keys, EveryKeyOfTheContractHasARow) {
  for (const char* name :
       {"host", "host_list", "host_from", "protocol", "category", "transport", "server", "client", "server_port",
        "client_port", "initiator", "vlan", "ech", "quic_version", "payload", "payload_size", "share"})
    EXPECT_GE(find_key(name), 0) << name;
  EXPECT_EQ(find_key("hosts"), -1);
  EXPECT_EQ(find_key(""), -1);
}

TEST(Keys, EveryRowIsFoundByItsNameAndSaysWhatItTakes) {
  std::set<std::string> names;
  for (std::size_t row = 0; row < keys().size(); ++row) {
    EXPECT_EQ(find_key(keys()[row].name), static_cast<int>(row));
    EXPECT_TRUE(names.insert(keys()[row].name).second);
    EXPECT_GT(std::string(keys()[row].allowed).size(), 3u);
    EXPECT_STRNE(name_of(keys()[row].needs), "");
  }
}

TEST(Keys, NoKeyTakesAGroupOrAnEmptyListByAccident) {
  for (const Key& row : keys()) {
    EXPECT_FALSE(row.read(value_of("{ nonsense = 1; }"))) << row.name;
    EXPECT_FALSE(row.read(value_of("()"))) << row.name;
    EXPECT_FALSE(row.read(value_of("( ( 1 ) )"))) << row.name;
  }
}

TEST(Keys, HostIsOpenWhileNamesMayCome) {
  Facts facts;
  TermContext context;
  EXPECT_EQ(ask("host", "\"example.com\"", facts, context), Tri::not_yet);
  context.fits = true;
  EXPECT_EQ(ask("host", "\"example.com\"", facts, context), Tri::yes);
  context.fits = false;
  facts.more_names = false;
  EXPECT_EQ(ask("host", "\"example.com\"", facts, context), Tri::no);
  EXPECT_EQ(ask("host_list", "\"video\"", facts, context), Tri::no);
}

TEST(Keys, HostFromAsksWhereANameWasRead) {
  const std::array<HostName, 1> names{{{"example.com", NameSource::http}}};
  Facts facts;
  facts.names = names;
  EXPECT_EQ(ask("host_from", "[\"tls\", \"http\"]", facts), Tri::yes);
  EXPECT_EQ(ask("host_from", "\"dns\"", facts), Tri::not_yet);
  facts.more_names = false;
  EXPECT_EQ(ask("host_from", "\"dns\"", facts), Tri::no);
}

TEST(Keys, ProtocolComparesMasterAndApplication) {
  const std::array<std::uint32_t, 1> tls_youtube{91u << 16 | 124};
  const std::array<std::uint32_t, 2> youtube{124u << 16, 124};
  Facts facts;
  TermContext context;
  context.ids = youtube;
  EXPECT_EQ(ask("protocol", "\"youtube\"", facts, context), Tri::not_yet);
  facts.application = Known::yes;
  facts.master = 91;
  facts.app = 124;
  EXPECT_EQ(ask("protocol", "\"youtube\"", facts, context), Tri::yes);
  context.ids = tls_youtube;
  EXPECT_EQ(ask("protocol", "\"tls.youtube\"", facts, context), Tri::yes);
  facts.master = 188;
  EXPECT_EQ(ask("protocol", "\"tls.youtube\"", facts, context), Tri::no);
}

TEST(Keys, ProtocolUnknownIsAnAnswerOfItsOwn) {
  Facts facts;
  TermContext context;
  context.wants_unknown = true;
  EXPECT_EQ(ask("protocol", "\"unknown\"", facts, context), Tri::not_yet);
  facts.application = Known::absent;
  EXPECT_EQ(ask("protocol", "\"unknown\"", facts, context), Tri::yes);
  facts.application = Known::yes;
  EXPECT_EQ(ask("protocol", "\"unknown\"", facts, context), Tri::yes);
  facts.master = 91;
  EXPECT_EQ(ask("protocol", "\"unknown\"", facts, context), Tri::no);
}

TEST(Keys, NamesThatNoDictionaryKnowsAreNeverWaitedFor) {
  Facts facts;
  EXPECT_EQ(ask("protocol", "\"nosuch\"", facts), Tri::no);
  EXPECT_EQ(ask("category", "\"nosuch\"", facts), Tri::no);
}

TEST(Keys, CategoryWaitsForTheApplication) {
  const std::array<std::uint32_t, 1> streaming{17};
  Facts facts;
  TermContext context;
  context.ids = streaming;
  EXPECT_EQ(ask("category", "\"Streaming\"", facts, context), Tri::not_yet);
  facts.application = Known::yes;
  facts.category = 17;
  EXPECT_EQ(ask("category", "\"Streaming\"", facts, context), Tri::yes);
  facts.category = 5;
  EXPECT_EQ(ask("category", "\"Streaming\"", facts, context), Tri::no);
  facts.application = Known::absent;
  EXPECT_EQ(ask("category", "\"Streaming\"", facts, context), Tri::no);
}

TEST(Keys, AddressesPortsAndTransportAreKnownFromTheStart) {
  Facts facts;
  facts.client = *parse_address("192.0.2.7");
  facts.server = *parse_address("2001:db8::9");
  facts.client_port = 40000;
  facts.server_port = 8443;
  facts.transport = 17;
  EXPECT_EQ(ask("client", "\"192.0.2.0/24\"", facts), Tri::yes);
  EXPECT_EQ(ask("client", "\"198.51.100.0/24\"", facts), Tri::no);
  EXPECT_EQ(ask("server", "[\"10.0.0.0/8\", \"2001:db8::/32\"]", facts), Tri::yes);
  EXPECT_EQ(ask("server", "\"0.0.0.0/0\"", facts), Tri::no);
  EXPECT_EQ(ask("server_port", "\"443,8000-8500\"", facts), Tri::yes);
  EXPECT_EQ(ask("server_port", "(443, \"8000-8500\")", facts), Tri::yes);
  EXPECT_EQ(ask("server_port", "443", facts), Tri::no);
  EXPECT_EQ(ask("client_port", "40000.0", facts), Tri::yes);
  EXPECT_EQ(ask("client_port", "40000L", facts), Tri::yes);
  EXPECT_EQ(ask("transport", "\"udp\"", facts), Tri::yes);
  EXPECT_EQ(ask("transport", "(\"tcp\", 132)", facts), Tri::no);
  EXPECT_EQ(ask("transport", "17", facts), Tri::yes);
}

TEST(Keys, InitiatorAndVlan) {
  const std::array<std::uint16_t, 2> tags{100, 7};
  Facts facts;
  facts.initiator = Side::outside;
  EXPECT_EQ(ask("initiator", "\"outside\"", facts), Tri::yes);
  EXPECT_EQ(ask("initiator", "\"inside\"", facts), Tri::no);
  EXPECT_EQ(ask("vlan", "7", facts), Tri::no);
  facts.vlans = tags;
  EXPECT_EQ(ask("vlan", "7", facts), Tri::yes);
  EXPECT_EQ(ask("vlan", "\"90-110\"", facts), Tri::yes);
  EXPECT_EQ(ask("vlan", "[8, 9]", facts), Tri::no);
}

TEST(Keys, EchIsFalseOnceLookingEnded) {
  Facts facts;
  EXPECT_EQ(ask("ech", "true", facts), Tri::not_yet);
  EXPECT_EQ(ask("ech", "false", facts), Tri::not_yet);
  facts.ech = Known::absent;
  EXPECT_EQ(ask("ech", "true", facts), Tri::no);
  EXPECT_EQ(ask("ech", "false", facts), Tri::yes);
  facts.ech = Known::yes;
  EXPECT_EQ(ask("ech", "true", facts), Tri::yes);
  EXPECT_EQ(ask("ech", "false", facts), Tri::no);
}

TEST(Keys, QuicVersionsHaveNamesAndNumbers) {
  Facts facts;
  EXPECT_EQ(ask("quic_version", "\"v1\"", facts), Tri::not_yet);
  facts.quic = Known::absent;
  EXPECT_EQ(ask("quic_version", "\"v1\"", facts), Tri::no);
  facts.quic = Known::yes;
  facts.quic_version = 1;
  EXPECT_EQ(ask("quic_version", "\"v1\"", facts), Tri::yes);
  EXPECT_EQ(ask("quic_version", "1", facts), Tri::yes);
  facts.quic_version = 0xff00001d;
  EXPECT_EQ(ask("quic_version", "[\"v1\", \"draft-29\"]", facts), Tri::yes);
  EXPECT_EQ(ask("quic_version", "\"0xFF00001D\"", facts), Tri::yes);
  EXPECT_EQ(ask("quic_version", "0xff00001dL", facts), Tri::yes);
  facts.quic_version = 0x6b3343cf;
  EXPECT_EQ(ask("quic_version", "\"v2\"", facts), Tri::yes);
  EXPECT_THAT(refusal("quic_version", "0xff00001d"), AllOf(HasSubstr("-16777187"), HasSubstr("0xff00001dL")));
  EXPECT_THAT(refusal("quic_version", "\"v3\""), HasSubstr("draft-29"));
  EXPECT_THAT(refusal("quic_version", "\"draft-300\""), HasSubstr("draft-29"));
}

TEST(Keys, PayloadWaitsForTheFirstOne) {
  Facts facts;
  TermContext context;
  EXPECT_EQ(ask("payload", "\"/^GET /\"", facts, context), Tri::not_yet);
  facts.payload = Known::yes;
  EXPECT_EQ(ask("payload", "\"/^GET /\"", facts, context), Tri::no);
  context.fits = true;
  EXPECT_EQ(ask("payload", "\"/^GET /\"", facts, context), Tri::yes);
  EXPECT_EQ(std::get<Texts>(value("payload", "[\"/a\\\\.b/\", \"/c/\"]")), (Texts{"a\\.b", "c"}));
  EXPECT_THAT(refusal("payload", "\"GET\""), HasSubstr("slashes"));
}

TEST(Keys, PayloadSizesAreNumbersAndOpenRanges) {
  Facts facts;
  EXPECT_EQ(ask("payload_size", "\"1001-\"", facts), Tri::not_yet);
  facts.payload = Known::yes;
  facts.payload_size = 1000;
  EXPECT_EQ(ask("payload_size", "\"1001-\"", facts), Tri::no);
  EXPECT_EQ(ask("payload_size", "\"1-5, 900-1000\"", facts), Tri::yes);
  EXPECT_EQ(ask("payload_size", "1000", facts), Tri::yes);
  facts.payload_size = 65535;
  EXPECT_EQ(ask("payload_size", "\"1001-\"", facts), Tri::yes);
  facts.payload = Known::absent;
  EXPECT_EQ(ask("payload_size", "\"0-\"", facts), Tri::no);
  EXPECT_THAT(refusal("payload_size", "\"10-5\""), HasSubstr("10-5"));
}

TEST(Keys, ValuesThatAreWrongAreAllNamed) {
  const std::string both = refusal("server", "[\"10.0.0.1/8\",\n\"nonsense\",\n\"fd00::/8\"]");
  EXPECT_THAT(both, HasSubstr("test.cfg:1: \"10.0.0.1/8\" has bits set behind the prefix; write \"10.0.0.0/8\""));
  EXPECT_THAT(both, HasSubstr("test.cfg:2: takes prefixes"));
  EXPECT_THAT(refusal("transport", "\"tpc\""), HasSubstr("did you mean \"tcp\"?"));
  EXPECT_THAT(refusal("transport", "256"), HasSubstr("0 to 255"));
  EXPECT_THAT(refusal("server_port", "65536"), HasSubstr("65536"));
  EXPECT_THAT(refusal("vlan", "4096"), HasSubstr("4095"));
  EXPECT_THAT(refusal("initiator", "\"insid\""), HasSubstr("did you mean \"inside\"?"));
  EXPECT_THAT(refusal("host_from", "\"tsl\""), HasSubstr("did you mean \"tls\"?"));
  EXPECT_THAT(refusal("ech", "\"true\""), HasSubstr("true or false"));
  EXPECT_THAT(refusal("host", "5"), HasSubstr("names in quotes"));
}

TEST(Keys, ShareIsANumberOrAGroup) {
  EXPECT_DOUBLE_EQ(std::get<Share>(value("share", "0.25")).part, 0.25);
  EXPECT_DOUBLE_EQ(std::get<Share>(value("share", "\"25%\"")).part, 0.25);
  EXPECT_EQ(std::get<Share>(value("share", "1")).of, Share::Of::pair);
  EXPECT_EQ(std::get<Share>(value("share", "{ of = \"host\"; part = 0.5; }")).of, Share::Of::host);
  EXPECT_THAT(refusal("share", "1.5"), HasSubstr("0 to 1"));
  EXPECT_THAT(refusal("share", "{ of = \"pairs\"; }"), AllOf(HasSubstr("\"pair\"?"), HasSubstr("part is missing")));
}

TEST(Keys, ProtocolNamesLoseTheirCase) {
  EXPECT_EQ(std::get<Texts>(value("protocol", "[\"BitTorrent\", \"TLS.YouTube\"]")),
            (Texts{"bittorrent", "tls.youtube"}));
}

}  // namespace
}  // namespace slowlane

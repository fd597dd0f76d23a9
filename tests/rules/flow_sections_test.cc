#include "rules/flow_sections.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/rules/texts.h"

namespace slowlane {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

Inspection inspection_of(const std::string& text) {
  const auto read = read_inspection(value_of("{ " + text + " }"));
  EXPECT_THAT(printed(read.mistakes), IsEmpty()) << text;
  return read.value;
}
std::string mistakes_in(const std::string& text) {
  return printed(read_inspection(value_of("{ " + text + " }")).mistakes);
}

TEST(FlowSections, SizesOfTheWindowAreBounded) {
  EXPECT_EQ(read_inspection(value_of("{ max_bytes = \"0B\"; }")).mistakes.size(), 1u);
  EXPECT_EQ(read_inspection(value_of("{ max_bytes = \"5GiB\"; }")).mistakes.size(), 1u);
  EXPECT_EQ(inspection_of("max_bytes = \"1MiB\";").max_bytes, 1u << 20);
}

TEST(FlowSections, TheWindowIsANumberOrARange) {
  EXPECT_EQ(inspection_of("").max_packets_most, 48u);
  EXPECT_EQ(inspection_of("max_packets = 7;").max_packets, 7u);
  EXPECT_EQ(inspection_of("max_packets = 7;").max_packets_most, 7u);
  EXPECT_EQ(inspection_of("max_packets = [4, 16];").max_packets, 4u);
  EXPECT_EQ(inspection_of("max_packets = [4, 16];").max_packets_most, 16u);
  EXPECT_THAT(mistakes_in("max_packets = [16, 4];"),
              HasSubstr("inspection.max_packets: [16, 4] ends before it begins"));
  EXPECT_THAT(mistakes_in("max_packets = [4];"), HasSubstr("a number or a range of two"));
  EXPECT_THAT(mistakes_in("max_packets = [0, 4];"), HasSubstr("from 1 to 4294967295, not 0"));
}

TEST(FlowSections, UnknownPacketsMayBeAsLongAsTheBookSays) {
  EXPECT_EQ(inspection_of("").unknown_max, 100u);
  EXPECT_EQ(inspection_of("unknown_max = \"99B\";").unknown_max, 99u);
  EXPECT_EQ(inspection_of("unknown_max = \"0B\";").unknown_max, 0u);
  EXPECT_THAT(mistakes_in("unknown_max = 100;"), HasSubstr("inspection.unknown_max: "));
  EXPECT_THAT(mistakes_in("unknown_max = \"5GiB\";"), HasSubstr("unknown_max takes a size from \"0B\""));
}

TEST(FlowSections, ReadingPacketsAloneReassemblesNothing) {
  EXPECT_EQ(inspection_of("").hello, Inspection::Hello::stream);
  EXPECT_TRUE(inspection_of("hello = \"stream\";").reassemble);
  EXPECT_FALSE(inspection_of("hello = \"packet\";").reassemble);
  EXPECT_FALSE(inspection_of("hello = \"packet\"; reassemble = false;").reassemble);
  EXPECT_THAT(mistakes_in("hello = \"packet\";\nreassemble = true;"),
              HasSubstr("test.cfg:2: inspection.reassemble: true does not go with hello = \"packet\""));
  EXPECT_THAT(mistakes_in("hello = \"packets\";"), HasSubstr("did you mean \"packet\"?"));
}

TEST(FlowSections, SplitHandshakesBelongToTheFirstUnlessTheBookSaysOutside) {
  using Split = FlowRules::SplitHandshake;
  EXPECT_EQ(read_flow_rules(value_of("{ }")).value.split_handshake, Split::first);
  EXPECT_EQ(read_flow_rules(value_of("{ split_handshake = \"outside\"; }")).value.split_handshake, Split::outside);
  EXPECT_THAT(printed(read_flow_rules(value_of("{ split_handshake = \"inside\"; }")).mistakes),
              HasSubstr("flows.split_handshake: takes first or outside, not \"inside\""));
}

}  // namespace
}  // namespace slowlane

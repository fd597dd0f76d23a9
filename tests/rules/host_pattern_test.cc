#include "rules/host_pattern.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slowlane {
namespace {

using ::testing::HasSubstr;
using Kind = HostPattern::Kind;

HostPattern pattern(std::string_view text) {
  const auto read = read_host_pattern(text);
  EXPECT_TRUE(std::holds_alternative<HostPattern>(read)) << text << ": " << std::get<std::string>(read);
  return std::holds_alternative<HostPattern>(read) ? std::get<HostPattern>(read) : HostPattern{};
}
std::string refusal(std::string_view text) {
  const auto read = read_host_pattern(text);
  return std::holds_alternative<std::string>(read) ? std::get<std::string>(read) : "";
}

void expect_read(std::string_view written, Kind kind, std::string_view text) {
  const HostPattern read = pattern(written);
  EXPECT_EQ(read.kind, kind) << written;
  EXPECT_EQ(read.text, text) << written;
  EXPECT_EQ(read.written, written);
}

TEST(HostPattern, KindsAreToldByTheirForm) {
  expect_read("example.com", Kind::exact, "example.com");
  expect_read(".example.com", Kind::suffix, "example.com");
  expect_read(".com", Kind::suffix, "com");
  expect_read("*.twimg.com", Kind::glob, "*.twimg.com");
  expect_read("*t.co*", Kind::glob, "*t.co*");
  expect_read("a**b***", Kind::glob, "a*b*");
  expect_read("*", Kind::any, "*");
  expect_read("**", Kind::any, "*");
  expect_read("/^r[0-9]+---/", Kind::regex, "^r[0-9]+---");
  expect_read("_dns.example.com", Kind::exact, "_dns.example.com");
  expect_read("twitter.com.", Kind::exact, "twitter.com.");
  expect_read("192.0.2.1", Kind::exact, "192.0.2.1");
}

TEST(HostPattern, NamesAreFoldedAndExpressionsAreNot) {
  expect_read("WWW.Example.COM", Kind::exact, "www.example.com");
  expect_read("*.TWIMG.com", Kind::glob, "*.twimg.com");
  expect_read("/\\D+A/", Kind::regex, "\\D+A");
}

TEST(HostPattern, InternationalNamesBecomeALabels) {
  expect_read("bücher.example", Kind::exact, "xn--bcher-kva.example");
  expect_read("BÜCHER.example", Kind::exact, "xn--bcher-kva.example");
  expect_read(".пример.испытание", Kind::suffix, "xn--e1afmkfd.xn--80akhbyknj4f");
  expect_read("*.bücher.example", Kind::glob, "*.xn--bcher-kva.example");
  EXPECT_THAT(refusal("bü*cher.example"), HasSubstr("xn--"));
  EXPECT_THAT(refusal("b\xff.example"), HasSubstr("no international host name"));
}

TEST(HostPattern, RefusalsSayWhatToWrite) {
  EXPECT_THAT(refusal(""), HasSubstr("\"*\" fits every name"));
  EXPECT_THAT(refusal("   "), HasSubstr("empty"));
  EXPECT_THAT(refusal("https://Example.com:8080/x"), HasSubstr("no scheme; write \"Example.com\""));
  EXPECT_THAT(refusal("example.com:443"), HasSubstr("no port; write \"example.com\""));
  EXPECT_THAT(refusal("example.com/watch"), HasSubstr("no path; write \"example.com\""));
  EXPECT_THAT(refusal("a.com b.com"), HasSubstr("no spaces"));
  EXPECT_THAT(refusal("a.com,b.com"), HasSubstr("a list"));
  EXPECT_THAT(refusal("2001:db8::1"), HasSubstr("server and client"));
  EXPECT_THAT(refusal("/open"), HasSubstr("ends with a slash"));
  EXPECT_THAT(refusal("//"), HasSubstr("empty regular expression"));
  EXPECT_THAT(refusal("ex?mple.com"), HasSubstr("'?' cannot stand"));
  EXPECT_THAT(refusal("a\x01"), HasSubstr("control character"));
}

TEST(HostPattern, LabelsKeepTheirLimits) {
  EXPECT_THAT(refusal("a..b"), HasSubstr("is empty"));
  EXPECT_THAT(refusal("."), HasSubstr("is empty"));
  EXPECT_THAT(refusal("..com"), HasSubstr("is empty"));
  EXPECT_THAT(refusal(std::string(64, 'a') + ".com"), HasSubstr("63"));
  EXPECT_EQ(refusal(std::string(63, 'a') + ".com"), "");
  std::string longest;
  for (int i = 0; i < 63; ++i) longest += "abc.";
  EXPECT_EQ(refusal(longest + "a"), "");
  EXPECT_THAT(refusal(longest + "abc"), HasSubstr("253"));
}

TEST(HostList, TakesAPatternALineWithTheirLines) {
  const auto list = read_host_list("v.txt", "\xef\xbb\xbf# head\n\n.a.com\r\n  b.com  # note\n/x #y/\nc.com");
  ASSERT_TRUE(list);
  ASSERT_EQ(list->size(), 4u);
  EXPECT_EQ((*list)[0].text, "a.com");
  EXPECT_EQ((*list)[0].place.line, 3);
  EXPECT_EQ((*list)[1].place.line, 4);
  EXPECT_EQ((*list)[2].text, "x #y");
  EXPECT_EQ((*list)[3].text, "c.com");
  EXPECT_EQ((*list)[3].place.file, "v.txt");
}

TEST(HostList, ReportsEveryBadLine) {
  const auto list = read_host_list("v.txt", "a.com\nhttp://b.com\nc.com\nd e\n");
  ASSERT_FALSE(list);
  ASSERT_EQ(list.diagnostics().size(), 2u);
  EXPECT_EQ(list.diagnostics()[0].line, 2);
  EXPECT_EQ(list.diagnostics()[1].line, 4);
}

TEST(HostList, IsUtf8InItsCommentsToo) {
  const auto list = read_host_list("v.txt", "a.com\n# caf\xe9\nb.com\n");
  ASSERT_FALSE(list);
  EXPECT_THAT(list.diagnostics()[0].print(), HasSubstr("v.txt:2: is not UTF-8"));
}

TEST(HostList, CountsWhatIsTooMuchToSay) {
  std::string text;
  for (int i = 0; i < 1500; ++i) text += "a b\n";
  const auto list = read_host_list("v.txt", text);
  ASSERT_EQ(list.diagnostics().size(), 1001u);
  EXPECT_THAT(list.diagnostics().back().text, HasSubstr("500 more"));
}

TEST(HostList, MayBeEmpty) { EXPECT_TRUE(read_host_list("v.txt", "# nothing yet\n")->empty()); }

}  // namespace
}  // namespace slowlane

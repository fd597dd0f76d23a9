#include "dataplane/dns.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "tests/support/packet_builder.h"

namespace slowlane {
namespace {

using Status = DnsQuestion::Status;

Bytes name_of_labels(const std::vector<std::string>& labels) {
  Bytes bytes;
  for (const std::string& label : labels) {
    bytes.push_back(static_cast<std::uint8_t>(label.size()));
    bytes.insert(bytes.end(), label.begin(), label.end());
  }
  bytes.push_back(0);
  return bytes;
}

Bytes query(const Bytes& name, std::uint8_t type = 1, std::uint8_t flags = 0x01) {
  Bytes message{0x12, 0x34, flags, 0, 0, 1, 0, 0, 0, 0, 0, 0};
  message.insert(message.end(), name.begin(), name.end());
  const Bytes end{0, type, 0, 1};
  message.insert(message.end(), end.begin(), end.end());
  return message;
}

TEST(Dns, ReadsTheFirstQuestionInLowerCase) {
  const DnsQuestion question = read_dns(query(name_of_labels({"AbS", "TwImg", "com"}), 28));
  EXPECT_EQ(question.status, Status::complete);
  EXPECT_EQ(question.name(), "abs.twimg.com");
  EXPECT_EQ(question.type, 28);
  EXPECT_FALSE(question.response);
}

TEST(Dns, TellsResponses) { EXPECT_TRUE(read_dns(query(name_of_labels({"a"}), 1, 0x81)).response); }

TEST(Dns, ReadsTheRoot) {
  const DnsQuestion question = read_dns(query({0}, 2));
  EXPECT_EQ(question.status, Status::complete);
  EXPECT_EQ(question.name(), "");
}

TEST(Dns, ReadsTheLongestNameAndRefusesALongerOne) {
  const std::string label(63, 'x');
  const DnsQuestion longest = read_dns(query(name_of_labels({label, label, label, std::string(61, 'y')})));
  EXPECT_EQ(longest.status, Status::complete);
  EXPECT_EQ(longest.name().size(), 253u);
  EXPECT_EQ(read_dns(query(name_of_labels({label, label, label, std::string(62, 'y')}))).status, Status::not_dns);
}

TEST(Dns, WritesQuestionMarksForWhatIsNoHostName) {
  EXPECT_EQ(read_dns(query(name_of_labels({std::string("a\0\x7f\xff", 4), "b.c", "d e"}))).name(), "a???.b?c.d e");
}

TEST(Dns, TakesMulticastQuestionsThatAskForUnicast) {
  Bytes message = query(name_of_labels({"_http", "_tcp", "local"}), 12, 0);
  message[message.size() - 2] = 0x80;
  EXPECT_EQ(read_dns(message).status, Status::complete);
}

TEST(Dns, SaysIncompleteOfEveryCutWithinTheQuestion) {
  const Bytes message = query(name_of_labels({"www", "example", "com"}));
  for (std::size_t size = 12; size < message.size(); ++size) {
    const DnsQuestion question = read_dns(std::span(message).first(size));
    EXPECT_EQ(question.status, Status::incomplete) << size;
    EXPECT_EQ(question.name(), "") << size;
  }
  for (std::size_t size = 0; size < 12; ++size)
    EXPECT_EQ(read_dns(std::span(message).first(size)).status, Status::not_dns) << size;
}

TEST(Dns, RefusesWhatIsNotDns) {
  const Bytes good = query(name_of_labels({"www", "example", "com"}));
  const auto with = [&](std::size_t at, std::uint8_t value) {
    Bytes changed = good;
    changed[at] = value;
    return read_dns(changed).status;
  };
  EXPECT_EQ(with(2, 0x78), Status::not_dns) << "operation 15";
  EXPECT_EQ(with(5, 0), Status::not_dns) << "no question";
  EXPECT_EQ(with(4, 0x40), Status::not_dns) << "too many questions";
  EXPECT_EQ(with(12, 0xc0), Status::not_dns) << "a pointer";
  EXPECT_EQ(with(12, 64), Status::not_dns) << "a label too long";
  EXPECT_EQ(with(good.size() - 1, 7), Status::not_dns) << "an unknown class";
  EXPECT_EQ(with(good.size() - 3, 0), Status::not_dns) << "type 0";
}

TEST(Dns, StaysWithinItsBoundsWhateverItReads) {
  std::mt19937_64 random(3);
  const Bytes good = query(name_of_labels({"www", "example", std::string(60, 'z'), "com"}));
  for (int i = 0; i < 20000; ++i) {
    Bytes message = good;
    for (int n = 0; n < 4; ++n) message[random() % message.size()] = static_cast<std::uint8_t>(random());
    message.resize(random() % (message.size() + 1));
    message.shrink_to_fit();
    const DnsQuestion question = read_dns(message);
    ASSERT_LE(question.length, 253);
    const std::string_view name = question.name();
    ASSERT_TRUE(std::all_of(name.begin(), name.end(), [](char c) { return c >= ' ' && c <= '~'; }));
  }
}

}  // namespace
}  // namespace slowlane

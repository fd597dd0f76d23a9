// The published facts of 2021 (themes A to E), asked of the published books in virtual time.
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "tests/support/box.h"
#include "tests/support/hello_builder.h"
#include "tests/support/published_book.h"
#include "tests/support/talk.h"

namespace slowlane {
namespace {

Box box_of(const std::string& book) { return box_of_file(SLOWLANE_SOURCE "/rules/book/published/" + book + ".cfg"); }
Box box_2021() { return box_of("twitter-2021-04-02"); }
const Bytes& trigger() {
  static const Bytes hello = chrome_hello("abs.twimg.com");
  return hello;
}
Bytes text(std::string_view words) { return Bytes(words.begin(), words.end()); }

// The class of the first flow of a run; one that is still looked at passes.
template <class Story>
std::string class_of(Story story, const std::string& book = "twitter-2021-04-02") {
  Box box = box_of(book);
  Talk talk(box);
  story(talk);
  box.run();
  const std::string cls = box.flows()[0].cls;
  return cls == "pending" ? "pass" : cls;
}

std::string class_behind(const std::vector<Bytes>& packets) {
  return class_of([&](Talk& talk) {
    talk.open(0);
    for (std::size_t i = 0; i < packets.size(); ++i) talk.up(static_cast<Nanos>(i + 1) * kSecond, packets[i]);
  });
}

double kbit_per_second(const Box& box, Side side, Nanos from, Nanos to) {
  std::uint64_t bytes = 0;
  for (const Box::Seen& one : box.packets())
    if (one.sent && one.side == side && one.out >= from && one.out < to) bytes += one.bytes.size() - 14;
  return static_cast<double>(bytes) * 8 / 1000 / (static_cast<double>(to - from) / kSecond);
}

TEST(Published2021, A1A4EachDirectionConvergesToItsOwnRate) {
  Box box = box_2021();
  Talk talk(box);
  talk.open(0).up(kSecond, trigger());
  for (Nanos at = 2 * kSecond; at < 26 * kSecond; at += kMillisecond) talk.down(at, filler(960)).up(at, filler(960));
  box.run();
  for (const Side side : {Side::inside, Side::outside}) {
    const double rate = kbit_per_second(box, side, 4 * kSecond, 26 * kSecond);
    EXPECT_GE(rate, 130);
    EXPECT_LE(rate, 150);
  }
}

TEST(Published2021, A2A5NothingIsDelayedAndNothingLostBelowTheRate) {
  Box box = box_2021();
  Talk talk(box);
  talk.open(0).up(kSecond, trigger());
  for (int i = 0; i < 400; ++i) talk.down(2 * kSecond + i * 80 * kMillisecond, filler(960));  // 100 kbit/s
  box.run();
  EXPECT_EQ(box.sent(), box.packets().size());
  for (const Box::Seen& one : box.packets()) EXPECT_EQ(one.in, one.out);
}

TEST(Published2021, A7ConnectionsDoNotShareTheirRate) {
  Box box = box_2021();
  for (std::uint16_t port = 1; port <= 2; ++port) Talk(box, port).open(port * kMillisecond).up(kSecond, trigger());
  for (int i = 0; i < 16; ++i)
    for (std::uint16_t port = 1; port <= 2; ++port) Talk(box, port).down(2 * kSecond + i, filler(960));
  box.run();
  EXPECT_EQ(box.dropped(DropReason::police), 0u) << "16 kB each fit two buckets, not one";
}

TEST(Published2021, B3B4AHelloOfTheServersTriggersItsCertificateDoesNot) {
  const Bytes certificate = tls_record(22, Bytes{11, 0, 0, 17} + text("    abs.twimg.com"));
  EXPECT_EQ(class_of([&](Talk& talk) { talk.open(0).down(kSecond, trigger()); }), "slow");
  EXPECT_EQ(class_of([&](Talk& talk) { talk.open(0).up(kSecond, filler(50)).down(2 * kSecond, certificate); }), "pass");
}

// O13: T is slowed. What is not stated stays out.
TEST(Published2021, B5B7TheNamesOfTheThreeEpochs) {
  const std::map<std::string, std::string> matrix{
      {"t.co", "TTT"},           {"reddit.com", "T--"},          {"microsoft.com", "T--"},
      {"xt.coy.example", "T--"}, {"abs.twimg.com", "TTT"},       {"garbage.twimg.com", "TTT"},
      {"twitter.com", "TTT"},    {"www.twitter.com", "TTT"},     {"api.twitter.com", "TTT"},
      {"ABS.TWIMG.COM", "TTT"},  {"throttletwitter.com", "TT-"}, {"example.com", "---"}};
  const char* const epochs[] = {"twitter-2021-03-10", "twitter-2021-03-11", "twitter-2021-04-02"};
  for (const auto& [name, expected] : matrix) {
    std::string got;
    for (const char* epoch : epochs)
      got += class_of([&](Talk& talk) { talk.open(0).up(kSecond, chrome_hello(name)); }, epoch) == "slow" ? "T" : "-";
    EXPECT_EQ(got, expected) << name;
  }
  for (const char* epoch : {epochs[1], epochs[2]})
    EXPECT_EQ(class_of([&](Talk& talk) { talk.open(0).up(kSecond, chrome_hello("twitter.com.")); }, epoch), "pass");
}

TEST(Published2021, C5C6C7NothingIsPutTogether) {
  const auto half = static_cast<std::ptrdiff_t>(trigger().size() / 2);
  const Bytes ccs = tls_record(20, Bytes{1});
  EXPECT_EQ(class_behind(
                {Bytes(trigger().begin(), trigger().begin() + half), Bytes(trigger().begin() + half, trigger().end())}),
            "pass");
  EXPECT_EQ(class_behind({HelloBuilder().name("abs.twimg.com").pad_to(2000).record()}), "slow") << "one frame, not two";
  EXPECT_EQ(class_behind({ccs + trigger()}), "pass");
  EXPECT_EQ(class_behind({ccs, trigger()}), "slow");
}

TEST(Published2021, C8C12AnUnknownFirstPacketOfMoreThanAHundredBytesEscapes) {
  EXPECT_EQ(class_behind({filler(99), trigger()}), "slow");
  EXPECT_EQ(class_behind({filler(101), trigger()}), "pass");
  Box box = box_2021();  // a time to live that ends between the box and the server changes nothing for the box
  Talk talk(box);
  talk.open(0);
  box.arrive(kSecond, talk.frame(true).ttl(2).seq(1001).ack(5001).flags(kAck | kPsh).payload(filler(101)));
  talk.up(2 * kSecond, trigger());
  box.run();
  EXPECT_EQ(box.flows()[0].cls, "pass");
}

// O18: `further` recognised packets behind the first, then the trigger.
std::map<int, double> share_by_position(const std::string& book, int most) {
  constexpr int kFlows = 80;
  Box box = box_of(book);
  std::map<std::uint16_t, int> position;
  Nanos start = 0;
  for (int further = 1; further <= most; ++further) {
    for (int i = 0; i < kFlows; ++i, start += 50 * kMillisecond) {
      const auto port = static_cast<std::uint16_t>(2000 + position.size());
      position[port] = further;
      Talk talk(box, port);
      talk.open(start);
      for (int k = 0; k < further; ++k) talk.up(start + (3 + k) * kMillisecond, tls_record(20, Bytes{1}));
      talk.up(start + 40 * kMillisecond, trigger());
    }
  }
  box.run();
  std::map<int, double> share;
  for (const Box::Ended& end : box.flows())
    if (end.cls == "slow") share[position[end.flow.client_port()]] += 1.0 / kFlows;
  return share;
}

TEST(Published2021, C9TheWindowEndsThreeToFifteenPacketsBehindTheFirst) {
  std::map<int, double> share = share_by_position("twitter-2021-04-02", 18);
  for (int further = 1; further <= 3; ++further) EXPECT_NEAR(share[further], 1, 1e-9) << further;
  for (int further = 4; further <= 15; ++further) EXPECT_NEAR(share[further], (16 - further) / 13.0, 0.2) << further;
  EXPECT_GT(share[15], 0);
  for (int further = 16; further <= 18; ++further) EXPECT_EQ(share[further], 0) << further;
}

TEST(Published2021, C9bTheEarlierReportHasFifteenToTwenty) {
  std::map<int, double> share = share_by_position("twitter-2021-04-02-window-15-20", 22);
  for (int further = 1; further <= 15; ++further) EXPECT_NEAR(share[further], 1, 1e-9) << further;
  EXPECT_GT(share[20], 0);
  EXPECT_LT(share[20], 0.5);
  EXPECT_EQ(share[21], 0);
}

TEST(Published2021, C10C11ProxiesAndFakeHellosDoNotHideTheName) {
  EXPECT_EQ(class_behind({text("CONNECT 192.0.2.9:443 HTTP/1.1\r\nHost: 192.0.2.9\r\n\r\n"), trigger()}), "slow");
  EXPECT_EQ(class_behind({bytes_of_hex("05 01 00"), bytes_of_hex("05 01 00 01 c0000209 01bb"), trigger()}), "slow");
  EXPECT_EQ(class_behind({chrome_hello("fake.example"), trigger()}), "slow");
}

// The class of each packet sent down at the given times, after a trigger at one second.
std::vector<std::string> classes_at(const std::vector<Nanos>& times) {
  Box box = box_2021();
  Talk talk(box);
  talk.open(0).up(kSecond, trigger());
  for (const Nanos at : times) talk.down(at, filler(960));
  box.run();
  std::vector<std::string> all;
  for (std::size_t i = 4; i < box.packets().size(); ++i) all.push_back(box.packets()[i].cls);
  return all;
}

TEST(Published2021, D1D4TenMinutesOfIdlenessForgetForGood) {
  const std::vector<std::string> classes = classes_at({600 * kSecond, 1199 * kSecond, 1800 * kSecond, 1801 * kSecond});
  EXPECT_EQ(classes, (std::vector<std::string>{"slow", "slow", "pass", "pass"}));
}

TEST(Published2021, D2TrafficKeepsTheStateForTwoHours) {
  std::vector<Nanos> times;
  for (int i = 1; i <= 240; ++i) times.push_back(i * 30 * kSecond);
  for (const std::string& cls : classes_at(times)) EXPECT_EQ(cls, "slow");
}

TEST(Published2021, D3FinAndRstOfEitherEndForgetNothing) {
  for (const int flags : {kFin | kAck, kRst | kAck}) {
    for (const bool up : {true, false}) {
      Box box = box_2021();
      Talk talk(box);
      talk.open(0).up(kSecond, trigger());
      if (up)
        talk.up_flags(2 * kSecond, static_cast<std::uint8_t>(flags));
      else
        talk.down_flags(2 * kSecond, static_cast<std::uint8_t>(flags));
      for (int i = 0; i < 100; ++i) talk.down(3 * kSecond + i * kMillisecond, filler(960));
      box.run();
      EXPECT_EQ(box.flows().size(), 1u);
      EXPECT_GT(box.dropped(DropReason::police), 50u);
    }
  }
}

TEST(Published2021, E6ConnectionsFromOutsideAreNeverSlowed) {
  for (const bool by_opener : {true, false}) {
    for (const std::uint16_t port : {std::uint16_t{443}, std::uint16_t{7}}) {
      Box box = box_2021();
      Talk talk(box, 40000, port);
      talk.client("203.0.113.9").server("10.0.0.1").open(0);
      if (by_opener)
        talk.up(kSecond, trigger());
      else
        talk.down(kSecond, trigger());
      box.run();
      EXPECT_EQ(box.flows()[0].cls, "pass");
    }
  }
}

TEST(Published2021, E7HalfOfTheFixedLinesAndEachAlwaysTheSame) {
  constexpr int kLines = 400;
  Box box = box_of("twitter-2021-04-02-fixed");
  for (int line = 0; line < kLines; ++line)
    for (std::uint16_t port = 1; port <= 2; ++port) {
      Talk talk(box, port);
      talk.client("10.0." + std::to_string(line / 200) + "." + std::to_string(1 + line % 200));
      talk.open((line * 2 + port) * 10 * kMillisecond)
          .up((line * 2 + port) * 10 * kMillisecond + 5 * kMillisecond, trigger());
    }
  box.run();
  std::map<std::string, int> slowed;
  for (const Box::Ended& end : box.flows()) slowed[end.flow.client().print()] += end.cls == "slow" ? 1 : 0;
  ASSERT_EQ(slowed.size(), static_cast<std::size_t>(kLines));
  int lines = 0;
  for (const auto& [line, count] : slowed) {
    EXPECT_NE(count, 1) << line << ": both connections of a line share its fate";
    lines += count / 2;
  }
  EXPECT_NEAR(lines, kLines / 2, 40);
}

}  // namespace
}  // namespace slowlane

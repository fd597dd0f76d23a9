#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

#include "tests/support/box.h"
#include "tests/support/hello_builder.h"
#include "tests/support/talk.h"

namespace slowlane {
namespace {

constexpr std::string_view kBook = R"(book = "names"; classes = (); rules = (); otherwise = "pass";)";
constexpr std::string_view kEveryBook =
    R"(book = "names"; classes = (); rules = (); otherwise = "pass"; inspection = { names = "every"; };)";

Bytes text(std::string_view words) { return Bytes(words.begin(), words.end()); }
Bytes slice(const Bytes& bytes, std::size_t from, std::size_t to) {
  return Bytes(bytes.begin() + static_cast<std::ptrdiff_t>(from), bytes.begin() + static_cast<std::ptrdiff_t>(to));
}

TEST(FirstFlight, ReadsAHelloThatLiesInOneSegment) {
  Box box(kBook);
  Talk(box).open(0).up(kSecond, chrome_hello("abs.twimg.com"));
  box.run();
  EXPECT_EQ(box.host_of(0), "abs.twimg.com");
  EXPECT_EQ(box.flows()[0].flow.found, FoundBy::whole);
}

TEST(FirstFlight, ReadsEveryTwoCutOfAHelloInBothOrders) {
  const Bytes hello = HelloBuilder().name("www.example.com").record();
  for (std::size_t cut = 1; cut < hello.size(); ++cut) {
    for (const bool swapped : {false, true}) {
      Box box(kBook);
      Talk talk(box);
      talk.open(0);
      const auto first = [&](Nanos at) { talk.up_at(at, 0, slice(hello, 0, cut)); };
      const auto second = [&](Nanos at) {
        talk.up_at(at, static_cast<std::uint32_t>(cut), slice(hello, cut, hello.size()));
      };
      if (swapped)
        second(kSecond), first(2 * kSecond);
      else
        first(kSecond), second(2 * kSecond);
      box.run();
      ASSERT_EQ(box.host_of(0), "www.example.com") << "cut at " << cut << (swapped ? " swapped" : "");
      ASSERT_EQ(box.flows()[0].flow.found, FoundBy::segments);
    }
  }
}

TEST(FirstFlight, ReadsManyPiecesReorderedDuplicatedAndOverlapping) {
  std::mt19937_64 random(7);
  const Bytes hello = HelloBuilder().name("pq.example.net").key_share(1216).pad_to(4000).record();
  for (int round = 0; round < 60; ++round) {
    std::vector<std::pair<std::size_t, std::size_t>> pieces;
    std::size_t at = 0;
    while (at < hello.size()) {
      const std::size_t end = std::min(hello.size(), at + 100 + random() % 600);
      pieces.emplace_back(at - std::min<std::size_t>(at, random() % 50), end);
      if (random() % 4 == 0) pieces.push_back(pieces.back());
      at = end;
    }
    std::shuffle(pieces.begin(), pieces.end(), random);
    Box box(kBook);
    Talk talk(box);
    talk.open(0);
    Nanos now = kSecond;
    for (const auto& [from, to] : pieces)
      talk.up_at(now += 1000, static_cast<std::uint32_t>(from), slice(hello, from, to));
    box.run();
    ASSERT_EQ(box.host_of(0), "pq.example.net") << "round " << round;
  }
}

TEST(FirstFlight, ReadsAHelloOverSeveralRecordsAndBehindAnotherRecord) {
  const Bytes message = HelloBuilder().name("records.example").message();
  Box box(kBook);
  Talk(box, 1).open(0).up(kSecond, tls_records(message, {10, 60}));
  Talk(box, 2)
      .open(2 * kSecond)
      .up(3 * kSecond, tls_record(20, Bytes{1}) + HelloBuilder().name("ccs.example").record());
  box.run();
  EXPECT_EQ(box.host_of(0), "records.example");
  EXPECT_EQ(box.flows()[0].flow.found, FoundBy::records);
  EXPECT_EQ(box.host_of(1), "ccs.example");
}

TEST(FirstFlight, ReadsAHelloOfSixteenKibibytesAndRefusesALongerOne) {
  Box box(kBook);
  for (const auto& [port, size] : {std::pair<std::uint16_t, std::size_t>{1, 16000}, {2, 17000}}) {
    const Bytes message = HelloBuilder().name("long.example").pad_to(size).message();
    const Bytes hello = tls_records(message, {8000, 15999});
    Talk talk(box, port);
    talk.open(port * kSecond);
    for (std::size_t at = 0; at < hello.size(); at += 1400)
      talk.up(port * kSecond + static_cast<Nanos>(at) * 1000 + 3 * kMillisecond,
              slice(hello, at, std::min(hello.size(), at + 1400)));
  }
  box.run();
  EXPECT_EQ(box.host_of(0), "long.example");
  EXPECT_EQ(box.host_of(1), "");
  EXPECT_EQ(box.flows()[1].flow.not_found, NotFound::malformed_hello);
}

TEST(FirstFlight, LooksBehindConnectAndSocksAndKeepsBothNames) {
  Box box(kBook);
  Talk(box, 1, 3128)
      .open(0)
      .up(kSecond, text("CONNECT apache.org:443 HTTP/1.1\r\nHost: apache.org:443\r\n\r\n"))
      .down(kSecond + 1, text("HTTP/1.1 200 OK\r\n\r\n"))
      .up(kSecond + 2, chrome_hello("www.apache.org"));
  Talk(box, 2, 1080)
      .open(5 * kSecond)
      .up(6 * kSecond, Bytes{5, 1, 0})
      .down(6 * kSecond + 1, Bytes{5, 0})
      .up(6 * kSecond + 2, Bytes{5, 1, 0, 3, 6} + text("a.test") + Bytes{1, 187})
      .down(6 * kSecond + 3, Bytes{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
      .up(6 * kSecond + 4, chrome_hello("b.test"));
  box.run();
  EXPECT_EQ(box.flows()[0].hosts, (std::vector<std::string>{"apache.org", "www.apache.org"}));
  EXPECT_EQ(box.flows()[1].hosts, (std::vector<std::string>{"a.test", "b.test"}));
}

TEST(FirstFlight, FindsAHelloAfterStarttls) {
  Box box(kBook);
  Talk(box, 1, 25)
      .open(0)
      .down(kSecond, text("220 mail ESMTP\r\n"))
      .up(kSecond + 1, text("EHLO me.example\r\n"))
      .down(kSecond + 2, text("250 STARTTLS\r\n"))
      .up(kSecond + 3, text("STARTTLS\r\n"))
      .down(kSecond + 4, text("220 go\r\n"))
      .up(kSecond + 5, chrome_hello("mail.example"));
  box.run();
  EXPECT_EQ(box.host_of(0), "mail.example");
}

TEST(FirstFlight, GivesUpOnALongPacketThatItDoesNotKnow) {
  Box box(kBook);
  Talk(box, 1).open(0).up(kSecond, filler(101)).up(2 * kSecond, chrome_hello("late.example"));
  Talk(box, 2).open(5 * kSecond).up(6 * kSecond, filler(100)).up(7 * kSecond, chrome_hello("found.example"));
  box.run();
  EXPECT_EQ(box.host_of(0), "");
  EXPECT_EQ(box.flows()[0].flow.not_found, NotFound::not_recognised);
  EXPECT_EQ(box.host_of(1), "found.example");
}

TEST(FirstFlight, TellsWhyThereIsNoName) {
  Box box(kBook);
  Bytes broken = HelloBuilder().name("broken.example").record();
  broken[43] = 200;  // the session id's length
  Talk(box, 1).open(0).up(kSecond, HelloBuilder().record());
  Talk(box, 2).open(2 * kSecond).up(3 * kSecond, broken);
  Talk(box, 3).open(4 * kSecond);
  Talk(box, 4).open(6 * kSecond).up(7 * kSecond, slice(chrome_hello("cut.example"), 0, 200));
  Talk(box, 5).up(8 * kSecond, tls_record(23, filler(50)));
  Talk(box, 6, 80).open(9 * kSecond).up(10 * kSecond, text("GET / HTTP/1.0\r\n\r\n"));
  box.run();
  std::vector<NotFound> reasons(7);
  for (const Box::Ended& end : box.flows()) reasons[end.flow.client_port()] = end.flow.not_found;
  EXPECT_EQ(reasons[1], NotFound::no_sni);
  EXPECT_EQ(reasons[2], NotFound::malformed_hello);
  EXPECT_EQ(reasons[3], NotFound::no_payload);
  EXPECT_EQ(reasons[4], NotFound::incomplete);
  EXPECT_EQ(reasons[5], NotFound::encrypted);
  EXPECT_EQ(reasons[6], NotFound::no_host);
}

TEST(FirstFlight, ReadsOnlyTheFirstNameUnlessAskedForEvery) {
  for (const bool every : {false, true}) {
    Box box(every ? kEveryBook : kBook);
    Talk(box).open(0).up(kSecond, chrome_hello("fake.example")).up(2 * kSecond, chrome_hello("true.example"));
    box.run();
    const std::vector<std::string> both{"fake.example", "true.example"};
    EXPECT_EQ(box.flows()[0].hosts, every ? both : std::vector<std::string>{"fake.example"});
  }
}

TEST(FirstFlight, TakesASegmentAloneWhereTheBookSaysNotToReassemble) {
  const std::string book = R"(book = "b"; classes = (); rules = (); inspection = { reassemble = false; };)";
  const Bytes hello = chrome_hello("cut.example");
  Box box(book);
  Talk(box, 1).open(0).up(kSecond, slice(hello, 0, 100)).up(2 * kSecond, slice(hello, 100, hello.size()));
  Talk(box, 2).open(5 * kSecond).up(6 * kSecond, chrome_hello("whole.example"));
  box.run();
  EXPECT_EQ(box.host_of(0), "");
  EXPECT_EQ(box.host_of(1), "whole.example");
}

TEST(FirstFlight, TakesAServersHelloOnlyWhereTheBookSaysEither) {
  for (const std::string from : {"client", "either"}) {
    Box box(R"(book = "b"; classes = (); rules = (); inspection = { clienthello_from = ")" + from + "\"; };");
    Talk(box).open(0).down(kSecond, chrome_hello("abs.twimg.com"));
    box.run();
    EXPECT_EQ(box.host_of(0), from == "either" ? "abs.twimg.com" : "");
  }
}

TEST(FirstFlight, StopsAtItsBudgetOfPackets) {
  Box box(R"(book = "b"; classes = (); rules = (); inspection = { max_packets = 3; };)");
  Talk talk(box);
  talk.open(0);
  for (int i = 1; i <= 3; ++i) talk.up(i * kSecond, filler(10));
  talk.up(9 * kSecond, chrome_hello("late.example"));
  box.run();
  EXPECT_EQ(box.host_of(0), "");
  EXPECT_EQ(box.flows()[0].flow.inspected_packets, 3);
}

}  // namespace
}  // namespace slowlane

#include "dataplane/packet_reader.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "tests/support/box.h"
#include "tests/support/hello_builder.h"
#include "tests/support/talk.h"

namespace slowlane {
namespace {

using What = StreamStep::What;

Bytes text(std::string_view words) { return Bytes(words.begin(), words.end()); }
Bytes slice(const Bytes& bytes, std::size_t from, std::size_t to) {
  return Bytes(bytes.begin() + static_cast<std::ptrdiff_t>(from), bytes.begin() + static_cast<std::ptrdiff_t>(to));
}
StreamStep read(const Bytes& payload) { return read_packet(payload, payload.size()); }
Bytes hello_of(std::string_view host) { return HelloBuilder().alpn({"h2"}).name(host).key_share(32).record(); }

TEST(PacketReader, ReadsAHelloThatAPacketBeginsWith) {
  const Bytes hello = chrome_hello("abs.twimg.com");
  const StreamStep step = read(hello);  // its views point into the hello
  EXPECT_EQ(step.what, What::name);
  EXPECT_EQ(step.name, "abs.twimg.com");
  EXPECT_EQ(read(HelloBuilder().record()).what, What::no_name);
  EXPECT_EQ(read(HelloBuilder().no_extensions().record()).what, What::no_name);
  EXPECT_TRUE(read(HelloBuilder().name("a.example").ech().record()).ech);
}

// Fact C1: what follows the hello in its packet is no matter.
TEST(PacketReader, ReadsAHelloThatOtherBytesFollow) {
  EXPECT_EQ(read(chrome_hello("a.example") + tls_record(20, Bytes{1})).what, What::name);
  EXPECT_EQ(read(tls_record(22, HelloBuilder().name("a.example").message() + Bytes{0, 0})).what, What::name);
}

// Facts C1, C5, C6.
TEST(PacketReader, RecognisesButDoesNotReadWhatIsNotOneWholeHelloInFront) {
  const Bytes hello = chrome_hello("a.example");
  const Bytes message = HelloBuilder().name("a.example").message();
  const Bytes server_certificate = tls_record(22, Bytes{11, 0, 0, 20} + text("abs.twimg.com 123456"));
  for (const Bytes& payload :
       {tls_record(20, Bytes{1}) + hello, slice(hello, 0, hello.size() - 1), tls_records(message, {20}),
        tls_record(23, text("abs.twimg.com")), server_certificate, server_hello(), tls_record(21, Bytes{1, 0})}) {
    EXPECT_EQ(read(payload).what, What::passed_over);
    EXPECT_TRUE(read(payload).recognised);
    EXPECT_TRUE(read(payload).name.empty());
  }
  EXPECT_EQ(read(text("x") + hello).what, What::unrecognised);
  EXPECT_EQ(read(slice(hello, 200, hello.size())).what, What::unrecognised);
  EXPECT_EQ(read(text("abs.twimg.com")).what, What::unrecognised);
}

// Facts C2, C3: what matters is on the way to the name, and nothing else does.
TEST(PacketReader, MindsJustTheFieldsOnTheWayToTheName) {
  const Bytes hello = hello_of("abs.twimg.com");
  const std::size_t name = static_cast<std::size_t>(
      std::search(hello.begin(), hello.end(), &"abs.twimg.com"[0], &"abs.twimg.com"[13]) - hello.begin());
  std::set<std::size_t> expected{0, 3, 4, 5, 6, 7, 8, 43, 76, 77, 110, 112, 113};
  expected.insert({116, 117});  // length of the extension before
  for (std::size_t i = name - 9; i < name + 13; ++i) expected.insert(i);
  std::set<std::size_t> matter;
  for (std::size_t i = 0; i < hello.size(); ++i) {
    Bytes masked = hello;
    masked[i] = static_cast<std::uint8_t>(~masked[i]);
    if (read(masked).name != "abs.twimg.com") matter.insert(i);
  }
  EXPECT_EQ(matter, expected);
}

// Fact C4, read as "at least".
TEST(PacketReader, WantsTheRecordShorterThanThePacketAndNoShorterThanTheHello) {
  const Bytes hello = hello_of("a.example");
  const auto with_record = [&](std::size_t length) {
    Bytes changed = hello;
    changed[3] = static_cast<std::uint8_t>(length >> 8);
    changed[4] = static_cast<std::uint8_t>(length);
    return read(changed).what;
  };
  const std::size_t right = hello.size() - 5;
  EXPECT_EQ(with_record(right), What::name);
  EXPECT_EQ(with_record(right - 1), What::passed_over);
  EXPECT_EQ(with_record(right + 4), What::name);
  EXPECT_EQ(with_record(right + 5), What::passed_over);
}

TEST(PacketReader, ReadsWhatWasCapturedOfAWholePacket) {
  const Bytes hello = hello_of("a.example");
  EXPECT_EQ(read_packet(slice(hello, 0, 160), hello.size()).name, "a.example");
  EXPECT_EQ(read_packet(slice(hello, 0, 160), 160).what, What::passed_over);
}

TEST(PacketReader, KnowsRequestsAndResponsesOfProxies) {
  EXPECT_EQ(read(text("CONNECT a.example:443 HTTP/1.1\r\n\r\n")).what, What::preamble);
  EXPECT_EQ(read(text("CONNECT a.example:443 HTTP/1.1\r\n\r\n")).name, "a.example");
  EXPECT_EQ(read(text("GET / HTTP/1.1\r\nHost: b.example\r\nX-Cut")).name, "b.example");
  EXPECT_EQ(read(text("HTTP/1.1 200 Connection established\r\n\r\n")).what, What::passed_over);
  EXPECT_EQ(read(bytes_of_hex("05 01 00")).what, What::preamble);
  EXPECT_EQ(read(bytes_of_hex("05 01 00 03 06 612e74657374 01bb")).name, "a.test");
  EXPECT_EQ(read(Bytes(200, 'a')).what, What::unrecognised);
  EXPECT_EQ(read(text("two words " + std::string(200, 'a'))).what, What::unrecognised);
}

TEST(PacketReader, StaysWithinThePacketWhateverItReads) {
  const Bytes hello = hello_of("a.example");
  for (std::size_t size = 0; size <= hello.size(); ++size) {
    for (std::size_t i = 0; i < size; ++i) {
      Bytes payload = slice(hello, 0, size);
      payload[i] = static_cast<std::uint8_t>(payload[i] + 1 + size + i);
      payload.shrink_to_fit();
      const StreamStep step = read_packet(payload, hello.size());
      if (step.name.empty()) continue;
      ASSERT_GE(static_cast<const void*>(step.name.data()), payload.data());
      ASSERT_LE(static_cast<const void*>(step.name.data() + step.name.size()), payload.data() + payload.size());
    }
  }
}

// --- Through a box.

std::string book(const std::string& inspection = "", const std::string& names = "every") {
  return R"(book = "alone"; classes = ( { name = "hit"; mark = { dscp = "cs1"; }; } );
    rules = ( { name = "r"; when = { host = "hit.example"; host_from = "tls"; }; then = "hit"; } );
    inspection = { hello = "packet"; clienthello_from = "either"; names = ")" +
         names + "\"; " + inspection + " };";
}

// A flow that is still looked at when the run ends was not hit.
std::string class_of_first(const Box& box) { return box.flows()[0].cls == "hit" ? "hit" : "pass"; }

// The class of a flow whose client sends these packets, a second apart.
std::string class_after(const std::vector<Bytes>& packets, const std::string& inspection = "",
                        const std::string& names = "every") {
  Box box(book(inspection, names));
  Talk talk(box);
  talk.open(0);
  for (std::size_t i = 0; i < packets.size(); ++i) talk.up(static_cast<Nanos>(i + 1) * kSecond, packets[i]);
  box.run();
  return class_of_first(box);
}

const Bytes& hit() {
  static const Bytes hello = chrome_hello("hit.example");
  return hello;
}

TEST(PacketHello, PutsNothingTogether) {
  EXPECT_EQ(class_after({hit()}), "hit");
  EXPECT_EQ(class_after({slice(hit(), 0, 90), slice(hit(), 90, hit().size())}), "pass");
  EXPECT_EQ(class_after({tls_record(20, Bytes{1}) + hit()}), "pass");
  EXPECT_EQ(class_after({tls_record(20, Bytes{1}), hit()}), "hit");
}

// Facts C9, C10, C11.
TEST(PacketHello, GoesOnBehindWhatItRecognises) {
  EXPECT_EQ(class_after({text("CONNECT p.example:443 HTTP/1.1\r\n\r\n"), hit()}), "hit");
  EXPECT_EQ(class_after({bytes_of_hex("05 01 00"), bytes_of_hex("05 01 00 03 06 612e74657374 01bb"), hit()}), "hit");
  EXPECT_EQ(class_after({chrome_hello("fake.example"), hit()}), "hit");
  EXPECT_EQ(class_after({tls_record(23, filler(300)), hit()}), "hit");
}

TEST(PacketHello, FindsANameBehindMoreFakeOnesThanAFlowKeeps) {
  std::vector<Bytes> packets;
  for (char c = 'a'; c < 'h'; ++c) packets.push_back(chrome_hello(std::string(1, c) + ".example"));
  packets.push_back(hit());
  EXPECT_EQ(class_after(packets), "hit");
}

TEST(PacketHello, EndsAtTheFirstHelloWhereTheBookWantsTheFirstName) {
  EXPECT_EQ(class_after({chrome_hello("fake.example"), hit()}, "", "first"), "pass");
  EXPECT_EQ(class_after({hit()}, "", "first"), "hit");
}

// Facts C8, C8b. Text is a packet like another.
TEST(PacketHello, EndsAtAnUnknownPacketLongerThanTheBookSays) {
  for (const std::size_t size : {99u, 100u, 101u})
    for (const int byte : {0xee, 0x61})
      EXPECT_EQ(class_after({Bytes(size, static_cast<std::uint8_t>(byte)), hit()}), size == 101 ? "pass" : "hit")
          << size;
  EXPECT_EQ(class_after({filler(100), hit()}, "unknown_max = \"99B\";"), "pass");
  EXPECT_EQ(class_after({filler(300), hit()}, "unknown_max = \"300B\";"), "hit");
  EXPECT_EQ(class_after({tls_record(23, filler(1000)), hit()}), "hit") << "recognised packets may be long";
}

TEST(PacketHello, ReadsTheServersHelloButNotItsCertificate) {
  for (const bool certificate : {false, true}) {
    Box box(book());
    const Bytes named = tls_record(22, Bytes{11, 0, 0, 15} + text("    hit.example"));
    Talk(box).open(0).up(kSecond, filler(20)).down(2 * kSecond, certificate ? named : hit());
    box.run();
    EXPECT_EQ(class_of_first(box), certificate ? "pass" : "hit");
  }
}

TEST(PacketHello, CountsPacketsWithPayloadOfBothDirections) {
  for (const int before : {2, 3}) {
    Box box(book("max_packets = 4;"));
    Talk talk(box);
    talk.open(0).up(kSecond, filler(20));
    for (int i = 0; i < before; ++i) talk.down((2 + i) * kSecond, filler(20)).up_flags((2 + i) * kSecond + 1, kAck);
    talk.up(9 * kSecond, hit());
    box.run();
    EXPECT_EQ(class_of_first(box), before == 2 ? "hit" : "pass");
  }
}

// Fact C9: the window is one number per flow, within its range, each about as often.
TEST(PacketHello, DrawsAWindowPerFlow) {
  std::map<std::uint32_t, int> windows;
  constexpr int kFlows = 1300;
  Worker::Config config = small_config();
  config.flows = 2048;
  Box box(book("max_packets = [4, 16]; max_bytes = \"64KiB\";"), config);
  for (int flow = 0; flow < kFlows; ++flow) {
    Talk talk(box, static_cast<std::uint16_t>(1024 + flow));
    const Nanos start = flow * 100 * kMillisecond;
    talk.open(start);
    for (int i = 0; i < 20; ++i) talk.up(start + (3 + i) * kMillisecond, filler(20));
  }
  box.run();
  for (const Box::Ended& end : box.flows()) {
    EXPECT_EQ(end.flow.inspected_packets, end.flow.drawn_window);
    ++windows[end.flow.drawn_window];
  }
  ASSERT_EQ(windows.size(), 13u);
  EXPECT_EQ(windows.begin()->first, 4u);
  EXPECT_EQ(windows.rbegin()->first, 16u);
  for (const auto& [window, count] : windows) EXPECT_NEAR(count, kFlows / 13, 40) << window;
}

TEST(PacketHello, DrawsTheSameWindowFromTheSameSeedAlone) {
  const auto window = [](const std::string& seed) {
    std::string all;
    Box box(book("max_packets = [4, 16];") + " seed = " + seed + ";");
    for (std::uint16_t port = 1; port < 20; ++port)
      Talk(box, port).open(port * kSecond).up((port + 1) * kSecond, hit());
    box.run();
    for (const Box::Ended& end : box.flows()) all += std::to_string(end.flow.drawn_window) + " ";
    return all;
  };
  EXPECT_EQ(window("1"), window("1"));
  EXPECT_NE(window("1"), window("2"));
}

}  // namespace
}  // namespace slowlane

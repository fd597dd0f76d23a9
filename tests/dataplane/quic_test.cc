#include "dataplane/quic.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>

#include "dataplane/assembler.h"
#include "dataplane/hello.h"
#include "tests/support/quic_builder.h"

namespace slowlane {
namespace {

using Status = Initial::Status;
using ConnectionId = QuicReader::ConnectionId;

constexpr std::uint32_t kV2 = 0x6b3343cf;

// RFC 9001 Appendix A.2: the CRYPTO frame, padded to 1162 bytes, sealed with packet number 2.
const char* const kRfcFrame =
    "060040f1010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e86804fe3a47f06a2b69484c00000413011302010000c00000001"
    "0000e00000b6578616d706c652e636f6dff01000100000a00080006001d0017001800100007000504616c706e0005000501000000000033002"
    "6"
    "0024001d00209370b2c9caa47fbabaf4559fedba753de171fa71f50f1ce15d43e994ec74d748002b0003020304000d0010000e040305030603"
    "0"
    "203080408050806002d00020101001c00024001003900320408ffffffffffffffff05048000ffff07048000ffff08011001048000753009011"
    "0"
    "0f088394c8f03e51570806048000ffff";

class QuicTest : public testing::Test {
 protected:
  const Initial& read(const Bytes& datagram) { return reader_.read(datagram, first_); }
  // The name in the CRYPTO frames of one datagram.
  std::string name_in(const Bytes& datagram) {
    put(read(datagram));
    return name();
  }
  void put(const Initial& initial) {
    for (const CryptoFrame& frame : initial.crypto()) {
      assembler_->put(static_cast<std::size_t>(frame.offset), frame.data);
    }
  }
  std::string name() const {
    const Hello hello = read_hello(assembler_->prefix());
    return hello.status == HelloStatus::complete ? std::string(hello.server_name) : "";
  }

  QuicReader reader_;
  ConnectionId first_;
  std::unique_ptr<Assembler> assembler_ = std::make_unique<Assembler>();
};

bool begins(const Bytes& bytes, std::string_view hex) {
  const Bytes mark = bytes_of_hex(hex);
  return std::equal(mark.begin(), mark.end(), bytes.begin());
}
bool ends(const Bytes& bytes, std::string_view hex) {
  const Bytes mark = bytes_of_hex(hex);
  return std::equal(mark.rbegin(), mark.rend(), bytes.rbegin());
}

TEST_F(QuicTest, OpensTheClientInitialOfRfc9001) {
  const Bytes packet = quic_initial({.version = 1, .number = 2, .number_size = 4}, bytes_of_hex(kRfcFrame));
  ASSERT_EQ(packet.size(), 1200u);
  ASSERT_TRUE(begins(packet, "c000000001088394c8f03e5157080000449e7b9aec34d1b1c98dd7689fb8ec11"));
  ASSERT_TRUE(ends(packet, "8b4c8d169a44e55c88d4a9a7f9474241e221af44860018ab0856972e194cd934"));
  EXPECT_EQ(name_in(packet), "example.com");
}

TEST_F(QuicTest, OpensTheClientInitialOfRfc9369) {
  const Bytes packet = quic_initial({.version = kV2, .number = 2, .number_size = 4}, bytes_of_hex(kRfcFrame));
  ASSERT_TRUE(begins(packet, "d76b3343cf088394c8f03e5157080000449ea0c95e82ffe67b6abcdb4298b485"));
  ASSERT_TRUE(
      ends(packet, "9a37ddec600545473cfb5a05e08d0b209973b2172b4d21fb69745a262ccde96ba18b2faa745b6fe189cf772a9f84cbfc"));
  EXPECT_EQ(name_in(packet), "example.com");
}

TEST_F(QuicTest, OpensEveryVersionWhoseKeysAreKnown) {
  std::vector<std::uint32_t> versions = {1, kV2, 0x709a50c4, 0xfaceb001, 0xfaceb002, 0xfaceb00e};
  for (std::uint32_t draft = 22; draft <= 34; ++draft) versions.push_back(0xff000000 | draft);
  for (const std::uint32_t version : versions) {
    assembler_->reset();
    first_ = {};
    EXPECT_EQ(name_in(quic_hello("www.example.com", version)), "www.example.com") << std::hex << version;
    EXPECT_EQ(read(quic_hello("www.example.com", version)).version, version);
  }
}

TEST_F(QuicTest, AForcedNegotiationIsTriedWithTheKeysOfVersion1) {
  EXPECT_EQ(name_in(quic_hello("a.example", 0x1a2a3a4a)), "a.example");
  Bytes other = quic_hello("a.example", 0x1a2a3a4a);
  other.back() ^= 1;
  EXPECT_EQ(read(other).status, Status::unsupported_version);
}

TEST_F(QuicTest, EveryPacketNumberSizeAndTokenIsRead) {
  for (std::size_t size = 1; size <= 4; ++size) {
    InitialSpec spec{.source_id = Bytes(20, 7), .token = Bytes(size * 50, 9), .number = 3, .number_size = size};
    const Bytes frames = crypto_frame(0, HelloBuilder().name("a.example").message());
    assembler_->reset();
    EXPECT_EQ(name_in(quic_initial(spec, frames)), "a.example") << size;
  }
}

TEST_F(QuicTest, FramesMayComeInAnyOrderWithOthersBetween) {
  const Bytes message = HelloBuilder().name("www.example.com").key_share(600).message();
  const std::span all(message);
  const Bytes frames = Bytes{0, 0, 1} + crypto_frame(300, all.subspan(300)) + ack_frame(5) + Bytes{1, 0} +
                       crypto_frame(0, all.first(100)) + close_frame("because") +
                       crypto_frame(100, all.subspan(100, 200));
  const Initial& initial = read(quic_initial({}, frames));
  ASSERT_EQ(initial.status, Status::crypto);
  ASSERT_EQ(initial.frame_count, 3u);
  EXPECT_EQ(initial.frames[0].offset, 300u);
  put(initial);
  EXPECT_EQ(name(), "www.example.com");
}

TEST_F(QuicTest, AFrameThatCannotStandInAnInitialEndsTheWalk) {
  const Bytes message = HelloBuilder().name("a.example").message();
  const Bytes stream{0x0a, 0, 1, 'x'};
  EXPECT_EQ(read(quic_initial({}, stream + crypto_frame(0, message))).frame_count, 0u);
  EXPECT_EQ(read(quic_initial({}, crypto_frame(0, message) + stream)).frame_count, 1u);
  EXPECT_EQ(read(quic_initial({.pad_to = 0}, Bytes{0x06, 0, 0x44, 0, 1, 2})).frame_count, 0u)
      << "longer than the packet";
}

TEST_F(QuicTest, MoreFramesThanThereIsRoomForAreLeftOut) {
  const Bytes message = HelloBuilder().name("a.example").pad_to(400).message();
  Bytes frames;
  for (std::size_t i = 0; i < 100; ++i) frames = frames + crypto_frame(i, std::span(message).subspan(i, 1));
  const Initial& initial = read(quic_initial({}, frames));
  EXPECT_EQ(initial.status, Status::crypto);
  EXPECT_EQ(initial.frame_count, initial.frames.size());
}

TEST_F(QuicTest, CoalescedPacketsAreAllRead) {
  const Bytes message = HelloBuilder().name("www.example.com").key_share(300).message();
  const std::span all(message);
  const Bytes datagram = quic_initial({.pad_to = 0}, crypto_frame(0, all.first(200))) + quic_zero_rtt() +
                         quic_initial({.number = 1, .pad_to = 0}, crypto_frame(200, all.subspan(200))) + Bytes(50);
  EXPECT_EQ(name_in(datagram), "www.example.com");
}

TEST_F(QuicTest, AHelloOverSeveralDatagrams) {
  const Bytes message = HelloBuilder().like_chrome("www.example.com").key_share(1216).message();
  for (const Bytes& datagram : quic_hello_cut(message, {500, 1100})) put(read(datagram));
  EXPECT_EQ(name(), "www.example.com");
}

TEST_F(QuicTest, ALaterInitialWithAnotherIdIsOpenedWithTheFirstOne) {
  const Bytes message = HelloBuilder().name("www.example.com").pad_to(900).message();
  const std::span all(message);
  put(read(quic_initial({}, crypto_frame(0, all.first(400)))));
  EXPECT_EQ(first_.length, 8u);
  const InitialSpec later{.id = bytes_of_hex("0a0b0c0d"), .key_id = bytes_of_hex("8394c8f03e515708"), .number = 1};
  const Bytes second = quic_initial(later, crypto_frame(400, all.subspan(400)));
  const Initial& initial = read(second);
  ASSERT_EQ(initial.status, Status::crypto);
  put(initial);
  EXPECT_EQ(name(), "www.example.com");
  EXPECT_EQ(first_.length, 8u) << "the first id stays";
  ConnectionId unknown;
  EXPECT_EQ(reader_.read(second, unknown).status, Status::undecryptable);
  EXPECT_EQ(unknown.length, 0u);
}

TEST_F(QuicTest, AfterARetryTheKeysComeFromTheNewId) {
  const Bytes frames = crypto_frame(0, HelloBuilder().name("a.example").message());
  read(quic_initial({}, frames));
  const Bytes again = quic_initial({.id = bytes_of_hex("0102030405"), .token = Bytes(16, 1), .number = 1}, frames);
  ASSERT_EQ(read(again).status, Status::crypto);
  EXPECT_EQ(first_.length, 5u);
  const InitialSpec later{.id = bytes_of_hex("ffee"), .key_id = bytes_of_hex("0102030405"), .number = 2};
  EXPECT_EQ(read(quic_initial(later, frames)).status, Status::crypto);
}

TEST_F(QuicTest, TheServersInitialIsUndecryptable) {
  const InitialSpec server{.id = {}, .key_id = bytes_of_hex("8394c8f03e515708"), .from_server = true};
  read(quic_hello("a.example"));
  EXPECT_EQ(read(quic_initial(server, ack_frame(0))).status, Status::undecryptable);
}

TEST_F(QuicTest, AnyChangedByteFailsAuthentication) {
  const Bytes good = quic_hello("a.example");
  for (std::size_t at = 0; at < good.size(); at += at < 30 ? 1 : 97) {
    Bytes bad = good;
    bad[at] ^= 0x20;
    ConnectionId fresh;
    EXPECT_EQ(reader_.read(bad, fresh).frame_count, 0u) << at;
  }
}

TEST_F(QuicTest, ATruncatedInitialIsUndecryptable) {
  Bytes datagram = quic_hello("a.example");
  datagram.pop_back();
  EXPECT_EQ(read(datagram).status, Status::undecryptable);
}

TEST_F(QuicTest, OtherLongHeadersAreToldApart) {
  EXPECT_EQ(read(quic_zero_rtt()).status, Status::other_long);
  EXPECT_EQ(read(quic_zero_rtt(kV2)).status, Status::other_long);
  EXPECT_EQ(read(bytes_of_hex("c0000000000008000102030405060700000001ff00001d")).status, Status::other_long);
  const Bytes handshake = bytes_of_hex("e000000001080001020304050607004001") + Bytes(64);
  EXPECT_EQ(read(handshake).status, Status::other_long);
  const Bytes retry = bytes_of_hex("f00000000108000102030405060700") + Bytes(64, 3);
  EXPECT_EQ(read(retry).status, Status::other_long);
}

TEST_F(QuicTest, UnknownVersionsNeedTheFormOfAFirstDatagram) {
  Bytes datagram = quic_hello("a.example");
  datagram[1] = 0x12;
  EXPECT_EQ(read(datagram).status, Status::unsupported_version);
  EXPECT_EQ(reader_.read(datagram, first_).version, 0x12000001u);
  datagram.resize(1199);
  EXPECT_EQ(read(datagram).status, Status::not_quic);
  EXPECT_FALSE(looks_like_quic(datagram));
}

TEST_F(QuicTest, WhatIsNoQuic) {
  for (const Bytes& datagram : {Bytes{}, Bytes{0xc0}, bytes_of_hex("c0000000011500"), bytes_of_hex("4011223344556677"),
                                bytes_of("GET / HTTP/1.1"), bytes_of_hex("80e00001000000a00000000b112233445566778899"),
                                Bytes(1200, 0xff), Bytes(1200)}) {
    EXPECT_EQ(read(datagram).status, Status::not_quic) << datagram.size();
    EXPECT_FALSE(looks_like_quic(datagram));
  }
}

TEST_F(QuicTest, LooksLikeQuicByTheHeaderAlone) {
  EXPECT_TRUE(looks_like_quic(quic_hello("a.example")));
  EXPECT_TRUE(looks_like_quic(quic_zero_rtt()));
  EXPECT_TRUE(looks_like_quic(google_packet("Q043", google_chlo("a.example"))));
}

TEST_F(QuicTest, RandomDamageNeverReadsOutside) {
  std::mt19937_64 random(31);
  const Bytes good = quic_hello("a.example") + quic_zero_rtt();
  for (int i = 0; i < 3000; ++i) {
    Bytes bad(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(random() % (good.size() + 1)));
    for (std::size_t n = random() % 3; n > 0 && !bad.empty(); --n) {
      bad[random() % std::min<std::size_t>(bad.size(), 40)] = static_cast<std::uint8_t>(random());
    }
    ConnectionId fresh;
    const Initial& initial = reader_.read(bad, fresh);
    ASSERT_LE(initial.frame_count, initial.frames.size());
  }
}

TEST(QuicFrames, DamagedPayloadsEndTheWalkInsideTheirBytes) {
  std::mt19937_64 random(32);
  const Bytes message(50, 'x');
  const Bytes good = Bytes{1} + ack_frame(70) + crypto_frame(0, message) + close_frame("x") + crypto_frame(50, message);
  for (int i = 0; i < 20000; ++i) {
    Bytes bad(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(random() % (good.size() + 1)));
    if (!bad.empty()) bad[random() % bad.size()] = static_cast<std::uint8_t>(random());
    QuicFrameWalk walk(bad, random() % 2 ? QuicFrameWalk::Numbers::ietf : QuicFrameWalk::Numbers::google);
    std::size_t total = 0;
    while (const auto frame = walk.next()) total += 1 + frame->data.size();
    ASSERT_LE(total, bad.size());
  }
}

}  // namespace
}  // namespace slowlane

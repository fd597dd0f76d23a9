#include "dataplane/gquic.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "dataplane/hello.h"
#include "dataplane/quic.h"
#include "tests/support/quic_builder.h"

namespace slowlane {
namespace {

using Status = Initial::Status;

TEST(GoogleQuic, NameOfAClearHelloInEveryHeaderForm) {
  for (const char* version : {"Q024", "Q033", "Q034", "Q039", "Q043", "Q044", "Q046"}) {
    const Bytes datagram = google_packet(version, google_chlo("www.example.com"));
    QuicReader reader;
    QuicReader::ConnectionId first;
    const Initial& initial = reader.read(datagram, first);
    ASSERT_EQ(initial.status, Status::crypto) << version;
    EXPECT_TRUE(initial.gquic);
    EXPECT_EQ(initial.version >> 16, 0x5130u);
    ASSERT_EQ(initial.frame_count, 1u);
    EXPECT_EQ(read_chlo_name(initial.frames[0].data), "www.example.com") << version;
  }
}

TEST(GoogleQuic, SealedHellosAreOpened) {
  QuicReader reader;
  QuicReader::ConnectionId first;
  const Bytes chlo = google_chlo("www.example.com");
  const Bytes q050 = quic_initial({.version = 0x51303530}, crypto_frame(0, chlo, 0x08));
  const Initial& google = reader.read(q050, first);
  ASSERT_EQ(google.frame_count, 1u);
  EXPECT_TRUE(google.gquic);
  EXPECT_EQ(read_chlo_name(google.frames[0].data), "www.example.com");

  const Bytes hello = HelloBuilder().name("tls.example").message();
  for (const std::uint32_t version : {0x54303530u, 0x54303531u}) {
    const Initial& tls = reader.read(quic_initial({.version = version}, crypto_frame(0, hello, 0x08)), first);
    ASSERT_EQ(tls.frame_count, 1u);
    EXPECT_FALSE(tls.gquic);
    EXPECT_EQ(read_hello(tls.frames[0].data).server_name, "tls.example");
  }
}

TEST(GoogleQuic, PacketsWithoutAHelloAreOtherPackets) {
  QuicReader reader;
  QuicReader::ConnectionId first;
  EXPECT_EQ(reader.read(google_packet("Q043", Bytes(200, 7)), first).status, Status::other_long);
  EXPECT_EQ(reader.read(google_packet("Q043", {}), first).version, 0x51303433u);
}

TEST(GoogleQuic, OtherVersionsAndFlagsAreNotRecognised) {
  EXPECT_FALSE(read_google_packet(google_packet("Q05x", google_chlo("a.example"))).recognised);
  EXPECT_FALSE(read_google_packet({}).recognised);
  Bytes packet = google_packet("Q043", google_chlo("a.example"));
  for (const std::uint8_t flags : Bytes{0x08, 0x0b, 0x01, 0x49, 0x89}) {
    packet[0] = flags;
    EXPECT_FALSE(read_google_packet(packet).recognised) << int{flags};
  }
}

TEST(GoogleQuic, NamesThatCannotBeAreNone) {
  EXPECT_EQ(read_chlo_name({}), "");
  EXPECT_EQ(read_chlo_name(bytes_of("CHLO")), "");
  EXPECT_EQ(read_chlo_name(google_chlo("")), "");
  EXPECT_EQ(read_chlo_name(google_chlo("bad\x01name")), "");
  const Bytes longer = google_chlo(std::string(256, 'a'));
  EXPECT_EQ(read_chlo_name(longer), "");
  const Bytes whole = google_chlo("www.example.com");
  const Bytes cut(whole.begin(), whole.begin() + 150);
  EXPECT_EQ(read_chlo_name(cut), "");
}

TEST(GoogleQuic, RandomDamageNeverReadsOutside) {
  std::mt19937_64 random(33);
  const Bytes good = google_chlo("www.example.com");
  for (int i = 0; i < 20000; ++i) {
    Bytes bad(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(random() % (good.size() + 1)));
    for (int n = 0; n < 2 && !bad.empty(); ++n) bad[random() % bad.size()] = static_cast<std::uint8_t>(random());
    ASSERT_LE(read_chlo_name(bad).size(), 255u);
  }
}

}  // namespace
}  // namespace slowlane

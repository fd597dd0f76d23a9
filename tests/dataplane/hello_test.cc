#include "dataplane/hello.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

#include "tests/support/hello_builder.h"

namespace slowlane {
namespace {

std::span<const std::uint8_t> head(const Bytes& bytes, std::size_t size) { return {bytes.data(), size}; }

// Where the body of `extension` (its type and a length of `size`) begins in a message.
std::size_t find_extension(const Bytes& message, std::uint16_t type, std::size_t size) {
  const Bytes mark{static_cast<std::uint8_t>(type >> 8), static_cast<std::uint8_t>(type),
                   static_cast<std::uint8_t>(size >> 8), static_cast<std::uint8_t>(size)};
  const auto at = std::search(message.begin(), message.end(), mark.begin(), mark.end());
  return static_cast<std::size_t>(at - message.begin()) + 4;
}

TEST(Hello, NameAlpnAndLengthOfAChromeLikeHello) {
  const Bytes record = chrome_hello("www.example.com");
  ASSERT_EQ(record.size(), 517u);
  const RecordHead outer = read_record_head(record);
  ASSERT_EQ(outer.kind, RecordHead::Kind::handshake);
  ASSERT_EQ(outer.length, 512u);
  const Hello hello = read_hello(std::span(record).subspan(kRecordHeader));
  EXPECT_EQ(hello.status, HelloStatus::complete);
  EXPECT_EQ(hello.server_name, "www.example.com");
  EXPECT_EQ(hello.alpn, "h2");
  EXPECT_EQ(hello.length, 512u);
  EXPECT_FALSE(hello.ech);
  EXPECT_FALSE(hello.esni);
}

TEST(Hello, EveryShorterPrefixIsIncomplete) {
  const Bytes message = HelloBuilder().like_chrome("www.example.com").ech().pad_to(700).message();
  for (std::size_t size = 0; size < message.size(); ++size) {
    const Bytes copy(message.begin(), message.begin() + static_cast<std::ptrdiff_t>(size));  // guarded by asan
    ASSERT_EQ(read_hello(copy).status, HelloStatus::incomplete) << size;
  }
  EXPECT_EQ(read_hello(message).status, HelloStatus::complete);
}

TEST(Hello, BytesBehindTheMessageAreNotLookedAt) {
  const Bytes message = HelloBuilder().name("a.example").message() + Bytes{0xff, 0xff, 0xff};
  EXPECT_EQ(read_hello(message).status, HelloStatus::complete);
  EXPECT_EQ(read_hello(message).length, message.size() - 3);
}

TEST(Hello, NameIsSeenBeforeTheMessageIsWhole) {
  const Bytes message = HelloBuilder().name("early.example").key_share(1216).message();
  const Hello hello = read_hello(head(message, 200));
  EXPECT_EQ(hello.status, HelloStatus::incomplete);
  EXPECT_EQ(hello.server_name, "early.example");
  EXPECT_EQ(hello.length, message.size());
}

TEST(Hello, WithoutExtensionsIsCompleteAndNameless) {
  const Bytes none_bytes = HelloBuilder().no_extensions().message();
  const Hello none = read_hello(none_bytes);
  EXPECT_EQ(none.status, HelloStatus::complete);
  EXPECT_TRUE(none.server_name.empty());
  const Bytes empty_bytes = HelloBuilder().message();
  const Hello empty = read_hello(empty_bytes);
  EXPECT_EQ(empty.status, HelloStatus::complete);
}

TEST(Hello, GreaseOnlyIsCompleteAndNameless) {
  const Bytes hello_bytes = HelloBuilder().like_chrome("").message();
  const Hello hello = read_hello(hello_bytes);
  EXPECT_EQ(hello.status, HelloStatus::complete);
  EXPECT_TRUE(hello.server_name.empty());
  EXPECT_EQ(hello.alpn, "h2");
}

TEST(Hello, EchIsSeenWithItsOuterName) {
  const Bytes hello_bytes = HelloBuilder().name("public.example").ech().message();
  const Hello hello = read_hello(hello_bytes);
  EXPECT_EQ(hello.status, HelloStatus::complete);
  EXPECT_EQ(hello.server_name, "public.example");
  EXPECT_TRUE(hello.ech);
}

TEST(Hello, InnerEchIsNoEch) {
  const Bytes hello_bytes = HelloBuilder().extension(0xfe0d, {1}).message();
  const Hello hello = read_hello(hello_bytes);
  EXPECT_EQ(hello.status, HelloStatus::complete);
  EXPECT_FALSE(hello.ech);
}

TEST(Hello, EsniIsSeen) {
  const Bytes hello_bytes = HelloBuilder().esni().message();
  const Hello hello = read_hello(hello_bytes);
  EXPECT_EQ(hello.status, HelloStatus::complete);
  EXPECT_TRUE(hello.esni);
}

TEST(Hello, SixteenKilobytesAreRead) {
  const Bytes message = HelloBuilder().key_share(1216).pad_to(16384).name("late.example").message();
  ASSERT_EQ(message.size(), 16384u);
  EXPECT_EQ(read_hello(message).server_name, "late.example");
}

TEST(Hello, OtherHandshakeMessagesAreNoHello) {
  const Bytes record = server_hello();
  EXPECT_EQ(read_hello(std::span(record).subspan(kRecordHeader)).status, HelloStatus::not_hello);
}

struct Broken {
  const char* why;
  Bytes message;
};

Bytes edited(Bytes message, std::size_t at, std::uint8_t value) {
  message.at(at) = value;
  return message;
}

std::vector<Broken> broken_hellos() {
  const Bytes named = HelloBuilder().name("www.example.com").alpn({"h2"}).message();
  const std::size_t sni = find_extension(named, 0, 20);
  const std::size_t alpn = find_extension(named, 16, 5);
  const std::size_t suites = 4 + 2 + 32 + 1 + 32;
  const std::size_t compression = suites + 2 + 32;
  return {
      {"length", edited(named, 1, 0xff)},
      {"short", Bytes{1, 0, 0, 33} + Bytes(33)},
      {"session_id", edited(named, 4 + 2 + 32, 33)},
      {"cipher_suites", edited(named, suites + 1, 31)},
      {"cipher_suites", edited(named, suites + 1, 0)},
      {"cipher_suites", edited(named, suites, 0xff)},
      {"compression", edited(named, compression, 0)},
      {"extensions", edited(named, compression + 2, 0xff)},
      {"extensions", edited(named, compression + 3, 1)},
      {"extension", edited(named, sni - 1, 0xff)},
      {"server_name", edited(named, sni + 1, 17)},
      {"server_name", edited(named, sni + 4, 16)},
      {"server_name", HelloBuilder().extension(0, {}).message()},
      {"server_name", HelloBuilder().extension(0, {0, 0}).message()},
      {"empty_name", HelloBuilder().name("").message()},
      {"long_name", HelloBuilder().name(std::string(256, 'a')).message()},
      {"bad_name", HelloBuilder().name("bad\x01.example").message()},
      {"bad_name", HelloBuilder().name("b\xc3\xbc.de").message()},
      {"bad_name", HelloBuilder().name(std::string_view("www.example.com\0", 16)).message()},
      {"bad_name", HelloBuilder().name("www.example.\x7fom").message()},
      {"twice", HelloBuilder().name("a.example").name("b.example").message()},
      {"twice", HelloBuilder().extension(0, {0, 8, 0, 0, 1, 'a', 0, 0, 1, 'b'}).message()},
      {"alpn", edited(named, alpn + 2, 3)},
      {"alpn", edited(named, alpn + 2, 0)},
      {"alpn", HelloBuilder().extension(16, {0, 0}).message()},
      {"ech", HelloBuilder().extension(0xfe0d, {}).message()},
      {"ech", HelloBuilder().extension(0xfe0d, {2}).message()},
      {"ech", HelloBuilder().extension(0xfe0d, {0, 0, 1, 0, 1, 7, 0, 0, 0, 0}).message()},
      {"ech", HelloBuilder().extension(0xfe0d, {0, 0, 1, 0, 1, 7, 0, 9, 0, 1, 1}).message()},
  };
}

TEST(Hello, MalformedIsToldApartWithItsReason) {
  for (const Broken& broken : broken_hellos()) {
    const Hello hello = read_hello(broken.message);
    EXPECT_EQ(hello.status, HelloStatus::malformed) << broken.why;
    EXPECT_STREQ(hello.why, broken.why);
  }
}

TEST(Hello, AWrongLengthIsMalformedBeforeItsBytesAreThere) {
  const Bytes named = HelloBuilder().name("www.example.com").message();
  Bytes wrong(named.begin(), named.begin() + 4 + 2 + 32 + 1);
  wrong.back() = 33;  // a session id of 33 bytes
  EXPECT_EQ(read_hello(wrong).status, HelloStatus::malformed);
}

TEST(Hello, NamesOf1And255BytesAreFine) {
  const std::string longest(255, 'x');
  EXPECT_EQ(read_hello(HelloBuilder().name(longest).message()).server_name.size(), 255u);
  const Bytes one = HelloBuilder().name("x").message();
  EXPECT_EQ(read_hello(one).server_name, "x");
}

TEST(Hello, NamesOfOtherTypesAreSteppedOver) {
  const Bytes message = HelloBuilder().extension(0, {0, 9, 7, 0, 1, 'z', 0, 0, 2, 't', 'v'}).message();
  EXPECT_EQ(read_hello(message).server_name, "tv");
  const Bytes only_other = HelloBuilder().extension(0, {0, 4, 7, 0, 1, 'z'}).message();
  EXPECT_EQ(read_hello(only_other).status, HelloStatus::complete);
  EXPECT_TRUE(read_hello(only_other).server_name.empty());
}

TEST(Hello, RandomDamageNeverReadsOutsideAndNeverInventsLongNames) {
  std::mt19937_64 random(20240501);
  const Bytes good = HelloBuilder().like_chrome("www.example.com").ech().message();
  for (int i = 0; i < 20000; ++i) {
    Bytes bad(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(random() % (good.size() + 1)));
    for (std::size_t n = random() % 4; n > 0 && !bad.empty(); --n) {
      bad[random() % bad.size()] = static_cast<std::uint8_t>(random());
    }
    const Hello hello = read_hello(bad);
    ASSERT_LE(hello.server_name.size(), 255u);
    if (hello.status == HelloStatus::malformed) {
      ASSERT_STRNE(hello.why, "");
    }
    if (hello.status == HelloStatus::complete) {
      ASSERT_LE(hello.length, bad.size());
    }
  }
}

TEST(RecordHead, KindsByContentType) {
  const Bytes body(3);
  EXPECT_EQ(read_record_head(tls_record(22, body)).kind, RecordHead::Kind::handshake);
  for (const std::uint8_t type : Bytes{20, 21, 23, 24}) {
    EXPECT_EQ(read_record_head(tls_record(type, body)).kind, RecordHead::Kind::other_record);
  }
  for (const std::uint8_t type : Bytes{0, 19, 25, 71}) {
    EXPECT_EQ(read_record_head(tls_record(type, body)).kind, RecordHead::Kind::not_tls);
  }
}

TEST(RecordHead, VersionAndLengthAreChecked) {
  const Bytes body(3);
  EXPECT_EQ(read_record_head(tls_record(22, body, 0x0200)).kind, RecordHead::Kind::not_tls);
  EXPECT_EQ(read_record_head(tls_record(22, body, 0x0300)).kind, RecordHead::Kind::handshake);
  EXPECT_EQ(read_record_head(Bytes{22, 3, 3, 0x41, 0x00}).length, 16640u);
  EXPECT_EQ(read_record_head(Bytes{22, 3, 3, 0x41, 0x01}).kind, RecordHead::Kind::not_tls);
}

TEST(RecordHead, IncompleteUntilFiveBytes) {
  const Bytes record = chrome_hello("a.example");
  for (std::size_t size = 0; size < kRecordHeader; ++size) {
    EXPECT_EQ(read_record_head(head(record, size)).kind, RecordHead::Kind::incomplete);
  }
  EXPECT_EQ(read_record_head(Bytes{22, 2}).kind, RecordHead::Kind::not_tls);
}

TEST(RecordHead, Sslv2CompatibleHelloIsRecognised) {
  const Bytes hello = sslv2_hello();
  EXPECT_TRUE(read_record_head(hello).sslv2);
  EXPECT_EQ(read_record_head(hello).kind, RecordHead::Kind::not_tls);
  for (std::size_t size = 1; size < 11; ++size) {
    EXPECT_EQ(read_record_head(head(hello, size)).kind, RecordHead::Kind::incomplete) << size;
  }
  for (const std::size_t at : {1u, 2u, 3u, 6u, 8u, 10u}) {
    Bytes other = hello;
    other[at] = static_cast<std::uint8_t>(other[at] + 1);
    EXPECT_FALSE(read_record_head(other).sslv2) << at;
    EXPECT_EQ(read_record_head(other).kind, RecordHead::Kind::not_tls) << at;
  }
}

}  // namespace
}  // namespace slowlane

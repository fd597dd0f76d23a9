#include "dataplane/socks.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "tests/support/packet_builder.h"

namespace slowlane {
namespace {

using Status = SocksPreamble::Status;

struct Negotiation {
  const char* name;
  Bytes bytes;
  std::string target;
};

Bytes joined(std::initializer_list<Bytes> parts) {
  Bytes all;
  for (const Bytes& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

const std::vector<Negotiation>& negotiations() {
  const Bytes name5 = joined({bytes_of_hex("05 01 00 03 0b"), bytes_of("example.com"), bytes_of_hex("01bb")});
  static const std::vector<Negotiation> all{
      {"4", joined({bytes_of_hex("04 01 01bb c0000201"), bytes_of("user"), {0}}), ""},
      {"4 without user", bytes_of_hex("04 02 01bb c0000201 00"), ""},
      {"4a", joined({bytes_of_hex("04 01 01bb 00000001"), bytes_of("me"), {0}, bytes_of("example.com"), {0}}),
       "example.com"},
      {"5 with IPv4", bytes_of_hex("05 01 00 05 01 00 01 c0000201 01bb"), ""},
      {"5 with IPv6", bytes_of_hex("05 02 00 01 05 01 00 04 20010db8000000000000000000000001 01bb"), ""},
      {"5 with a name", joined({bytes_of_hex("05 01 00"), name5}), "example.com"},
      {"5 with a login", joined({bytes_of_hex("05 02 00 02 01 02"), bytes_of("me"), {3}, bytes_of("pwd"), name5}),
       "example.com"},
      {"5 with a login offered but not asked for", joined({bytes_of_hex("05 02 00 02"), name5}), "example.com"}};
  return all;
}

TEST(Socks, ReadsEveryKindOfNegotiationAndNothingBehindIt) {
  for (const Negotiation& negotiation : negotiations()) {
    Bytes stream = negotiation.bytes;
    stream.insert(stream.end(), {0x16, 3, 1});
    const SocksPreamble preamble = read_socks(stream);
    EXPECT_EQ(preamble.status, Status::complete) << negotiation.name;
    EXPECT_EQ(preamble.target, negotiation.target) << negotiation.name;
    EXPECT_EQ(preamble.length, negotiation.bytes.size()) << negotiation.name;
  }
}

TEST(Socks, WaitsForMoreAtEveryCut) {
  for (const Negotiation& negotiation : negotiations()) {
    for (std::size_t size = 0; size < negotiation.bytes.size(); ++size) {
      Bytes part(negotiation.bytes.begin(), negotiation.bytes.begin() + static_cast<std::ptrdiff_t>(size));
      part.shrink_to_fit();
      EXPECT_EQ(read_socks(part).status, Status::incomplete) << negotiation.name << " cut at " << size;
    }
  }
}

TEST(Socks, RefusesOtherProtocols) {
  const std::vector<Bytes> others{bytes_of_hex("16 03 01"),
                                  bytes_of("GET / HTTP/1.1\r\n"),
                                  bytes_of_hex("04 03"),
                                  bytes_of_hex("05 00"),
                                  bytes_of_hex("05 01 00 04"),
                                  bytes_of_hex("05 01 00 05 09"),
                                  bytes_of_hex("05 01 00 05 01 07"),
                                  bytes_of_hex("05 01 00 05 01 00 02 00"),
                                  bytes_of_hex("05 01 00 01 00 00"),
                                  bytes_of_hex("05 01 00 05 01 00 03 00 01bb"),
                                  bytes_of_hex("05 01 00 05 01 00 03 02 610a 01bb"),
                                  bytes_of_hex("04 01 01bb 00000001 00 00")};
  for (const Bytes& other : others) EXPECT_EQ(read_socks(other).status, Status::not_socks) << int{other[0]};
}

TEST(Socks, DoesNotWaitForEverForTheEndOfAText) {
  Bytes stream = bytes_of_hex("04 01 01bb c0000201");
  stream.resize(8 + 300, 'u');
  EXPECT_EQ(read_socks(stream).status, Status::not_socks);
  Bytes host = bytes_of_hex("04 01 01bb 00000001 00");
  host.resize(9 + 300, 'h');
  EXPECT_EQ(read_socks(host).status, Status::not_socks);
}

TEST(Socks, KnowsEachPacketOfANegotiationByItself) {
  EXPECT_EQ(read_socks_packet(bytes_of_hex("05 01 00")).status, Status::complete);
  EXPECT_EQ(read_socks_packet(bytes_of_hex("05 01 00 03 06 612e74657374 01bb")).target, "a.test");
  EXPECT_EQ(read_socks_packet(bytes_of_hex("05 01 00 01 c0000201 01bb")).status, Status::complete);
  EXPECT_EQ(read_socks_packet(bytes_of_hex("04 01 01bb c0000201 00")).status, Status::complete);
  for (const char* other : {"05", "05 01", "05 01 00 00", "05 00", "04 01 01bb c0000201 00 00", "05 01 00 03 06 612e",
                            "05 03 00 01", "16 03 01"})
    EXPECT_EQ(read_socks_packet(bytes_of_hex(other)).status, Status::not_socks) << other;
}

TEST(Socks, StaysWithinTheStreamWhateverItReads) {
  std::mt19937_64 random(5);
  for (int i = 0; i < 20000; ++i) {
    Bytes stream = negotiations()[random() % negotiations().size()].bytes;
    for (int n = 0; n < 2; ++n) stream[random() % stream.size()] = static_cast<std::uint8_t>(random());
    stream.resize(random() % (stream.size() + 1));
    stream.shrink_to_fit();
    read_socks_packet(stream);
    const SocksPreamble preamble = read_socks(stream);
    ASSERT_LE(preamble.length, stream.size());
    if (preamble.target.empty()) continue;
    const auto* begin = reinterpret_cast<const std::uint8_t*>(preamble.target.data());
    ASSERT_GE(begin, stream.data());
    ASSERT_LE(begin + preamble.target.size(), stream.data() + stream.size());
  }
}

}  // namespace
}  // namespace slowlane

#include "rules/ip.h"

#include <gtest/gtest.h>

#include <random>

namespace slowlane {
namespace {

Address address(std::string_view text) { return parse_address(text).value(); }
Prefix prefix(std::string_view text) { return parse_prefix(text).value(); }

TEST(Address, BothFamiliesShareOneForm) {
  EXPECT_EQ(address("192.0.2.1"), address("::ffff:192.0.2.1"));
  EXPECT_EQ(Address::v4(0xc0000201), address("192.0.2.1"));
  EXPECT_TRUE(address("192.0.2.1").is_v4());
  EXPECT_FALSE(address("2001:db8::1").is_v4());
}

TEST(Address, PrintsAsPeopleWrite) {
  EXPECT_EQ(address("192.0.2.1").print(), "192.0.2.1");
  EXPECT_EQ(address("2001:DB8:0:0:0:0:0:1").print(), "2001:db8::1");
  EXPECT_EQ(address("::").print(), "::");
}

TEST(Address, RefusesWhatIsNone) {
  for (const char* text : {"", "192.0.2", "192.0.2.256", "192.0.2.01", "1.2.3.4.5", "2001:db8::1::2", ":",
                           "fe80::1%eth0", "host", " 192.0.2.1", "2001:db8:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:0:1"})
    EXPECT_FALSE(parse_address(text)) << text;
  EXPECT_FALSE(parse_address(std::string_view("1.2.3.4\0x", 9)));
}

TEST(Prefix, ContainsItsAddressesAndNoOthers) {
  EXPECT_TRUE(prefix("10.0.0.0/8").contains(address("10.255.0.1")));
  EXPECT_FALSE(prefix("10.0.0.0/8").contains(address("11.0.0.0")));
  EXPECT_TRUE(prefix("192.0.2.128/25").contains(address("192.0.2.129")));
  EXPECT_FALSE(prefix("192.0.2.128/25").contains(address("192.0.2.127")));
  EXPECT_TRUE(prefix("2001:db8::/33").contains(address("2001:db8:7fff::1")));
  EXPECT_FALSE(prefix("2001:db8::/33").contains(address("2001:db8:8000::1")));
  EXPECT_TRUE(prefix("192.0.2.1").contains(address("192.0.2.1")));
}

TEST(Prefix, AllOfOneFamilyHoldsNothingOfTheOther) {
  EXPECT_TRUE(prefix("::/0").contains(address("2001:db8::1")));
  EXPECT_FALSE(prefix("::/0").contains(address("192.0.2.1")));
  EXPECT_TRUE(prefix("0.0.0.0/0").contains(address("192.0.2.1")));
  EXPECT_FALSE(prefix("0.0.0.0/0").contains(address("2001:db8::1")));
  EXPECT_FALSE(prefix("::/0").contains(prefix("10.0.0.0/8")));
}

TEST(Prefix, ContainsNarrowerPrefixes) {
  EXPECT_TRUE(prefix("10.0.0.0/8").contains(prefix("10.1.0.0/16")));
  EXPECT_TRUE(prefix("10.0.0.0/8").contains(prefix("10.0.0.0/8")));
  EXPECT_FALSE(prefix("10.1.0.0/16").contains(prefix("10.0.0.0/8")));
}

TEST(Prefix, RefusesHostBitsAndBadLengths) {
  for (const char* text : {"10.0.0.1/8", "10.0.0.0/33", "2001:db8::1/32", "2001:db8::/129", "10.0.0.0/", "10.0.0.0/-1",
                           "10.0.0.0/8/8", "/8", "10.0.0.0/8x"})
    EXPECT_FALSE(parse_prefix(text)) << text;
}

TEST(Prefix, PrintsWithTheBitsOfItsFamily) {
  EXPECT_EQ(prefix("192.0.2.0/24").print(), "192.0.2.0/24");
  EXPECT_EQ(prefix("192.0.2.0/24").bits, 120);
  EXPECT_EQ(prefix("fd00::/8").print(), "fd00::/8");
  EXPECT_EQ(prefix("0.0.0.0/0").print(), "0.0.0.0/0");
  EXPECT_EQ(prefix("::/0").print(), "::/0");
}

TEST(Prefix, AgreesWithBitByBitComparison) {
  std::mt19937_64 random(3);
  const auto bit = [](const Address& a, unsigned i) { return a.bytes[i / 8] >> (7 - i % 8) & 1; };
  for (int i = 0; i < 5000; ++i) {
    Address one;
    Address two;
    for (unsigned k = 0; k < 16; ++k) one.bytes[k] = static_cast<std::uint8_t>(random());
    const unsigned shared = static_cast<unsigned>(random() % 129);
    two = one;
    if (shared < 128) two.bytes[shared / 8] = static_cast<std::uint8_t>(two.bytes[shared / 8] ^ (0x80 >> shared % 8));
    const auto bits = static_cast<unsigned>(random() % 129);
    const Prefix net{truncate(one, 32, bits), static_cast<std::uint8_t>(bits)};
    bool same = true;
    for (unsigned k = 0; k < bits; ++k) same = same && bit(one, k) == bit(two, k);
    ASSERT_EQ(net.contains(two), same) << net.print() << " " << two.print();
    ASSERT_EQ(parse_prefix(net.print()), net) << net.print();
  }
}

TEST(Address, IsCutByFamily) {
  EXPECT_EQ(truncate(address("192.0.2.77"), 24, 32).print(), "192.0.2.0");
  EXPECT_EQ(truncate(address("2001:db8:1:2::3"), 24, 32).print(), "2001:db8::");
  EXPECT_EQ(truncate(address("192.0.2.77"), 32, 0).print(), "192.0.2.77");
}

TEST(Ports, AreNumbersAndRanges) {
  const auto ports = parse_ports("443, 8000-8100,1024-").value();
  ASSERT_EQ(ports.size(), 3u);
  EXPECT_EQ(ports[0], (PortRange{443, 443}));
  EXPECT_EQ(ports[1], (PortRange{8000, 8100}));
  EXPECT_EQ(ports[2], (PortRange{1024, 65535}));
  EXPECT_TRUE(ports[1].contains(8100));
  EXPECT_FALSE(ports[1].contains(8101));
  for (const char* text : {"", ",", "443,", "70000", "8100-8000", "http", "-5", "1-2-3"})
    EXPECT_FALSE(parse_ports(text)) << text;
}

TEST(Endpoint, HasAPortOrNone) {
  EXPECT_EQ(parse_endpoint("192.0.2.1")->port, 0);
  EXPECT_EQ(parse_endpoint("192.0.2.1:443")->port, 443);
  EXPECT_EQ(parse_endpoint("[2001:db8::1]:443")->address, address("2001:db8::1"));
  EXPECT_EQ(parse_endpoint("[2001:db8::1]:443")->port, 443);
  EXPECT_EQ(parse_endpoint("2001:db8::1")->port, 0);
  EXPECT_EQ(parse_endpoint("[2001:db8::1]")->port, 0);
  for (const char* text :
       {"", "192.0.2.1:", "192.0.2.1:70000", "[2001:db8::1", "[2001:db8::1]443", "[192.0.2.1]:1", "host:443", "[]:1"})
    EXPECT_FALSE(parse_endpoint(text)) << text;
}

}  // namespace
}  // namespace slowlane

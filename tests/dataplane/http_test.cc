#include "dataplane/http.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace slowlane {
namespace {

using Status = RequestHead::Status;

RequestHead read(std::string_view text) {
  return read_request({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

TEST(Http, HostOfAnOrdinaryRequest) {
  constexpr std::string_view kText =
      "GET /a HTTP/1.1\r\nUser-Agent: x\r\nHost: www.example.com\r\nAccept: */*\r\n\r\nbody";
  const RequestHead request = read(kText);
  EXPECT_EQ(request.status, Status::complete);
  EXPECT_EQ(request.host, "www.example.com");
  EXPECT_FALSE(request.connect);
  EXPECT_EQ(request.length, kText.size() - 4);
}

TEST(Http, AnyMethodTokenOpensARequest) {
  for (const char* method : {"GET", "POST", "PROPFIND", "M-SEARCH", "get", "VERSION-CONTROL", "X!#$%&'*+-.^_`|~1"}) {
    const std::string text = std::string(method) + " / HTTP/1.0\r\nHost: h.example\r\n\r\n";
    EXPECT_EQ(read(text).host, "h.example") << method;
  }
}

TEST(Http, ConnectGivesItsTargetAndNotTheHostField) {
  const RequestHead request = read("CONNECT video.example:443 HTTP/1.1\r\nHost: proxy.example:3128\r\n\r\n");
  EXPECT_EQ(request.status, Status::complete);
  EXPECT_TRUE(request.connect);
  EXPECT_EQ(request.host, "video.example");
}

TEST(Http, ConnectToAnAddressInBrackets) {
  EXPECT_EQ(read("CONNECT [2001:db8::1]:443 HTTP/1.1\r\n\r\n").host, "2001:db8::1");
}

struct HostCase {
  const char* field;
  const char* host;
};

TEST(Http, HostIsCutOutOfItsField) {
  for (const HostCase& c : {HostCase{"Host: a.example:8080", "a.example"},
                            {"hOsT:a.example", "a.example"},
                            {"Host: \t a.example \t ", "a.example"},
                            {"Host: [2001:db8::1]:80", "2001:db8::1"},
                            {"Host: [2001:db8::1]", "2001:db8::1"},
                            {"Host: 2001:db8::1", "2001:db8::1"},
                            {"Host:\r\n a.example", "a.example"},
                            {"Host:\r\n\t\r\n a.example:1", "a.example"},
                            {"Host : a.example", "a.example"},
                            {"Host: Example.COM.", "Example.COM."},
                            {"Host: a.example:", "a.example"},
                            {"Host:", ""},
                            {"Host: [2001:db8::1", ""},
                            {"Host: a b", ""},
                            {"Host: \x01.example", ""},
                            {"Host: b\xc3\xbc.de", ""},
                            {"X-Host: a.example", ""},
                            {"Hos: a.example", ""},
                            {"no colon", ""},
                            {" Host: a.example", ""}}) {
    const std::string text = std::string("GET / HTTP/1.1\r\nX: y\r\n") + c.field + "\r\n\r\n";
    const RequestHead request = read(text);
    EXPECT_EQ(request.status, Status::complete) << c.field;
    EXPECT_EQ(request.host, c.host) << c.field;
  }
}

TEST(Http, TheFirstHostFieldCounts) {
  EXPECT_EQ(read("GET / HTTP/1.1\r\nHost: a.example\r\nHost: b.example\r\n\r\n").host, "a.example");
}

TEST(Http, HostNamesLongerThan255BytesAreNone) {
  const auto of_size = [](std::size_t size) {
    return "GET / HTTP/1.1\r\nHost: " + std::string(size, 'a') + "\r\n\r\n";
  };
  const std::string fits = of_size(255);
  EXPECT_EQ(read(fits).host.size(), 255u);
  const std::string longer = of_size(256);
  EXPECT_EQ(read(longer).host, "");
}

TEST(Http, AbsoluteFormGivesItsAuthorityWhereNoHostIs) {
  EXPECT_EQ(read("GET http://a.example:81/x?y HTTP/1.0\r\n\r\n").host, "a.example");
  EXPECT_EQ(read("GET http://me:pw@a.example HTTP/1.0\r\n\r\n").host, "a.example");
  EXPECT_EQ(read("GET http://[2001:db8::2]/ HTTP/1.0\r\n\r\n").host, "2001:db8::2");
  EXPECT_EQ(read("GET http://a.example/ HTTP/1.1\r\nHost: b.example\r\n\r\n").host, "b.example");
  EXPECT_EQ(read("GET /?u=http://a.example/ HTTP/1.1\r\n\r\n").host, "");
  EXPECT_EQ(read("GET http://a.example/ HTTP/1.1\r\nX: y\r\n").host, "") << "a Host may still come";
}

TEST(Http, BareLineFeedsEndLines) {
  const RequestHead request = read("GET / HTTP/1.1\nHost: a.example\n\nrest");
  EXPECT_EQ(request.status, Status::complete);
  EXPECT_EQ(request.host, "a.example");
  EXPECT_EQ(request.length, 32u);
}

TEST(Http, LeadingEmptyLinesAreSteppedOver) {
  EXPECT_EQ(read("\r\n\r\nGET / HTTP/1.1\r\nHost: a.example\r\n\r\n").host, "a.example");
  EXPECT_EQ(read("\r\n").status, Status::incomplete);
  EXPECT_EQ(read("").status, Status::incomplete);
}

TEST(Http, EveryCutIsIncompleteAndKeepsAHostOnceSeen) {
  const std::string text = "GET /index.html HTTP/1.1\r\nAccept: a\r\nHost: a.example\r\nCookie: b\r\n\r\n";
  const std::size_t seen = text.find("Cookie");
  for (std::size_t size = 0; size < text.size(); ++size) {
    const std::string part = text.substr(0, size);
    const RequestHead request = read(part);
    ASSERT_EQ(request.status, Status::incomplete) << part;
    ASSERT_EQ(request.host, size < seen ? "" : "a.example") << part;
  }
}

TEST(Http, BlanksInATargetAreSteppedOver) {
  EXPECT_EQ(read("GET /a b  HTTP/1.1 \r\nHost: a.example\r\n\r\n").host, "a.example");
}

TEST(Http, WhatIsNoRequest) {
  for (const std::string_view text :
       {std::string_view("SSH-2.0-OpenSSH_9.2\r\n"), std::string_view("HTTP/1.1 200 OK\r\nHost: a\r\n\r\n"),
        std::string_view("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), std::string_view("EHLO mail.example\r\n"),
        std::string_view("OPTIONS rtsp://a/ RTSP/1.0\r\n"), std::string_view("GET /\r\n"), std::string_view("GET\r\n"),
        std::string_view(" GET / HTTP/1.1\r\n"), std::string_view("GET  HTTP/1.1\r\n"),
        std::string_view("\x16\x03\x01"), std::string_view("GET /\x01"), std::string_view("GET\t/ HTTP/1.1\r\n"),
        std::string_view("A2345678901234567890123456789012x"), std::string_view("GET / HTTP/1.10\r\n"),
        std::string_view("GET / HTTP/1.x\r\n"), std::string_view("\0\0", 2)}) {
    EXPECT_EQ(read(text).status, Status::not_request) << text;
  }
}

TEST(Http, IncompleteOnlyWhileItLooksLikeARequest) {
  EXPECT_EQ(read("A2345678901234567890123456789012").status, Status::incomplete);
  EXPECT_EQ(read("GET /" + std::string(5000, 'a')).status, Status::incomplete);
  EXPECT_EQ(read("GET / HTTP/1.1\r").status, Status::incomplete);
  EXPECT_EQ(read("GET / HTTP/1.1\rx").status, Status::not_request);
}

TEST(Http, RandomDamageNeverReadsOutside) {
  std::mt19937_64 random(7);
  const std::string good = "POST http://a.example/ HTTP/1.1\r\nHost:\r\n b.example:80\r\nX: y\r\n\r\n";
  for (int i = 0; i < 20000; ++i) {
    std::string bad = good.substr(0, random() % (good.size() + 1));
    for (std::size_t n = random() % 4; n > 0 && !bad.empty(); --n) {
      bad[random() % bad.size()] = "\r\n :[]@\x80"[random() % 8];
    }
    const RequestHead request = read(bad);
    ASSERT_LE(request.length, bad.size());
    ASSERT_LE(request.host.size(), bad.size());
  }
}

}  // namespace
}  // namespace slowlane

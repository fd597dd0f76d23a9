#include "control/web_guard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/support/text_files.h"

namespace slowlane {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Pair;

constexpr const char* kToken = "0123456789abcdef";

HttpRequest asked_as(const std::string& host) { return {.path = "/", .host = host}; }

TEST(WebGuard, TakesAddressesLocalhostAndItsOwnNamesForTheBox) {
  const WebGuard guard("", {"box.example"});
  for (const char* host : {"127.0.0.1", "127.0.0.1:9180", "[::1]:9180", "[2001:db8::1]", "localhost:80", "LOCALHOST",
                           "box.localhost", "box.example:9180", "Box.Example"})
    EXPECT_FALSE(guard.refuse(asked_as(host))) << host;
  EXPECT_FALSE(guard.refuse({.path = "/"})) << "HTTP/1.0";
}

TEST(WebGuard, RefusesNamesThatOthersPointAtIt) {
  const WebGuard guard("", {"box.example"});
  for (const char* host : {"evil.example", "evil.example:9180", "box.example.evil.example", "localhost.evil.example",
                           "", "127.0.0.1.evil.example", "[evil.example]", "[", "xbox.example"}) {
    const auto refusal = guard.refuse(asked_as(host));
    ASSERT_TRUE(refusal) << host;
    EXPECT_EQ(refusal->status, 421U);
    EXPECT_THAT(*refusal->body, HasSubstr("control.http_names"));
  }
}

TEST(WebGuard, AsksForTheToken) {
  const WebGuard guard(kToken, {});
  EXPECT_EQ(guard.refuse(asked_as("127.0.0.1"))->status, 401U);
  HttpRequest request = asked_as("127.0.0.1");
  for (const char* wrong : {"Bearer 0123456789abcdeX", "Bearer 0123456789abcde", "Bearer 0123456789abcdeff", "Bearer ",
                            "0123456789abcdef", "Basic 0123456789abcdef"}) {
    request.authorization = wrong;
    EXPECT_EQ(guard.refuse(request)->status, 401U) << wrong;
  }
  request.authorization = std::string("Bearer ") + kToken;
  EXPECT_FALSE(guard.refuse(request));
  request.authorization = "";
  request.token_cookie = kToken;
  EXPECT_FALSE(guard.refuse(request));
  request.token_cookie = "x";
  EXPECT_TRUE(guard.refuse(request));
}

TEST(WebGuard, ATokenInTheAddressBecomesACookie) {
  const WebGuard guard(kToken, {});
  HttpRequest request = asked_as("127.0.0.1");
  request.arguments = {{"token", kToken}};
  const auto answer = guard.refuse(request);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 303U);
  EXPECT_THAT(answer->headers, Contains(Pair("Location", "/")));
  EXPECT_THAT(answer->headers, Contains(Pair("Set-Cookie", HasSubstr("HttpOnly; SameSite=Strict"))));
  request.arguments = {{"token", "wrong"}};
  EXPECT_EQ(guard.refuse(request)->status, 401U);
}

TEST(WebGuard, TheTokenDoesNotHelpAnotherName) {
  const WebGuard guard(kToken, {});
  HttpRequest request = asked_as("evil.example");
  request.token_cookie = kToken;
  EXPECT_EQ(guard.refuse(request)->status, 421U);
}

class TokenFile : public testing::Test {
 protected:
  Result<std::string> read(const std::string& text, mode_t mode = 0640) const {
    const std::string path = write_text(folder_, "token", text);
    chmod(path.c_str(), mode);
    return read_token(path);
  }
  TempFolder folder_;
};

TEST_F(TokenFile, HoldsOneLine) {
  EXPECT_EQ(read("0123456789abcdef\n").value(), kToken);
  EXPECT_EQ(read("0123456789abcdef").value(), kToken);
}

TEST_F(TokenFile, IsRefusedWithTheRemedy) {
  EXPECT_THAT(read("short\n").diagnostics().front().text, HasSubstr("openssl rand"));
  EXPECT_THAT(read("").diagnostics().front().text, HasSubstr("at least 16"));
  EXPECT_THAT(read("0123456789abcdef 0123456789abcdef").diagnostics().front().text, HasSubstr("at least 16"));
  EXPECT_THAT(read("0123456789abcdef\n", 0644).diagnostics().front().text, HasSubstr("chmod 640"));
  EXPECT_FALSE(read_token(folder_.file("nothing")));
}

}  // namespace
}  // namespace slowlane

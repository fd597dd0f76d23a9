#include "control/http_server.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <ctime>
#include <thread>

#include "tests/support/no_more_files.h"

namespace slowlane {
namespace {

using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;
using testing::Le;
using testing::StartsWith;

// A TCP client that does nothing by itself.
class Client {
 public:
  Client() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
  explicit Client(const Endpoint& server) : Client() { connect_to(server); }
  void connect_to(const Endpoint& server) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(server.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  ~Client() { close(fd_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  bool connected() const { return connected_; }
  // False: the server does not take it any more.
  bool say(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t sent = send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  // Everything until the server closes, or `until` came, or nothing comes for ten seconds.
  std::string hear(const std::string& until = "") const {
    std::string all;
    char buffer[16384];
    pollfd ready{fd_, POLLIN, 0};
    while ((until.empty() || all.find(until) == std::string::npos) && poll(&ready, 1, 10'000) == 1) {
      const ssize_t got = recv(fd_, buffer, sizeof buffer, 0);
      if (got <= 0) break;
      all.append(buffer, static_cast<std::size_t>(got));
    }
    return all;
  }

 private:
  int fd_;
  bool connected_ = false;
};

constexpr const char* kGet =
    "GET /x?a=1&b=%20 HTTP/1.1\r\nHost: box\r\nCookie: slowlane_token=t\r\nAuthorization: Bearer u\r\n\r\n";
constexpr const char* kLast = "GET / HTTP/1.1\r\nHost: box\r\nConnection: close\r\n\r\n";

class HttpServerTest : public testing::Test {
 protected:
  void open(const HttpServer::Limits& limits = {}) {
    auto server = HttpServer::open(
        {*parse_address("127.0.0.1"), 0},
        [this](const HttpRequest& request) {
          seen_ = request;
          return HttpAnswer{.body = std::make_shared<const std::string>(body_)};
        },
        limits);
    ASSERT_TRUE(server) << server.diagnostics().front().print();
    server_ = std::move(*server);
    server_->start();
  }
  std::string ask(const std::string& text) const {
    const Client client(server_->address());
    client.say(text);
    return client.hear();
  }
  bool answers() const { return ask(kLast).starts_with("HTTP/1.1 200"); }
  template <class Holds>
  bool soon(Holds holds) const {
    for (int i = 0; i < 500 && !holds(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return holds();
  }

  std::string body_ = "hello\n";
  HttpRequest seen_;  // read after its answer came
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, HandsARequestOverDecoded) {
  open();
  const Client client(server_->address());
  client.say(kGet);
  EXPECT_THAT(client.hear("hello\n"), StartsWith("HTTP/1.1 200"));
  EXPECT_EQ(seen_.path, "/x");
  EXPECT_EQ(seen_.argument("a"), "1");
  EXPECT_EQ(seen_.argument("b"), " ");
  EXPECT_EQ(seen_.argument("c"), std::nullopt);
  EXPECT_EQ(seen_.host, "box");
  EXPECT_EQ(seen_.token_cookie, "t");
  EXPECT_EQ(seen_.authorization, "Bearer u");
}

TEST_F(HttpServerTest, EveryAnswerForbidsWhatBelongsToOtherHosts) {
  open();
  EXPECT_THAT(ask(kLast), AllOf(HasSubstr("Content-Security-Policy: default-src 'none'"), HasSubstr("nosniff"),
                                HasSubstr("Referrer-Policy: no-referrer"), HasSubstr("X-Frame-Options: DENY")));
}

TEST_F(HttpServerTest, CanOnlyBeLookedAt) {
  open();
  for (const char* verb : {"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "NONSENSE"})
    EXPECT_THAT(ask(std::string(verb) + " / HTTP/1.1\r\nHost: box\r\nConnection: close\r\n\r\n"),
                StartsWith("HTTP/1.1 405"));
  EXPECT_THAT(ask("HEAD / HTTP/1.1\r\nHost: box\r\nConnection: close\r\n\r\n"),
              AllOf(StartsWith("HTTP/1.1 200"), testing::Not(HasSubstr("hello"))));
}

TEST_F(HttpServerTest, RestsWhileTheProcessHasNoDescriptorForAClient) {
  open();
  EXPECT_TRUE(answers());
  ASSERT_TRUE(soon([this] { return server_->connections() == 0; }));
  Client client;
  {
    const NoMoreFiles none;
    client.connect_to(server_->address());
    client.say(kLast);
    const std::clock_t used = std::clock();
    std::this_thread::sleep_for(std::chrono::milliseconds(400));
    EXPECT_LT(std::clock() - used, CLOCKS_PER_SEC / 5) << "it does not try without a pause";
  }
  EXPECT_THAT(client.hear(), StartsWith("HTTP/1.1 200"));
  EXPECT_TRUE(answers());
}

TEST_F(HttpServerTest, ABodyIsRefusedAndNotRead) {
  open();
  const Client client(server_->address());
  client.say("GET / HTTP/1.1\r\nHost: box\r\nContent-Length: 1000000000\r\n\r\n");
  EXPECT_THAT(client.hear(), StartsWith("HTTP/1.1 413"));
  EXPECT_THAT(ask("GET / HTTP/1.1\r\nHost: box\r\nTransfer-Encoding: chunked\r\n\r\n"), StartsWith("HTTP/1.1 413"));
}

TEST_F(HttpServerTest, PipelinedRequestsAreAnsweredInOrder) {
  open();
  std::string many;
  for (int i = 0; i < 50; ++i) many += "GET / HTTP/1.1\r\nHost: box\r\n\r\n";
  const std::string answers = ask(many + kLast);
  std::size_t count = 0;
  for (std::size_t at = answers.find("hello\n"); at != std::string::npos; at = answers.find("hello\n", at + 1)) ++count;
  EXPECT_EQ(count, 51U);
}

TEST_F(HttpServerTest, HugeHeadersEndTheConnectionAndNothingElse) {
  open();
  const Client client(server_->address());
  client.say("GET / HTTP/1.1\r\nHost: box\r\nX: ");
  const std::string much(1 << 16, 'x');
  bool taken = true;
  for (int i = 0; i < 160 && taken; ++i) taken = client.say(much);
  EXPECT_FALSE(taken) << "10 MB of a header were taken";
  EXPECT_TRUE(answers());
}

TEST_F(HttpServerTest, GarbageIsNoTrouble) {
  open();
  for (const std::string& text :
       {std::string("\0\1\2\3\xff", 5), std::string("GET\r\n\r\n"), std::string("\r\n\r\n\r\n"),
        std::string("GET / HTTP/9.9\r\n\r\n"), std::string("GET  HTTP/1.1\r\n\r\n"),
        std::string("GET /%00%zz%0d%0a?%=&&==&a HTTP/1.1\r\nHost: box\r\nConnection: close\r\n\r\n"),
        std::string("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n"),
        std::string("GET / HTTP/1.1\r\n: x\r\nConnection: close\r\n\r\n")}) {
    const Client client(server_->address());
    client.say(text);
    client.say("\r\n\r\n");
  }
  EXPECT_TRUE(answers());
}

TEST_F(HttpServerTest, ManyThatNeverFinishMakeRoomForOneThatDoes) {
  open();
  std::vector<std::unique_ptr<Client>> slow;
  for (int i = 0; i < 200; ++i) {
    slow.push_back(std::make_unique<Client>(server_->address()));
    ASSERT_TRUE(slow.back()->connected());
    slow.back()->say("GET / HTTP/1.1\r\nHost: b");
  }
  EXPECT_TRUE(answers());
  EXPECT_THAT(server_->connections(), Le(HttpServer::Limits{}.connections));
}

TEST_F(HttpServerTest, WhoIsNotAnsweredInTimeIsDropped) {
  open({.answered = 200 * kMillisecond});
  const Client slow(server_->address());
  slow.say("GET / HT");
  EXPECT_EQ(slow.hear(), "");
  const Client silent(server_->address());
  EXPECT_EQ(silent.hear(), "");
  EXPECT_TRUE(soon([this] { return server_->connections() == 0; }));
  EXPECT_TRUE(answers());
}

TEST_F(HttpServerTest, WhoDoesNotReadIsDropped) {
  body_.assign(64 << 20, 'x');
  open({.answered = 200 * kMillisecond});
  const Client lazy(server_->address());
  lazy.say(kLast);
  EXPECT_TRUE(soon([this] { return server_->connections() == 1; }));
  EXPECT_TRUE(soon([this] { return server_->connections() == 0; }));
}

TEST_F(HttpServerTest, ConnectionsThatCloseAreForgotten) {
  open();
  for (int i = 0; i < 300; ++i) ASSERT_TRUE(answers()) << i;
  EXPECT_TRUE(soon([this] { return server_->connections() == 0; }));
}

TEST_F(HttpServerTest, AHandlerThatThrowsIsA500) {
  auto server = HttpServer::open({*parse_address("127.0.0.1"), 0},
                                 [](const HttpRequest&) -> HttpAnswer { throw std::runtime_error("no"); });
  ASSERT_TRUE(server);
  server_ = std::move(*server);
  server_->start();
  EXPECT_THAT(ask(kLast), StartsWith("HTTP/1.1 500"));
}

TEST_F(HttpServerTest, AnAddressThatIsTakenIsTold) {
  open();
  const auto second = HttpServer::open(server_->address(), [](const HttpRequest&) { return HttpAnswer{}; });
  ASSERT_FALSE(second);
  EXPECT_THAT(second.diagnostics().front().print(), HasSubstr("cannot listen: Address already in use"));
}

}  // namespace
}  // namespace slowlane

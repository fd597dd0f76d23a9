#include "control/ctl_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstring>
#include <nlohmann/json.hpp>
#include <thread>

#include "control/ctl_client.h"
#include "hw/fd.h"
#include "tests/support/fake_box.h"
#include "tests/support/no_more_files.h"
#include "tests/support/text_files.h"

namespace slowlane {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using Json = nlohmann::ordered_json;

class CtlServerTest : public testing::Test {
 protected:
  CtlServerTest() {
    config_.socket = folder_.file("run/ctl.sock");
    config_.view_socket = folder_.file("run/view.sock");
    limits_.clients = 3;
    limits_.line = 1000;
    open();
  }
  void open() {
    auto server = CtlServer::open(config_, box_, limits_);
    ASSERT_TRUE(server) << server.diagnostics().front().print();
    server_ = std::move(*server);
  }
  Fd connect(const std::string& path) const {
    Fd fd(::socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    return ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? std::move(fd) : Fd();
  }
  void say(const Fd& fd, const std::string& text) const {
    ASSERT_EQ(::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT),
              static_cast<ssize_t>(text.size()));
  }
  // What has come so far.
  std::string hear(const Fd& fd) const {
    std::string all;
    std::array<char, 65536> chunk;
    for (ssize_t got; (got = ::recv(fd.get(), chunk.data(), chunk.size(), MSG_DONTWAIT)) > 0;)
      all.append(chunk.data(), static_cast<std::size_t>(got));
    return all;
  }
  bool hung_up(const Fd& fd) const {
    char one = 0;
    const ssize_t got = ::recv(fd.get(), &one, 1, MSG_DONTWAIT);
    return got == 0 || (got < 0 && errno != EAGAIN);
  }
  void serve(int times = 1, Nanos now = 0) {
    for (int i = 0; i < times; ++i) server_->serve(now, 0);
  }

  TempFolder folder_;
  ControlConfig config_;
  CtlServer::Limits limits_;
  FakeBox box_;
  std::unique_ptr<CtlServer> server_;
};

TEST_F(CtlServerTest, AnswersALineWithALine) {
  const Fd client = connect(config_.socket);
  say(client, "{\"command\": \"status\"}\n");
  serve();
  const std::string answer = hear(client);
  EXPECT_EQ(answer.back(), '\n');
  EXPECT_EQ(Json::parse(answer)["state"], "running");
}

TEST_F(CtlServerTest, AnswersInOrderWhatComesInPiecesAndTogether) {
  const Fd client = connect(config_.socket);
  say(client, "{\"comm");
  serve(2);
  EXPECT_EQ(hear(client), "");
  say(client, "and\": \"status\"}\n\n{\"command\": \"counters\"}\nnonsense\n");
  serve(5);
  const auto lines = lines_of(hear(client));
  ASSERT_THAT(lines, SizeIs(3));
  EXPECT_THAT(lines[0], HasSubstr("running"));
  EXPECT_THAT(lines[1], HasSubstr("received_packets"));
  EXPECT_THAT(lines[2], HasSubstr("\"ok\":false"));
}

TEST_F(CtlServerTest, OnlyTheOneSocketMayChangeTheBox) {
  const Fd view = connect(config_.view_socket);
  say(view, "{\"command\": \"stop\"}\n");
  serve();
  EXPECT_THAT(hear(view), HasSubstr("may only look"));
  EXPECT_FALSE(box_.stopped);
  const Fd change = connect(config_.socket);
  say(change, "{\"command\": \"stop\"}\n");
  serve();
  EXPECT_TRUE(box_.stopped);
}

TEST_F(CtlServerTest, SendsWhatAFeedBringsUntilItIsOver) {
  const Fd client = connect(config_.view_socket);
  say(client, "{\"command\": \"watch\"}\n");
  serve(2);
  ASSERT_THAT(box_.feeds, SizeIs(1));
  box_.feeds[0]->put("one");
  serve(2, 100 * kSecond);
  EXPECT_EQ(hear(client), "one\n");
  serve(1, 1000 * kSecond);
  EXPECT_FALSE(hung_up(client)) << "it listens";
  box_.feeds[0]->put("two");
  box_.feeds[0]->end();
  serve(2, 1000 * kSecond);
  EXPECT_EQ(hear(client), "two\n");
  say(client, "{\"command\": \"status\"}\n");
  serve(2, 1000 * kSecond);
  EXPECT_THAT(hear(client), HasSubstr("running"));
}

TEST_F(CtlServerTest, LetsGoOfAFeedWhoseClientHungUp) {
  {
    const Fd client = connect(config_.view_socket);
    say(client, "{\"command\": \"watch\"}\n");
    serve(2);
    ASSERT_THAT(box_.feeds, SizeIs(1));
    EXPECT_EQ(box_.feeds[0].use_count(), 2);
  }
  serve(2);
  EXPECT_EQ(box_.feeds[0].use_count(), 1);
}

TEST_F(CtlServerTest, AFeedThatNobodyReadsStaysBounded) {
  const Fd client = connect(config_.view_socket);
  say(client, "{\"command\": \"watch\"}\n");
  serve(2);
  ASSERT_THAT(box_.feeds, SizeIs(1));
  for (int i = 0; i < 20'000; ++i) {
    box_.feeds[0]->put(std::string(1000, 'x'));
    if (i % 100 == 0) serve();
  }
  EXPECT_GT(box_.feeds[0]->lost(), 0u);
  serve(2, 61 * kSecond);
  EXPECT_EQ(server_->clients(), 0u) << "who does not read for a minute is dropped";
}

TEST_F(CtlServerTest, OnlyTheChangingSocketTracesAndItIsWrittenDown) {
  const Fd view = connect(config_.view_socket);
  say(view, "{\"command\": \"trace\"}\n");
  serve(2);
  EXPECT_THAT(hear(view), HasSubstr("may only look"));
  const Fd change = connect(config_.socket);
  say(change, "{\"command\": \"trace\", \"client\": \"192.0.2.1\"}\n");
  serve(2);
  ASSERT_THAT(box_.noted, SizeIs(2));
  EXPECT_THAT(box_.noted[0], HasSubstr("trace refused"));
  EXPECT_THAT(box_.noted[1], HasSubstr("trace done"));
  EXPECT_THAT(box_.noted[1], HasSubstr("192.0.2.1"));
}

TEST_F(CtlServerTest, GivesItsFilesTheirModesAndTakesThemAway) {
  const auto mode = [](const std::string& path) {
    struct stat about {};
    return stat(path.c_str(), &about) == 0 ? about.st_mode & 07777u : 0u;
  };
  EXPECT_EQ(mode(config_.socket), 0660u);
  EXPECT_EQ(mode(config_.view_socket), 0666u);
  server_.reset();
  EXPECT_EQ(mode(config_.socket), 0u);
  EXPECT_EQ(mode(config_.view_socket), 0u);
}

TEST_F(CtlServerTest, RefusesAPathThatAnotherBoxServes) {
  const auto second = CtlServer::open(config_, box_);
  ASSERT_FALSE(second);
  EXPECT_THAT(second.diagnostics()[0].print(), HasSubstr("ctl.sock: another box serves there"));
  serve();
  EXPECT_TRUE(connect(config_.socket)) << "and leaves it as it is";
}

TEST_F(CtlServerTest, ReplacesASocketThatNobodyServes) {
  const std::string moved = folder_.file("run/moved.sock");
  ASSERT_EQ(rename(config_.socket.c_str(), moved.c_str()), 0);
  server_.reset();
  ASSERT_EQ(rename(moved.c_str(), config_.socket.c_str()), 0);
  open();
  EXPECT_TRUE(connect(config_.socket));
}

TEST_F(CtlServerTest, RefusesWhatIsNoSocketAndAGroupThatIsNotThere) {
  ControlConfig other;
  other.socket = write_text(folder_, "file", "precious");
  other.view_socket = folder_.file("v.sock");
  EXPECT_THAT(CtlServer::open(other, box_).diagnostics()[0].text, HasSubstr("no socket"));
  EXPECT_EQ(read_text(folder_, "file"), "precious");
  other.socket = folder_.file("c.sock");
  other.group = "no-such-group";
  EXPECT_THAT(CtlServer::open(other, box_).diagnostics()[0].text, HasSubstr("no group \"no-such-group\""));
}

TEST_F(CtlServerTest, DropsAClientWhoseRequestDoesNotEnd) {
  const Fd client = connect(config_.view_socket);
  say(client, std::string(1500, 'x'));
  serve(3);
  EXPECT_THAT(hear(client), HasSubstr("at most 1000 bytes"));
  EXPECT_TRUE(hung_up(client));
  EXPECT_EQ(server_->clients(), 0u);
}

TEST_F(CtlServerTest, ManyClientsPushOutTheIdlestOfTheirSocketAlone) {
  const Fd operator_client = connect(config_.socket);
  serve(1, 0);
  std::vector<Fd> crowd;
  for (int i = 0; i < 10; ++i) {
    crowd.push_back(connect(config_.view_socket));
    serve(1, 1 + i);
  }
  EXPECT_EQ(server_->clients(), 4u);
  EXPECT_TRUE(hung_up(crowd[0]));
  EXPECT_FALSE(hung_up(crowd[9]));
  say(operator_client, "{\"command\": \"status\"}\n");
  serve(1, 20);
  EXPECT_THAT(hear(operator_client), HasSubstr("running"));
}

TEST_F(CtlServerTest, AClientThatDoesNotReadGetsNoFurtherAnswerAndKeepsNobodyWaiting) {
  box_.state["long"] = std::string(std::size_t{4} << 20, 'x');
  const Fd deaf = connect(config_.view_socket);
  for (int i = 0; i < 20; ++i) say(deaf, "{\"command\": \"status\"}\n");
  serve(20);
  EXPECT_EQ(box_.asked, 1) << "the first answer is still on its way";
  const Fd other = connect(config_.view_socket);
  say(other, "{\"command\": \"counters\"}\n");
  serve();
  EXPECT_THAT(hear(other), HasSubstr("received_packets"));
  serve(1, limits_.idle);
  EXPECT_EQ(server_->clients(), 0u);
}

TEST_F(CtlServerTest, AnswersALastLineWithoutItsEnd) {
  const Fd client = connect(config_.socket);
  say(client, "{\"command\": \"status\"}");
  ASSERT_EQ(shutdown(client.get(), SHUT_WR), 0);
  serve(3);
  EXPECT_THAT(hear(client), HasSubstr("running"));
  EXPECT_TRUE(hung_up(client));
}

TEST_F(CtlServerTest, ClientsThatVanishAreForgotten) {
  {
    const Fd client = connect(config_.socket);
    say(client, "{\"command\": \"status\"}\n");
    serve();
  }
  serve(2);
  EXPECT_EQ(server_->clients(), 0u);
}

TEST_F(CtlServerTest, IsAskedByItsClient) {
  std::thread asks([this] {
    const auto answer = ask_box(config_.socket, R"({"command":"bypass","state":"on"})");
    ASSERT_TRUE(answer) << answer.diagnostics().front().print();
    EXPECT_EQ(Json::parse(*answer)["bypass"], true);
  });
  for (int i = 0; i < 200 && box_.orders.empty(); ++i) server_->serve(0, 20 * kMillisecond);
  asks.join();
  EXPECT_THAT(box_.orders, SizeIs(1));
}

TEST_F(CtlServerTest, KnowsWhoAsks) {
  const Fd client = connect(config_.socket);
  say(client, "{\"command\": \"rollback\"}\n");
  serve();
  ASSERT_THAT(box_.askers, SizeIs(1));
  EXPECT_EQ(box_.askers[0].uid, ::getuid());
  EXPECT_EQ(box_.askers[0].pid, ::getpid());
  EXPECT_EQ(box_.askers[0].rights, Rights::change);
}

TEST_F(CtlServerTest, ServesOthersWhileAnAnswerIsWorkedOn) {
  const Fd pusher = connect(config_.socket);
  say(pusher, "{\"command\": \"rollback\"}\n{\"command\": \"status\"}\n");
  serve(3, 0);
  const Fd other = connect(config_.socket);
  say(other, "{\"command\": \"status\"}\n");
  serve(3, 100 * kSecond);
  EXPECT_THAT(hear(other), HasSubstr("running"));
  EXPECT_EQ(hear(pusher), "") << "and nobody who waits for the box is idle";
  EXPECT_FALSE(hung_up(pusher));
  box_.book_answers[0].set_value("{\"ok\":true,\"n\":1}");
  serve(3, 100 * kSecond);
  const auto lines = lines_of(hear(pusher));
  ASSERT_THAT(lines, SizeIs(2));
  EXPECT_EQ(lines[0], "{\"ok\":true,\"n\":1}");
  EXPECT_THAT(lines[1], HasSubstr("running")) << "in order";
}

TEST_F(CtlServerTest, RestsWhileTheAnswerOfAClientThatHungUpIsWorkedOn) {
  {
    const Fd client = connect(config_.socket);
    say(client, "{\"command\": \"rollback\"}\n");
    serve(2);
  }
  const auto begun = std::chrono::steady_clock::now();
  server_->serve(0, 20 * kMillisecond);
  EXPECT_GE(std::chrono::steady_clock::now() - begun, std::chrono::milliseconds(15)) << "it does not ask on and on";
  EXPECT_EQ(server_->clients(), 1u);
  box_.book_answers[0].set_value("{\"ok\":true}");
  serve(3);
  EXPECT_EQ(server_->clients(), 0u) << "it is forgotten once there is an answer";
}

TEST_F(CtlServerTest, AnswersWhatTheBoxCouldNotFinish) {
  const Fd client = connect(config_.socket);
  say(client, "{\"command\": \"rollback\"}\n");
  serve();
  box_.book_answers.clear();
  serve(2);
  EXPECT_THAT(hear(client), HasSubstr("\"ok\":false"));
}

// 1000 bytes are a short request here, 64 MiB a large one.
TEST_F(CtlServerTest, TakesALargeRequestFromOneClientAtATime) {
  const std::string half(100'000, 'x');
  const Fd first = connect(config_.socket);
  say(first, half);
  serve(5);
  const Fd second = connect(config_.socket);
  say(second, half);
  serve(5);
  EXPECT_THAT(hear(second), HasSubstr("another large request"));
  const Fd view = connect(config_.view_socket);
  say(view, half);
  serve(5);
  EXPECT_THAT(hear(view), HasSubstr("at most 1000 bytes: this socket may only look"));
  EXPECT_THAT(box_.noted, testing::ElementsAre(HasSubstr("large request refused")));
  say(first, half + "\n");
  serve(5);
  ASSERT_THAT(box_.book_requests, SizeIs(1));
  EXPECT_EQ(box_.book_requests[0], half + half);
  const Fd third = connect(config_.socket);
  say(third, half + "\n");
  serve(5);
  EXPECT_THAT(box_.book_requests, SizeIs(2)) << "there is room again";
}

TEST_F(CtlServerTest, DropsALargeRequestThatTakesTooLong) {
  const Fd slow = connect(config_.socket);
  say(slow, std::string(2000, 'x'));
  serve(1, 0);
  for (Nanos now = 0; now < 70 * kSecond; now += 10 * kSecond) {
    if (!hung_up(slow)) ::send(slow.get(), "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    serve(1, now);
  }
  const Fd next = connect(config_.socket);
  say(next, std::string(20'000, 'x') + "\n");
  serve(2, 70 * kSecond);
  EXPECT_THAT(box_.book_requests, SizeIs(1));
}

TEST_F(CtlServerTest, RestsWhileTheSystemHasNoDescriptorForAClient) {
  const Fd client = connect(config_.socket);
  say(client, "{\"command\": \"status\"}\n");
  {
    const NoMoreFiles none;
    serve();
    EXPECT_EQ(server_->clients(), 0u);
    const auto begun = std::chrono::steady_clock::now();
    server_->serve(0, 20 * kMillisecond);
    EXPECT_GE(std::chrono::steady_clock::now() - begun, std::chrono::milliseconds(15)) << "it does not ask on and on";
  }
  serve(2);
  EXPECT_THAT(hear(client), HasSubstr("running"));
}

TEST_F(CtlServerTest, BoundsLargeRequestsToo) {
  limits_.large = 5000;
  server_.reset();
  open();
  const Fd client = connect(config_.socket);
  say(client, std::string(6000, 'x'));
  serve(3);
  EXPECT_THAT(hear(client), HasSubstr("at most 5000 bytes"));
  EXPECT_THAT(box_.book_requests, IsEmpty());
}

}  // namespace
}  // namespace slowlane

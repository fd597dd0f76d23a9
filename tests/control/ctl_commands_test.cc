#include "control/ctl_commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/fake_box.h"

namespace slowlane {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using Json = nlohmann::ordered_json;

class CtlCommands : public testing::Test {
 protected:
  Json ask(const std::string& line, Rights rights = Rights::change) {
    const Reply reply = answer_line(box_, {.rights = rights, .uid = 1, .pid = 2}, line);
    EXPECT_FALSE(reply.later.valid()) << line;
    const std::string& answer = reply.now;
    EXPECT_EQ(answer.find('\n'), std::string::npos);
    return Json::parse(answer);
  }
  std::string refusal(const std::string& line) {
    const Json answer = ask(line);
    EXPECT_EQ(answer["ok"], false) << line;
    return answer.value("error", "");
  }
  FakeBox box_;
};

TEST_F(CtlCommands, StatusIsTheBoxsOwn) { EXPECT_EQ(ask(R"({"command":"status"})")["state"], "running"); }

TEST_F(CtlCommands, WhoMayOnlyLookMayAskTheBook) {
  EXPECT_EQ(ask(R"({"command":"explain","host":"a.example"})", Rights::view)["class"], "slow");
  EXPECT_THAT(box_.noted, IsEmpty());
}

TEST_F(CtlCommands, CountersCanBeThoseThatCounted) {
  EXPECT_EQ(ask(R"({"command":"counters"})")["counters"].dump(), R"({"received_packets":12,"sent_packets":0})");
  EXPECT_EQ(ask(R"({"command":"counters","changed":true})")["counters"].dump(), R"({"received_packets":12})");
}

TEST_F(CtlCommands, BypassHasATimeAndAReason) {
  EXPECT_EQ(ask(R"({"command":"bypass","state":"on","for":"10min","reason":"loop test"})")["bypass"], true);
  EXPECT_EQ(ask(R"({"command":"bypass","state":"off"})")["bypass"], false);
  ASSERT_THAT(box_.orders, SizeIs(2));
  EXPECT_TRUE(box_.orders[0].on);
  EXPECT_EQ(box_.orders[0].lasts, 600 * kSecond);
  EXPECT_EQ(box_.orders[0].reason, "loop test");
  EXPECT_FALSE(box_.orders[1].on);
  EXPECT_FALSE(box_.orders[1].lasts);
}

TEST_F(CtlCommands, BypassRefusesWhatItCannotRead) {
  EXPECT_THAT(refusal(R"({"command":"bypass"})"), HasSubstr("\"on\" or \"off\""));
  EXPECT_THAT(refusal(R"({"command":"bypass","state":true})"), HasSubstr("not true"));
  EXPECT_THAT(refusal(R"({"command":"bypass","state":"on","for":"10"})"), HasSubstr("for: "));
  EXPECT_THAT(refusal(R"({"command":"bypass","state":"on","for":10})"), HasSubstr("for takes a time"));
  EXPECT_THAT(refusal(R"({"command":"bypass","state":"on","for":"0s"})"), HasSubstr("more than 0"));
  EXPECT_THAT(refusal(R"({"command":"bypass","state":"off","for":"10s"})"), HasSubstr("\"on\" alone"));
  EXPECT_THAT(refusal(R"({"command":"bypass","state":"on","reason":[]})"), HasSubstr("reason takes a text"));
  EXPECT_THAT(box_.orders, IsEmpty());
}

TEST_F(CtlCommands, WhatChangesTheBoxNeedsTheRight) {
  for (const CtlCommand& command : ctl_commands()) {
    if (command.run == nullptr && command.needs == Rights::view) continue;
    const Json answer = ask(R"({"command":")" + std::string(command.name) + R"(","state":"on"})", Rights::view);
    EXPECT_EQ(answer["ok"], command.needs == Rights::view) << command.name;
  }
  EXPECT_FALSE(box_.stopped);
  EXPECT_THAT(box_.orders, IsEmpty());
  EXPECT_EQ(ask(R"({"command":"stop"})")["stopping"], true);
  EXPECT_TRUE(box_.stopped);
}

TEST_F(CtlCommands, RequestsAboutBooksAreAnsweredLater) {
  const Caller alice{Rights::change, 1000, 77};
  const std::string large = R"({"command":"reload","files":[")" + std::string(kLongLine, 'x');
  for (const std::string& line : {std::string(R"({"command":"rollback","digest":"ab"})"), large}) {
    const Reply reply = answer_line(box_, alice, line);
    EXPECT_TRUE(reply.later.valid());
    EXPECT_EQ(box_.book_requests.back(), line) << "what is large is not even parsed";
    EXPECT_EQ(box_.askers.back().pid, 77);
  }
  EXPECT_EQ(ask(R"({"command":"versions"})", Rights::view)["versions"][0]["digest"], "abc");
}

TEST_F(CtlCommands, ChangesAreNotedRefusedOnesToo) {
  ask(R"({"command":"bypass","state":"on","reason":"test"})");
  refusal(R"({"command":"bypass"})");
  ask(R"({"command":"stop"})");
  ask(R"({"command":"stop"})", Rights::view);
  ask(R"({"command":"status"})");
  ASSERT_THAT(box_.noted, SizeIs(4));
  EXPECT_EQ(box_.noted[0], R"(bypass done {"request":{"state":"on","reason":"test"}})");
  EXPECT_THAT(box_.noted[1], HasSubstr("bypass refused {\"request\":{},\"error\":"));
  EXPECT_THAT(box_.noted[2], HasSubstr("stop done"));
  EXPECT_THAT(box_.noted[3], HasSubstr("stop refused {\"error\":\"stop changes the box; this socket may only look"));
}

TEST_F(CtlCommands, NothingIsDoneThatCouldNotBeNoted) {
  box_.has_room = false;
  for (const CtlCommand& command : ctl_commands()) {
    if (!command.noted) continue;
    EXPECT_THAT(refusal(R"({"command":")" + std::string(command.name) + R"(","state":"on"})"),
                HasSubstr("wait to be written down"));
  }
  EXPECT_THAT(box_.orders, IsEmpty());
  EXPECT_THAT(box_.feeds, IsEmpty());
  EXPECT_FALSE(box_.stopped);
  EXPECT_EQ(ask(R"({"command":"status"})")["ok"], true);
}

TEST_F(CtlCommands, NonsenseIsAnsweredWithWhatIsAllowed) {
  for (const char* line : {"", "status", "[]", "3", "{", R"({"command":3})", R"({"cmd":"status"})", "\xff\xfe"})
    EXPECT_THAT(refusal(line), HasSubstr("a request is one line like")) << line;
  EXPECT_THAT(refusal(R"({"command":"statsu"})"), HasSubstr("did you mean \"status\"?"));
  EXPECT_THAT(refusal(R"({"command":"x"})"), HasSubstr("(commands: status, counters, "));
}

TEST_F(CtlCommands, DeepNonsenseIsOnlyNonsense) {
  EXPECT_THAT(refusal(std::string(10'000, '[')), HasSubstr("a request is one line like"));
  for (const std::size_t levels : std::initializer_list<std::size_t>{20, 5000, 8000}) {
    const std::string nested = std::string(levels, '[') + std::string(levels, ']');
    EXPECT_THAT(refusal("{\"command\":" + nested + "}"), HasSubstr("a request is one line like"));
    EXPECT_THAT(refusal("{\"command\":\"status\",\"more\":" + nested + "}"), HasSubstr("a request is one line like"));
  }
}

TEST_F(CtlCommands, AnswersThatAreNoUtf8StayJson) {
  box_.state["reason"] = "\xff";
  EXPECT_EQ(ask(R"({"command":"status"})")["reason"], "\xef\xbf\xbd");
}

}  // namespace
}  // namespace slowlane

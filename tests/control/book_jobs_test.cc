#include "control/book_jobs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "tests/support/text_files.h"

namespace slowlane {
namespace {

using testing::HasSubstr;
using testing::SizeIs;
using Json = nlohmann::ordered_json;
using std::chrono::milliseconds;

// Rules in force that know which thread puts them there.
class ThreadForce : public RulesInForce {
 public:
  explicit ThreadForce(std::unique_ptr<const RuleSet> first) : rules_(std::move(first)) {}
  const RuleSet& running() const override { return *rules_; }
  Diagnostics put(std::unique_ptr<const RuleSet> rules) override {
    by = std::this_thread::get_id();
    was_ready = workers_follow;
    rules_ = std::move(rules);
    return {};
  }
  bool ready() const override { return workers_follow; }
  std::thread::id by;
  bool workers_follow = true;
  bool was_ready = false;

 private:
  std::unique_ptr<const RuleSet> rules_;
};

class Jobs : public testing::Test {
 protected:
  Jobs() {
    config_.book = write_text(folder_, "book.cfg", "book = \"configured\";");
    config_.control.books = folder_.file("books");
    config_.control.cache = "";
    log_.emplace(folder_.file("log"), "a");
    keeper_.emplace(config_, *log_, BookKeeper::system_clocks());
    force_.emplace(std::move(*keeper_->start(BookKeeper::From::file)));
    jobs_.emplace(*keeper_, *force_, *log_, std::vector<unsigned>());
  }
  static std::string request(const char* command, const std::string& text) {
    return Json{{"command", command}, {"files", Json::array({{{"path", "b.cfg"}, {"text", text}}})}}.dump();
  }
  // Serves as control does until the answer is there.
  Json wait(std::future<std::string>& answer) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (answer.wait_for(milliseconds(1)) != std::future_status::ready) {
      jobs_->serve();
      if (std::chrono::steady_clock::now() > until) return "no answer";
    }
    return Json::parse(answer.get());
  }

  TempFolder folder_;
  Config config_;
  std::optional<ChangeLog> log_;
  std::optional<BookKeeper> keeper_;
  std::optional<ThreadForce> force_;
  std::optional<BookJobs> jobs_;
};

TEST_F(Jobs, LoadElsewhereAndPutOnControlsThread) {
  auto answer = jobs_->ask({}, request("reload", "book = \"new\";"));
  EXPECT_EQ(wait(answer)["ok"], true);
  EXPECT_EQ(force_->by, std::this_thread::get_id());
  EXPECT_EQ(jobs_->report().status["name"], "new") << "known before the answer is";
  EXPECT_THAT(jobs_->report().versions, SizeIs(2));
  EXPECT_EQ(jobs_->report().texts->files[0].text, "book = \"new\";");
}

TEST_F(Jobs, WaitForAWorkerThatIsKeptBusy) {
  force_->workers_follow = false;
  auto answer = jobs_->ask({}, request("reload", "book = \"new\";"));
  for (int i = 0; i < 100; ++i) {
    jobs_->serve();
    EXPECT_EQ(answer.wait_for(milliseconds(1)), std::future_status::timeout);
  }
  force_->workers_follow = true;
  EXPECT_EQ(wait(answer)["ok"], true);
  EXPECT_TRUE(force_->was_ready);
}

TEST_F(Jobs, AreOneChangeAtATime) {
  auto first = jobs_->ask({}, request("reload", "book = \"new\";"));
  auto second = jobs_->ask({}, request("reload", "book = \"other\";"));
  auto third = jobs_->ask({}, R"({"command":"rollback"})");
  EXPECT_THAT(Json::parse(second.get())["error"].get<std::string>(), HasSubstr("another change"));
  EXPECT_EQ(Json::parse(third.get())["ok"], false);
  EXPECT_EQ(wait(first)["ok"], true);
  auto last = jobs_->ask({}, R"({"command":"rollback"})");
  EXPECT_EQ(wait(last)["to"]["name"], "configured");
}

TEST_F(Jobs, LeaveRoomForAChangeBesideALook) {
  auto look = jobs_->ask({}, request("diff", "book = \"new\";"));
  auto change = jobs_->ask({}, request("reload", "book = \"new\";"));
  EXPECT_EQ(wait(look)["ok"], true);
  EXPECT_EQ(wait(change)["ok"], true);
}

TEST_F(Jobs, AnswerNonsense) {
  for (const char* text : {"", "[]", "{", R"({"command":3})", R"({"command":"stop"})"}) {
    auto answer = jobs_->ask({}, text);
    EXPECT_EQ(wait(answer)["ok"], false) << text;
  }
}

TEST_F(Jobs, ReadTheConfiguredFileAgain) {
  write_text(folder_, "book.cfg", "book = \"edited\";");
  auto told = std::make_shared<std::promise<std::string>>();
  auto answer = told->get_future();
  jobs_->reread([told](const Json& said) { told->set_value(said.dump()); });
  EXPECT_EQ(wait(answer)["to"]["name"], "edited");
}

TEST_F(Jobs, EndWhileAPushIsWorkedOn) {
  auto answer = jobs_->ask({}, request("reload", "book = \"new\";"));
  jobs_->note({{}, "stop", "done"}, {{"request", 1}});
  jobs_.reset();
  EXPECT_EQ(Json::parse(answer.get())["ok"], false);
  EXPECT_EQ(force_->running().book().name, "configured");
  EXPECT_THAT(read_text(folder_, "log"), HasSubstr("\"stop\"")) << "all was written down";
}

TEST_F(Jobs, LeaveOutNoLineOfWhatWasDone) {
  jobs_.reset();
  jobs_.emplace(*keeper_, *force_, *log_, std::vector<unsigned>(), LogRoom{.lines = 5, .refusals = 3});
  EXPECT_TRUE(jobs_->can_note());
  auto push = jobs_->ask({}, request("reload", "book = \"new\";"));  // is not done before somebody serves
  for (int i = 0; i < 6; ++i) jobs_->note({{}, "bypass", "done"}, {{"number", i}});
  EXPECT_FALSE(jobs_->can_note());
  jobs_->note({{}, "trace", "refused"}, Json::object());
  jobs_->note({{}, "stop", "done"}, Json::object());
  std::string told;
  jobs_->reread([&told](const Json& said) { told = said["error"].get<std::string>(); });
  EXPECT_THAT(told, HasSubstr("wait to be written down"));
  EXPECT_EQ(wait(push)["ok"], true);
  jobs_.reset();
  const std::string log = read_text(folder_, "log");
  EXPECT_THAT(log, HasSubstr("\"number\":5"));
  EXPECT_THAT(log, HasSubstr("\"stop\""));
  EXPECT_THAT(log, testing::Not(HasSubstr("\"trace\"")));
}

}  // namespace
}  // namespace slowlane

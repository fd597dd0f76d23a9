#include "control/book_keeper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/support/keeper.h"

namespace slowlane {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST_F(Keeper, PutsAPushedBookInForceAndSaysWhatChanges) {
  start();
  const Json answer = push(book("new", "2mbit"), {{"note", "faster"}});
  ASSERT_EQ(answer["ok"], true) << answer;
  EXPECT_EQ(running(), "new");
  EXPECT_EQ(answer["from"]["name"], "configured");
  EXPECT_EQ(answer["to"]["name"], "new");
  EXPECT_EQ(answer["to"]["digest"], text_digest(book("new", "2mbit")));
  EXPECT_THAT(answer["changes"]["text"].get<std::string>(), HasSubstr("slow"));
  const Json status = keeper_->status();
  EXPECT_EQ(status["digest"], answer["to"]["digest"]);
  EXPECT_EQ(status["previous"], answer["from"]["digest"]);
  EXPECT_EQ(status["by"], "4000001");
  EXPECT_EQ(status["note"], "faster");
  EXPECT_EQ(status["from"], "push");
  EXPECT_EQ(status["file_differs"], true);
  EXPECT_THAT(log(), ElementsAre("start done", "push done"));
}

TEST_F(Keeper, ChangesNothingForABookWithMistakesAndTellsThemAll) {
  start();
  const Json answer = push("book = \"bad\";\nclases = ();\nrules = ( { name = \"r\"; then = \"slow\"; } );\n");
  EXPECT_EQ(answer["ok"], false);
  ASSERT_GE(answer["diagnostics"].size(), 2u) << answer;
  EXPECT_EQ(answer["diagnostics"][0]["file"], "pushed.cfg");
  EXPECT_EQ(answer["diagnostics"][0]["line"], 2);
  EXPECT_EQ(running(), "configured");
  EXPECT_EQ(force_->puts, 0);
  EXPECT_THAT(keeper_->versions(), SizeIs(1));
  EXPECT_THAT(log(), ElementsAre("start done", "push refused"));
}

TEST_F(Keeper, RefusesRequestsItCannotRead) {
  start();
  for (const Json& more :
       {Json{{"confirm", 3}}, Json{{"confirm", "3"}}, Json{{"confirm", "0s"}}, Json{{"confirm", "30h"}},
        Json{{"observe", "yes"}}, Json{{"note", 3}}, Json{{"note", std::string(501, 'x')}}, Json{{"files", 3}}})
    EXPECT_EQ(push(book("new"), more)["ok"], false) << more;
  EXPECT_EQ(force_->puts, 0);
}

TEST_F(Keeper, DropsWhatTheBoxItselfRefuses) {
  start();
  force_->refusal = "flows.key is fixed at the start";
  const Json answer = push(book("new"));
  EXPECT_THAT(answer["error"].get<std::string>(), HasSubstr("flows.key is fixed"));
  EXPECT_FALSE(std::filesystem::exists(folder_.file("books/" + text_digest(book("new")) + ".book.json")));
  EXPECT_EQ(keeper_->status()["name"], "configured");
}

TEST_F(Keeper, AModelIsRefusedOffTheBench) {
  config_.bench = false;
  start();
  EXPECT_EQ(push("purpose = \"model\";\n" + book("new"))["ok"], false);
  EXPECT_EQ(running(), "configured");
}

// JSON keeps no other texts: it could never be gone back to.
TEST_F(Keeper, TakesBackWhatNobodyConfirms) {
  start();
  const Json answer = push(book("risky"), {{"confirm", "5min"}});
  EXPECT_EQ(answer["confirm_by"], "1970-01-02T00:21:40.000Z");
  now_ += 299 * kSecond;
  keeper_->tick();
  EXPECT_EQ(running(), "risky");
  now_ += kSecond;
  keeper_->tick();
  EXPECT_EQ(running(), "configured");
  EXPECT_EQ(keeper_->status()["confirm_by"], nullptr);
  EXPECT_THAT(keeper_->versions(), SizeIs(2)) << "it can be pushed again";
  EXPECT_THAT(log(), ElementsAre("start done", "push done", "revert done"));
  write_text(folder_, "book.cfg", book("edited"));
  start();
  EXPECT_EQ(running(), "edited") << "nobody chose another book than the file";
}

TEST_F(Keeper, TriesToTakeABookBackUntilItGoes) {
  start();
  push(book("risky"), {{"confirm", "5min"}});
  now_ += 300 * kSecond;
  force_->refusal = "a worker has not yet taken up the book before this one";
  for (int i = 0; i < 9; ++i, now_ += kSecond) keeper_->tick();
  EXPECT_EQ(running(), "risky");
  EXPECT_NE(keeper_->status()["confirm_by"], nullptr) << "it waits as before";
  EXPECT_THAT(keeper_->degraded(), ElementsAre(testing::AllOf(HasSubstr("not taken back"), HasSubstr("a worker has"))));
  EXPECT_THAT(log(), ElementsAre("start done", "push done", "revert refused")) << "a line for each reason";
  force_->fails = true;
  now_ += 5 * kSecond;
  EXPECT_THROW(keeper_->tick(), std::runtime_error);
  EXPECT_THAT(keeper_->degraded(), SizeIs(1));
  force_->refusal = "";
  force_->fails = false;
  keeper_->tick();
  EXPECT_EQ(running(), "risky") << "not at once";
  now_ += 5 * kSecond;
  keeper_->tick();
  EXPECT_EQ(running(), "configured");
  EXPECT_EQ(keeper_->status()["confirm_by"], nullptr);
  EXPECT_THAT(keeper_->degraded(), IsEmpty());
}

TEST_F(Keeper, TakesBackNoMoreWhatIsConfirmedLate) {
  start();
  push(book("risky"), {{"confirm", "5min"}});
  now_ += 300 * kSecond;
  force_->refusal = "not now";
  keeper_->tick();
  EXPECT_EQ(ask({{"command", "confirm"}})["ok"], true);
  EXPECT_THAT(keeper_->degraded(), IsEmpty());
  force_->refusal = "";
  now_ += 300 * kSecond;
  keeper_->tick();
  EXPECT_EQ(running(), "risky");
}

TEST_F(Keeper, KeepsWhatIsConfirmed) {
  start();
  push(book("risky"), {{"confirm", "5min"}});
  EXPECT_EQ(ask({{"command", "confirm"}, {"digest", "zz"}})["ok"], false) << "another one";
  EXPECT_EQ(ask({{"command", "confirm"}})["ok"], true);
  EXPECT_EQ(ask({{"command", "confirm"}})["ok"], false) << "nothing waits any more";
  now_ += 3600 * kSecond;
  keeper_->tick();
  EXPECT_EQ(running(), "risky");
  start();
  EXPECT_EQ(running(), "risky");
}

TEST_F(Keeper, TakesBackToTheConfirmedBookOverSeveralUnconfirmed) {
  start();
  push(book("risky1"), {{"confirm", "5min"}});
  push(book("risky2"), {{"confirm", "5min"}});
  now_ += 300 * kSecond;
  keeper_->tick();
  EXPECT_EQ(running(), "configured");
}

TEST_F(Keeper, GoesBackStepByStepAndToAnyVersion) {
  start();
  push(book("b"));
  push(book("c"));
  EXPECT_EQ(ask({{"command", "rollback"}})["to"]["name"], "b");
  EXPECT_EQ(ask({{"command", "rollback"}})["to"]["name"], "configured");
  EXPECT_THAT(ask({{"command", "rollback"}})["error"].get<std::string>(), HasSubstr("no version before"));
  EXPECT_EQ(ask({{"command", "rollback"}, {"digest", text_digest(book("c")).substr(0, 8)}})["to"]["name"], "c");
  EXPECT_EQ(ask({{"command", "rollback"}, {"digest", "not one"}})["ok"], false);
  EXPECT_EQ(ask({{"command", "rollback"}, {"digest", ""}})["ok"], false);
  EXPECT_EQ(running(), "c");
  start();
  EXPECT_EQ(running(), "c") << "what was gone back to is confirmed";
}

TEST_F(Keeper, ObservesAWholeBookWhereAskedTo) {
  start();
  const Json answer = push(book("watch"), {{"observe", true}});
  ASSERT_EQ(answer["ok"], true) << answer;
  EXPECT_EQ(force_->running().rules()[0].mode, Mode::observe);
  EXPECT_NE(answer["to"]["digest"], text_digest(book("watch"))) << "another version than the enforced one";
  EXPECT_EQ(push(book("watch") + "expect = ( { host = \"t.example\"; then = \"pass\"; } );", {{"observe", true}})["ok"],
            false);
  start();
  EXPECT_EQ(force_->running().rules()[0].mode, Mode::observe);
}

TEST_F(Keeper, ComparesAndChangesNothing) {
  start();
  const Json answer =
      ask({{"command", "diff"}, {"files", Json::array({{{"path", "b.cfg"}, {"text", book("new", "2mbit")}}})}});
  EXPECT_EQ(answer["to"]["name"], "new");
  EXPECT_EQ(answer["changes"]["classes"][0]["settings"][0]["setting"], "police.rate") << answer;
  EXPECT_EQ(running(), "configured");
  EXPECT_EQ(ask({{"command", "diff"}, {"files", Json::array({{{"path", "b.cfg"}, {"text", "x"}}})}})["ok"], false);
}

TEST_F(Keeper, ReadsTheConfiguredFileAgain) {
  start();
  push(book("pushed"));
  write_text(folder_, "book.cfg", book("edited"));
  EXPECT_EQ(keeper_->reread()["ok"], true);
  EXPECT_EQ(running(), "edited");
  EXPECT_EQ(keeper_->status()["file_differs"], false);
  EXPECT_EQ(keeper_->status()["from"], "file");
  write_text(folder_, "book.cfg", "clases = ();");
  EXPECT_EQ(keeper_->reread()["ok"], false);
  EXPECT_EQ(running(), "edited");
}

TEST_F(Keeper, KeepsTheLastVersions) {
  start();
  for (int i = 0; i < 8; ++i) push(book("b" + std::to_string(i)));
  const Json versions = keeper_->versions();
  ASSERT_THAT(versions, SizeIs(4));
  EXPECT_EQ(versions[0]["name"], "b7");
  EXPECT_EQ(versions[0]["running"], true);
  EXPECT_EQ(versions[3]["name"], "b4");
}

TEST_F(Keeper, GoesOnWithoutAFolderAndALogAndSaysSo) {
  write_text(folder_, "file", "");
  config_.control.books = folder_.file("file/books");
  config_.control.log = folder_.file("file/log");
  start();
  EXPECT_EQ(push(book("new"))["ok"], true);
  EXPECT_EQ(ask({{"command", "rollback"}})["ok"], true);
  EXPECT_EQ(running(), "configured");
  EXPECT_THAT(keeper_->degraded(), SizeIs(2));
}

}  // namespace
}  // namespace slowlane

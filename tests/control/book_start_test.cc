#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tests/support/keeper.h"

namespace slowlane {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST_F(Keeper, StartsWithTheConfiguredFile) {
  start();
  EXPECT_EQ(running(), "configured");
  const Json status = keeper_->status();
  EXPECT_EQ(status["from"], "file");
  EXPECT_EQ(status["file_differs"], false);
  EXPECT_EQ(status["confirm_by"], nullptr);
  EXPECT_THAT(keeper_->degraded(), IsEmpty());
}

TEST_F(Keeper, StartsWithThePushedBookAfterACrash) {
  start();
  push(book("new"));
  start();
  EXPECT_EQ(running(), "new");
  EXPECT_EQ(keeper_->status()["by"], "4000001");
  EXPECT_EQ(keeper_->status()["file_differs"], true);
  start(BookKeeper::From::file);
  EXPECT_EQ(running(), "configured");
  start();
  EXPECT_EQ(running(), "configured") << "it was the last one confirmed";
}

TEST_F(Keeper, StartsWithTheFileWhereAnotherOneIsConfigured) {
  start();
  push(book("new"));
  config_.book = write_text(folder_, "other.cfg", book("other"));
  start();
  EXPECT_EQ(running(), "other");
}

TEST_F(Keeper, StartsWithTheEditedFileWhereNothingWasPushed) {
  start();
  write_text(folder_, "book.cfg", book("edited"));
  start();
  EXPECT_EQ(running(), "edited");
}

TEST_F(Keeper, StartsWithTheLastBookWhereTheFileGotMistakes) {
  start();
  write_text(folder_, "book.cfg", "clases = ();");
  start();
  EXPECT_EQ(running(), "configured");
  ASSERT_THAT(keeper_->degraded(), SizeIs(1));
  EXPECT_THAT(keeper_->degraded()[0], HasSubstr("the configured file has mistakes"));
}

TEST_F(Keeper, TakesNoConfiguredBookThatIsNoUtf8) {
  start();
  write_text(folder_, "book.cfg", book("edited") + "# caf\xe9\n");
  const Json answer = keeper_->reread();
  ASSERT_EQ(answer["diagnostics"].size(), 1u) << answer;
  EXPECT_EQ(answer["diagnostics"][0]["line"], 5);
  EXPECT_EQ(running(), "configured");
  start();
  EXPECT_EQ(running(), "configured");
  EXPECT_THAT(keeper_->degraded(), ElementsAre(HasSubstr("is not UTF-8")));
}

TEST_F(Keeper, StartsWithTheFileWhereTheKeptBookIsDamaged) {
  start();
  const std::string digest = push(book("new"))["to"]["digest"];
  write_text(folder_, "books/" + digest + ".book.json", "{");
  start();
  EXPECT_EQ(running(), "configured");
  ASSERT_THAT(keeper_->degraded(), SizeIs(1));
  EXPECT_THAT(keeper_->degraded()[0], HasSubstr("damaged"));
}

TEST_F(Keeper, StartsWithTheConfirmedBookWhereAnotherWaited) {
  start();
  push(book("good"));
  push(book("risky"), {{"confirm", "5min"}});
  start();
  EXPECT_EQ(running(), "good");
  EXPECT_EQ(keeper_->status()["confirm_by"], nullptr);
  EXPECT_THAT(log(), testing::Contains("revert done"));
}

TEST_F(Keeper, SeesThatTheConfiguredFileChanged) {
  start();
  EXPECT_EQ(keeper_->status()["file_differs"], false);
  write_text(folder_, "book.cfg", book("edited"));
  keeper_->tick();
  EXPECT_EQ(keeper_->status()["file_differs"], true);
  EXPECT_EQ(running(), "configured");
}

TEST(BooksFolder, IsTheAppliancesOwn) {
  Config config;
  config.name = "bench 1/..";
  config.files = {"/etc/slowlane/box.cfg"};
  const std::string one = books_folder(config);
  EXPECT_THAT(one, testing::MatchesRegex("/var/lib/slowlane/books/bench_1___-[0-9a-f]{8}"));
  config.files = {"/etc/slowlane/other.cfg"};
  EXPECT_NE(books_folder(config), one);
  config.control.books = "/x";
  EXPECT_EQ(books_folder(config), "/x");
}

}  // namespace
}  // namespace slowlane

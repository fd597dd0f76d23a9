#include "control/web_routes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "control/html.h"
#include "tests/support/figures.h"

namespace slowlane {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using Json = nlohmann::ordered_json;

constexpr const char* kToken = "0123456789abcdef";

class WebRoutesTest : public testing::Test {
 protected:
  void publish() {
    Published published;
    published.figures = figures_of(kTwoRules, ++looks_ * kSecond);
    published.meters.look(published.figures);
    auto book = std::make_shared<BookText>();
    book->digest = "d1ge57";
    book->files = {{"b.cfg", std::string(kTwoRules)}};
    published.book = std::move(book);
    board_.put(std::make_shared<const Published>(std::move(published)));
  }
  static HttpAnswer ask(WebRoutes& routes, const std::string& path,
                        std::vector<std::pair<std::string, std::string>> arguments = {}) {
    return routes.answer({.path = path, .arguments = std::move(arguments), .host = "127.0.0.1"});
  }
  Board board_;
  WebRoutes routes_{board_, WebGuard("", {}), WebRoutes::Serves::all};
  int looks_ = 0;
};

TEST_F(WebRoutesTest, SayThatTheBoxHasJustBegun) {
  EXPECT_EQ(ask(routes_, "/metrics").status, 503U);
  EXPECT_EQ(ask(routes_, "/notice").status, 503U);
}

TEST_F(WebRoutesTest, AnswerWithTheLatest) {
  publish();
  EXPECT_EQ(Json::parse(*ask(routes_, "/api/now").body)["time_ms"], 1000);
  EXPECT_EQ(ask(routes_, "/api/now").body, ask(routes_, "/api/now").body) << "made once for all";
  publish();
  EXPECT_EQ(Json::parse(*ask(routes_, "/api/now").body)["time_ms"], 2000);
  EXPECT_THAT(ask(routes_, "/metrics").type, HasSubstr("version=0.0.4"));
  EXPECT_EQ(ask(routes_, "/nothing").status, 404U);
}

TEST_F(WebRoutesTest, KeepNoBookThatWasReplaced) {
  publish();
  const std::weak_ptr<const RuleSet> replaced = board_.get()->figures.rules;
  ask(routes_, "/api/book");
  ask(routes_, "/notice", {{"name", "abs.twimg.com"}});
  publish();
  EXPECT_TRUE(replaced.expired()) << "though nobody asked since";
}

TEST_F(WebRoutesTest, TheApiShowsClassesRulesAndTheBook) {
  publish();
  const Json now = Json::parse(*ask(routes_, "/api/now").body);
  EXPECT_EQ(now["classes"][2]["name"], "slow");
  EXPECT_THAT(now["classes"][2]["words"].get<std::string>(), HasSubstr("140 kbit/s for each connection"));
  EXPECT_EQ(now["rules"][1]["name"], "p2p");
  EXPECT_EQ(now["book"]["digest"], "d1ge57");
  EXPECT_EQ(Json::parse(*ask(routes_, "/api/book").body)["files"][0]["text"], kTwoRules);
  EXPECT_TRUE(Json::parse(*ask(routes_, "/api/history").body)["classes"].contains("slow"));
}

TEST_F(WebRoutesTest, TheNoticeSaysWhatIsDoneToWhom) {
  publish();
  EXPECT_THAT(
      *ask(routes_, "/notice").body,
      AllOf(HasSubstr("d1ge57"), HasSubstr("At most 140 kbit/s for each connection"), Not(HasSubstr("<script"))));
  EXPECT_THAT(*ask(routes_, "/notice", {{"name", "abs.twimg.com"}}).body,
              AllOf(HasSubstr("rule media"), HasSubstr("class <b>slow</b>")));
}

TEST_F(WebRoutesTest, TheNoticeTakesNoMarkupFromWhoAsks) {
  publish();
  EXPECT_THAT(*ask(routes_, "/notice", {{"name", "\"><img src=x onerror=alert(1)>"}}).body, Not(HasSubstr("<img")));
}

TEST_F(WebRoutesTest, TheTokenGuardsEverythingButTheNotice) {
  publish();
  WebRoutes guarded(board_, WebGuard(kToken, {}), WebRoutes::Serves::all);
  for (const char* path : {"/", "/metrics", "/api/now", "/api/book", "/page.js", "/nothing"})
    EXPECT_EQ(ask(guarded, path).status, 401U) << path;
  EXPECT_EQ(ask(guarded, "/notice").status, 200U);
}

TEST_F(WebRoutesTest, TheNoticesOwnAddressServesNothingElse) {
  publish();
  WebRoutes notice(board_, WebGuard("", {}), WebRoutes::Serves::notice);
  EXPECT_EQ(ask(notice, "/").status, 200U);
  EXPECT_EQ(ask(notice, "/notice").status, 200U);
  EXPECT_EQ(ask(notice, "/notice.css").status, 200U);
  for (const char* path : {"/metrics", "/api/now", "/page.js"}) EXPECT_EQ(ask(notice, path).status, 404U) << path;
}

TEST_F(WebRoutesTest, ANoticeThatIsOffIsNotThere) {
  publish();
  WebRoutes silent(board_, WebGuard("", {}), WebRoutes::Serves::all_but_notice);
  EXPECT_EQ(ask(silent, "/notice").status, 404U);
  EXPECT_EQ(ask(silent, "/metrics").status, 200U);
}

TEST(Html, HasNoMarkupLeft) { EXPECT_EQ(html("<a b='c' d=\"e\">&"), "&lt;a b=&#39;c&#39; d=&quot;e&quot;&gt;&amp;"); }

}  // namespace
}  // namespace slowlane

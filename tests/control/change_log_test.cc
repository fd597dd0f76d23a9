#include "control/change_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "tests/support/text_files.h"

namespace slowlane {
namespace {

using testing::HasSubstr;
using testing::SizeIs;
using Json = nlohmann::ordered_json;

constexpr Nanos kThen = Nanos{1'795'320'306} * kSecond + 789 * kMillisecond;

TEST(ChangeLogFile, HasALineForEachChange) {
  const TempFolder folder;
  ChangeLog log(folder.file("a/b/changes.jsonl"), "bench-1");
  log.write({{Rights::change, ::getuid(), 77}, "bypass", "done"}, {{"request", {{"state", "on"}}}}, kThen);
  log.write({{Rights::change, 4'000'000, 78}, "stop", "refused"}, Json::object(), kThen);
  EXPECT_EQ(log.trouble(), "");
  const auto lines = lines_of(read_text(folder, "a/b/changes.jsonl"));
  ASSERT_THAT(lines, SizeIs(2));
  const Json first = Json::parse(lines[0]);
  EXPECT_EQ(first["time"], "2026-11-22T04:05:06.789Z");
  EXPECT_EQ(first["appliance"], "bench-1");
  EXPECT_EQ(first["what"], "bypass");
  EXPECT_EQ(first["result"], "done");
  EXPECT_EQ(first["by"]["uid"], ::getuid());
  EXPECT_EQ(first["by"]["pid"], 77);
  EXPECT_EQ(first["by"]["user"], user_name(::getuid()));
  EXPECT_EQ(first["request"]["state"], "on");
  EXPECT_EQ(Json::parse(lines[1])["by"]["user"], "4000000") << "a user without a name";
}

TEST(ChangeLogFile, OnlyGrowsAndSurvivesALineThatWasCutShort) {
  const TempFolder folder;
  write_text(folder, "log", "{\"what\":\"earlier\"}\n{\"wha");
  ChangeLog(folder.file("log"), "a").write({{}, "stop", "done"}, Json::object(), kThen);
  const auto lines = lines_of(read_text(folder, "log"));
  ASSERT_THAT(lines, SizeIs(3));
  EXPECT_EQ(lines[0], "{\"what\":\"earlier\"}");
  EXPECT_EQ(Json::parse(lines[2])["what"], "stop");
}

TEST(ChangeLogFile, ThatCannotBeWrittenIsToldAndTriedAgain) {
  const TempFolder folder;
  write_text(folder, "folder", "");
  ChangeLog log(folder.file("folder/log"), "a");
  log.write({{}, "stop", "done"}, Json::object(), kThen);
  EXPECT_THAT(log.trouble(), HasSubstr("folder/log: cannot be opened"));
  std::filesystem::remove(folder.file("folder"));
  log.write({{}, "stop", "done"}, Json::object(), kThen);
  EXPECT_EQ(log.trouble(), "");
  EXPECT_THAT(lines_of(read_text(folder, "folder/log")), SizeIs(1));
}

TEST(ChangeLogFile, ThatIsNoneTakesNothing) {
  ChangeLog log("", "a");
  log.write({{}, "stop", "done"}, Json::object(), kThen);
  EXPECT_EQ(log.trouble(), "");
}

}  // namespace
}  // namespace slowlane

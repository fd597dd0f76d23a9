#include "control/appliance_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "rules/source.h"
#include "tests/support/text_files.h"

namespace slowlane {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kBox =
    "ports = ( { name = \"in\"; kind = \"af_packet\"; device = \"a\"; },\n"
    "          { name = \"out\"; kind = \"af_packet\"; device = \"b\"; } );\n"
    "wires = ( { name = \"w\"; inside = \"in\"; outside = \"out\"; } );\n"
    "book = \"b.cfg\";\n";

class ApplianceCheckTest : public testing::Test {
 protected:
  ApplianceCheckTest() { write_text(folder_, "b.cfg", "book = \"b\";\n"); }
  ApplianceCheck check(const std::string& text, Findings lines = {}) {
    const auto tree = load_tree(write_text(folder_, "box.cfg", text), read_file);
    return check_appliance(*tree, Machine{{0, 1}, hugepages_}, [&](const PortSpec& port) {
      looked_.push_back(port.device);
      return port.name == "out" ? lines : Findings();
    });
  }
  TempFolder folder_;
  std::vector<std::string> looked_;
  std::size_t hugepages_ = 0;
};

TEST_F(ApplianceCheckTest, ARightOneIsSummedUp) {
  const ApplianceCheck found = check(kBox);
  EXPECT_THAT(found.mistakes, IsEmpty());
  EXPECT_THAT(looked_, ElementsAre("a", "b"));
  EXPECT_THAT(print(found, Verbosity::normal),
              AllOf(HasSubstr("2 ports, 1 wire, 1 worker, book "), HasSubstr("no mistakes\n")));
  EXPECT_EQ(print(found, Verbosity::quiet), "");
}

TEST_F(ApplianceCheckTest, WhatADeviceLacksStandsWithItsPort) {
  const ApplianceCheck found = check(kBox, {Finding::error("no such interface"), Finding::warning("it is down")});
  EXPECT_THAT(print(found, Verbosity::quiet), HasSubstr("box.cfg:2: port \"out\": no such interface\n"));
  EXPECT_THAT(print(found, Verbosity::normal), HasSubstr("box.cfg:2: warning: port \"out\": it is down\n"));
  EXPECT_THAT(print(found, Verbosity::normal), HasSubstr("1 mistake; it cannot run like this\n"));
}

TEST_F(ApplianceCheckTest, HugepagesThatAreRequiredMustBeThere) {
  const std::string box = std::string(kBox) + "memory = { hugepages = \"require\"; };\n";
  EXPECT_THAT(print(check(box), Verbosity::quiet), HasSubstr("box.cfg:5: memory: hugepages = \"require\""));
  hugepages_ = 2 << 20;
  EXPECT_THAT(check(box).mistakes, IsEmpty());
}

TEST_F(ApplianceCheckTest, ReadsTheBookToo) {
  write_text(folder_, "b.cfg",
             "book = \"b\";\nrules = ( { name = \"r\"; when = { hots = \"a\"; }; then = \"slow\"; } );\n");
  EXPECT_THAT(print(check(kBox), Verbosity::quiet), HasSubstr("b.cfg:2: "));
}

TEST_F(ApplianceCheckTest, GuardsTheBook) {
  write_text(folder_, "b.cfg", "book = \"b\"; purpose = \"model\";\n");
  EXPECT_THAT(print(check(kBox), Verbosity::quiet), HasSubstr("box.cfg:4: book: b is a model"));
}

TEST_F(ApplianceCheckTest, OfABrokenFileLooksAtNoDevice) {
  EXPECT_THAT(print(check("appliance = \"x\";\n"), Verbosity::quiet), HasSubstr("ports is missing"));
  EXPECT_THAT(looked_, IsEmpty());
}

TEST_F(ApplianceCheckTest, JsonSaysTheSame) {
  const nlohmann::json right = to_json(check(kBox));
  EXPECT_EQ(right["ok"], true);
  EXPECT_EQ(right["wires"], 1);
  EXPECT_EQ(right["book"]["ok"], true);
  const nlohmann::json wrong = to_json(check(kBox, {Finding::error("gone")}));
  EXPECT_EQ(wrong["ok"], false);
  EXPECT_EQ(wrong["mistakes"][0]["line"], 2);
}

}  // namespace
}  // namespace slowlane

#include "control/config_web.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "control/web.h"
#include "tests/support/text_files.h"

namespace slowlane {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class ConfigWeb : public testing::Test {
 protected:
  ConfigWeb() { write_text(folder_, "b.cfg", "book = \"b\";\n"); }
  Result<Config> load(const std::string& control) const {
    return load_config(write_text(folder_, "box.cfg",
                                  "ports = ( { name = \"in\"; kind = \"af_packet\"; device = \"a\"; },\n"
                                  "          { name = \"out\"; kind = \"af_packet\"; device = \"b\"; } );\n"
                                  "wires = ( { name = \"w\"; inside = \"in\"; outside = \"out\"; } );\n"
                                  "book = \"b.cfg\";\ncontrol = { " +
                                      control + " };\n"),
                       Machine{{0, 1}, 0});
  }
  std::string mistake(const std::string& control) const {
    const auto config = load(control);
    return config ? "" : config.diagnostics().front().print();
  }
  TempFolder folder_;
};

TEST_F(ConfigWeb, IsReadWhole) {
  const auto config = load(
      "http = \"192.0.2.1:9180\"; token_file = \"token\"; http_names = [\"Box.Example\"]; notice = "
      "\"[2001:db8::1]:80\";");
  ASSERT_TRUE(config) << config.diagnostics().front().print();
  EXPECT_EQ(config->control.http->port, 9180);
  EXPECT_EQ(config->control.token_file, folder_.file("token"));
  EXPECT_THAT(config->control.http_names, ElementsAre("box.example"));
  EXPECT_EQ(config->control.notice->address.print(), "2001:db8::1");
  EXPECT_EQ(notice_trouble(*config), "");
}

TEST_F(ConfigWeb, AnAddressThatOthersReachNeedsAToken) {
  EXPECT_THAT(mistake("http = \"192.0.2.1:9180\";"), HasSubstr("box.cfg:5: control: http: 192.0.2.1 is no loopback"));
  EXPECT_THAT(mistake("http = \"0.0.0.0:9180\";"), HasSubstr("token_file"));
  EXPECT_THAT(mistake("http = \"[::]:9180\";"), HasSubstr("token_file"));
  EXPECT_EQ(mistake("http = \"127.8.9.1:9180\";"), "");
  EXPECT_EQ(mistake("http = \"[::1]:9180\";"), "");
  EXPECT_EQ(mistake("notice = \"192.0.2.1:80\";"), "") << "the notice is for everybody";
}

TEST_F(ConfigWeb, MistakesAreTold) {
  EXPECT_THAT(mistake("http = \"here\";"), HasSubstr("http: takes an address and a port"));
  EXPECT_THAT(mistake("notice = 80;"), HasSubstr("notice: takes an address and a port"));
  EXPECT_THAT(mistake("http_names = [1];"), HasSubstr("http_names"));
}

TEST_F(ConfigWeb, ANoticeThatNobodyCanReadIsTold) {
  EXPECT_THAT(notice_trouble(*load("notice = \"off\";")), HasSubstr("the notice is off"));
  EXPECT_THAT(notice_trouble(*load("notice = \"off\"; http = \"127.0.0.1:9180\";")), HasSubstr("the notice is off"));
  EXPECT_THAT(notice_trouble(*load("")), HasSubstr("there is no notice"));
  EXPECT_EQ(notice_trouble(*load("http = \"127.0.0.1:9180\";")), "");
}

}  // namespace
}  // namespace slowlane

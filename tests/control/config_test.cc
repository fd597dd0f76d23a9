#include "control/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/support/text_files.h"

namespace slowlane {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* kPorts =
    "ports = ( { name = \"in\"; kind = \"af_packet\"; device = \"veth-in\"; },\n"
    "          { name = \"out\"; kind = \"af_packet\"; device = \"veth-out\"; } );\n";
constexpr const char* kWires = "wires = ( { name = \"w0\"; inside = \"in\"; outside = \"out\"; } );\n";
constexpr const char* kBook = "book = \"b.cfg\";\n";

class ConfigFile : public testing::Test {
 protected:
  ConfigFile() { write_text(folder_, "b.cfg", "book = \"b\";\n"); }

  Result<Config> load(const std::string& text) const {
    return load_config(write_text(folder_, "box.cfg", text), Machine{{0, 1, 2}, 0});
  }
  // All mistakes, without the folder's name.
  std::string mistakes(const std::string& text) const {
    const auto config = load(text);
    std::string all;
    if (config) return all;
    for (const Diagnostic& one : config.diagnostics()) all += one.print().substr(folder_.file("").size()) + "\n";
    return all;
  }

  TempFolder folder_;
};

TEST_F(ConfigFile, OfTheContractIsReadWhole) {
  const auto config = load(
      "appliance = \"bench-1\"; bench = true;\n"
      "ports = ( { name = \"in\"; kind = \"af_packet\"; device = \"veth-in\"; },\n"
      "          { name = \"out\"; kind = \"af_xdp\"; device = \"veth-out\"; queues = 2; mtu = 9000;\n            "
      "options = \"a=1\"; } );\n"
      "wires = ( { name = \"w0\"; inside = \"in\"; outside = \"out\"; inside_prefixes = [\"192.0.2.0/24\"]; } );\n"
      "cores = { control = [0]; workers = [1, 2]; idle = \"poll\"; };\n"
      "flows = { capacity = 65536; };\n"
      "memory = { hugepages = \"none\"; held = \"1MiB\"; };\n"
      "control = { socket = \"/run/a.sock\"; view_socket = \"/run/b.sock\"; http = \"127.0.0.1:9180\"; };\n"
      "events = { file = \"/var/log/f.jsonl\"; which = \"all\"; addresses = \"full\"; keep = \"2h\"; };\n"
      "book = \"b.cfg\"; seed = 7; user = \"nobody\"; when_overloaded = \"pass\";\n");
  ASSERT_TRUE(config) << config.diagnostics().front().print();
  EXPECT_EQ(config->name, "bench-1");
  EXPECT_TRUE(config->bench);
  ASSERT_THAT(config->ports, SizeIs(2));
  EXPECT_EQ(config->ports[0].spec.queues, 2) << "one for each worker";
  EXPECT_EQ(config->ports[1].spec.kind, "af_xdp");
  EXPECT_EQ(config->ports[1].spec.device, "veth-out");
  EXPECT_EQ(config->ports[1].spec.mtu, 9000u);
  EXPECT_EQ(config->ports[1].spec.options, "a=1");
  EXPECT_EQ(config->ports[1].place.line, 3);
  ASSERT_THAT(config->wires, SizeIs(1));
  EXPECT_EQ(config->wires[0].inside, 0u);
  EXPECT_EQ(config->wires[0].outside, 1u);
  EXPECT_EQ(config->wires[0].inside_prefixes.front().print(), "192.0.2.0/24");
  EXPECT_THAT(config->cores.control, ElementsAre(0u));
  EXPECT_THAT(config->cores.workers, ElementsAre(1u, 2u));
  EXPECT_EQ(config->cores.idle, CoresConfig::Idle::poll);
  EXPECT_EQ(config->flows, 65536u);
  EXPECT_EQ(config->memory.hugepages, Eal::Hugepages::none);
  EXPECT_EQ(config->memory.held, 1u << 20);
  EXPECT_EQ(config->control.socket, "/run/a.sock");
  EXPECT_EQ(config->control.http->port, 9180);
  EXPECT_FALSE(config->control.books) << "a folder of the appliance's own";
  EXPECT_EQ(config->control.keep_books, 20u);
  EXPECT_EQ(config->events.which, EventsConfig::Which::all);
  EXPECT_EQ(config->events.addresses, Addresses::full);
  EXPECT_EQ(config->events.keep, 2 * 3600 * kSecond);
  EXPECT_EQ(config->book, folder_.file("b.cfg"));
  EXPECT_EQ(config->seed, 7u);
  EXPECT_EQ(config->user, "nobody");
}

TEST_F(ConfigFile, WithoutTheRestTakesTheDefaults) {
  const auto config = load(std::string(kPorts) + kWires + kBook);
  ASSERT_TRUE(config) << config.diagnostics().front().print();
  EXPECT_EQ(config->name, "box");
  EXPECT_FALSE(config->bench);
  EXPECT_THAT(config->cores.control, ElementsAre(0u));
  EXPECT_THAT(config->cores.workers, ElementsAre(1u));
  EXPECT_EQ(config->cores.idle, CoresConfig::Idle::sleep);
  EXPECT_EQ(config->flows, 1u << 20);
  EXPECT_EQ(config->control.view_socket, "/run/slowlane/view.sock");
  EXPECT_EQ(config->events.file, "") << "nothing is recorded unless asked for";
  EXPECT_FALSE(config->seed);
}

TEST_F(ConfigFile, OnAMachineOfOneCoreSharesIt) {
  const std::string path = write_text(folder_, "box.cfg", std::string(kPorts) + kWires + kBook);
  const auto config = load_config(path, Machine{{5}, 0});
  ASSERT_TRUE(config);
  EXPECT_THAT(config->cores.control, ElementsAre(5u));
  EXPECT_THAT(config->cores.workers, ElementsAre(5u));
}

TEST_F(ConfigFile, SaysEveryMistakeAtOnceInOrder) {
  EXPECT_EQ(mistakes("ports = ( { name = \"in\"; kind = \"afpacket\"; device = \"a\"; },\n"
                     "          { name = \"out\"; kind = \"af_packet\"; mtu = 10000; } );\n"
                     "wires = ( { name = \"w0\"; inside = \"inn\"; outside = \"out\"; } );\n"
                     "cores = { workers = [1, 9]; };\n"
                     "flow = { capacity = 1; };\n"
                     "book = \"c.cfg\";\n"),
            "box.cfg:1: port \"in\": kind: takes af_packet, af_xdp, pci, tap, capture, ring, null or af_packet_dpdk, "
            "not \"afpacket\"; did you mean \"af_packet\"?\n"
            "box.cfg:2: port \"out\": device is missing; write device = \"eth0\"\n"
            "box.cfg:2: port \"out\": mtu: takes a whole number from 68 to 9216, not 10000\n"
            "box.cfg:3: wire \"w0\": inside: there is no port \"inn\"; did you mean \"in\"? (ports: in or out)\n"
            "box.cfg:4: cores.workers: there is no core 9; this process may use 0, 1 or 2\n"
            "box.cfg:5: appliance: there is no setting \"flow\"; did you mean \"flows\"? (allowed: appliance, bench, "
            "cores, ports, wires, flows, memory, control, events, book, seed, user or when_overloaded)\n"
            "box.cfg:6: book: there is no file " +
                folder_.file("c.cfg") + "\n");
}

TEST_F(ConfigFile, NeedsPortsWiresAndABook) {
  EXPECT_THAT(mistakes("appliance = \"x\";\n"),
              AllOf(HasSubstr("ports is missing"), HasSubstr("wires is missing"), HasSubstr("book is missing")));
  EXPECT_THAT(mistakes(std::string("ports = ();\n") + kWires + kBook), HasSubstr("ports is empty"));
}

TEST_F(ConfigFile, RefusesAWireOfOnePort) {
  EXPECT_THAT(
      mistakes(std::string(kPorts) + kBook + "wires = ( { name = \"w\"; inside = \"in\"; outside = \"in\"; } );"),
      HasSubstr("box.cfg:4: wire \"w\": inside and outside are the same port"));
}

TEST_F(ConfigFile, RefusesAPortInTwoWires) {
  EXPECT_THAT(mistakes("ports = ( { name = \"a\"; kind = \"null\"; }, { name = \"b\"; kind = \"null\"; },\n"
                       "          { name = \"c\"; kind = \"null\"; } );\n"
                       "wires = ( { name = \"v\"; inside = \"a\"; outside = \"b\"; },\n"
                       "          { name = \"w\"; inside = \"c\"; outside = \"b\"; } );\n"
                       "book = \"b.cfg\";\n"),
              HasSubstr("box.cfg:4: wire \"w\": port \"b\" is in wire \"v\" already, at " + folder_.file("box.cfg:3")));
}

TEST_F(ConfigFile, RefusesADeviceOfTwoPorts) {
  EXPECT_THAT(mistakes("ports = ( { name = \"in\"; kind = \"af_packet\"; device = \"eth0\"; },\n"
                       "          { name = \"out\"; kind = \"af_xdp\"; device = \"eth0\"; } );\n" +
                       std::string(kWires) + kBook),
              HasSubstr("box.cfg:2: port \"out\": device \"eth0\" is that of port \"in\" already"));
}

TEST_F(ConfigFile, LetsTwoPortsReadOneCapture) {
  EXPECT_EQ(mistakes("ports = ( { name = \"in\"; kind = \"capture\"; device = \"a.pcap\"; },\n"
                     "          { name = \"out\"; kind = \"capture\"; device = \"a.pcap\"; } );\n" +
                     std::string(kWires) + kBook),
            "");
}

TEST_F(ConfigFile, RefusesNamesThatStandTwice) {
  EXPECT_THAT(mistakes("ports = ( { name = \"in\"; kind = \"null\"; }, { name = \"in\"; kind = \"null\"; } );\n" +
                       std::string(kWires) + kBook),
              HasSubstr("there are two of port \"in\""));
}

TEST_F(ConfigFile, RefusesPrefixesThatTwoWiresShare) {
  EXPECT_THAT(
      mistakes("ports = ( { name = \"a\"; kind = \"null\"; }, { name = \"b\"; kind = \"null\"; },\n"
               "          { name = \"c\"; kind = \"null\"; }, { name = \"d\"; kind = \"null\"; } );\n"
               "wires = ( { name = \"v\"; inside = \"a\"; outside = \"b\"; inside_prefixes = \"10.0.0.0/8\"; },\n"
               "  { name = \"w\"; inside = \"c\"; outside = \"d\"; inside_prefixes = [\"10.1.0.0/16\"]; } );\n"
               "book = \"b.cfg\";\n"),
      HasSubstr("box.cfg:4: wire \"w\": inside_prefixes: 10.1.0.0/16 overlaps 10.0.0.0/8 of wire \"v\""));
}

TEST_F(ConfigFile, LetsATapHaveOnePortThatNamesItsInside) {
  const std::string tap = "wires = ( { name = \"w\"; inside = \"in\"; mode = \"tap\"; ";
  EXPECT_THAT(mistakes(kPorts + (kBook + tap) + "} );"), HasSubstr("a tap of one port needs inside_prefixes"));
  const auto config = load(kPorts + (kBook + tap) + "inside_prefixes = \"192.0.2.0/24\"; } );");
  ASSERT_TRUE(config);
  EXPECT_FALSE(config->wires[0].outside);
  EXPECT_EQ(config->wires[0].mode, WireConfig::Mode::tap);
}

TEST_F(ConfigFile, HasSocketsOfTwoPathsAndOctalModes) {
  const std::string rest = std::string(kPorts) + kWires + kBook;
  EXPECT_THAT(mistakes(rest + "control = { socket = \"/a\"; view_socket = \"/a\"; };"), HasSubstr("are the same"));
  EXPECT_THAT(mistakes(rest + "control = { socket_mode = 660; };"), HasSubstr("a file mode in quotes"));
  EXPECT_THAT(mistakes(rest + "control = { socket_mode = \"0990\"; };"), HasSubstr("a file mode in quotes"));
  EXPECT_THAT(mistakes(rest + "control = { socket = \"" + std::string(108, 'x') + "\"; };"), HasSubstr("107 bytes"));
  EXPECT_THAT(mistakes(rest + "control = { http = \"9180\"; };"),
              HasSubstr("control.http: takes an address and a port"));
  EXPECT_EQ(load(rest + "control = { socket_mode = \"0600\"; };")->control.socket_mode, 0600u);
}

TEST_F(ConfigFile, WarnsOfAPortInNoWireAndOfLongMemory) {
  const auto config = load(
      "ports = ( { name = \"in\"; kind = \"null\"; }, { name = \"out\"; kind = \"null\"; },\n"
      "          { name = \"spare\"; kind = \"null\"; } );\n" +
      std::string(kWires) + kBook + "events = { file = \"f\"; keep = \"48h\"; };\n");
  ASSERT_TRUE(config);
  const Diagnostics warnings = config_warnings(*config);
  ASSERT_THAT(warnings, SizeIs(2));
  EXPECT_THAT(warnings[0].print(), HasSubstr("box.cfg:2: port \"spare\" is in no wire"));
  EXPECT_THAT(warnings[1].text, HasSubstr("kept for"));
  EXPECT_THAT(config_warnings(*load(std::string(kPorts) + kWires + kBook)), IsEmpty());
}

TEST_F(ConfigFile, IsToldFromABookByItsKeys) {
  const auto root = [&](const std::string& text) {
    return load_tree(write_text(folder_, "t.cfg", text), read_file)->root;
  };
  EXPECT_TRUE(is_appliance(root("appliance = \"a\";")));
  EXPECT_TRUE(is_appliance(root(std::string(kWires) + kBook)));
  EXPECT_FALSE(is_appliance(root(kBook)));
}

TEST_F(ConfigFile, OfTheManualIsRight) {
  std::ifstream manual(std::string(SLOWLANE_SOURCE) + "/docs/appliance.md");
  std::stringstream all;
  all << manual.rdbuf();
  const std::string text = all.str();
  const std::size_t begin = text.find("```\n") + 4;
  ASSERT_LT(begin, text.size());
  std::filesystem::create_directories(folder_.file("rules/book"));
  write_text(folder_, "rules/book/example.cfg", "book = \"b\";\n");
  EXPECT_EQ(mistakes(text.substr(begin, text.find("```", begin) - begin)), "");
}

TEST(Profiles, AreReadWhole) {
  const std::filesystem::path folder = std::string(SLOWLANE_SOURCE) + "/hw/profiles";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "there are no profiles";
  Machine machine{{}, 0};
  for (unsigned core = 0; core < 64; ++core) machine.cores.push_back(core);
  for (const auto& profile : std::filesystem::directory_iterator(folder)) {
    const auto config = load_config(profile.path().string(), machine);
    EXPECT_TRUE(config) << config.diagnostics().front().print();
  }
}

TEST(Machine, HereHasACore) { EXPECT_FALSE(Machine::here().cores.empty()); }

TEST_F(ConfigFile, SaysWhereBooksAndTheirLogAreKept) {
  const auto config = load(std::string(kPorts) + kWires + kBook +
                           "control = { books = \"/a/books\"; keep_books = 5; log = \"none\"; cache = \"/a/c\"; };\n");
  ASSERT_TRUE(config) << config.diagnostics().front().print();
  EXPECT_EQ(config->control.books, "/a/books");
  EXPECT_EQ(config->control.keep_books, 5u);
  EXPECT_EQ(config->control.log, "");
  EXPECT_EQ(config->control.cache, "/a/c");
  EXPECT_THAT(mistakes(std::string(kPorts) + kWires + kBook + "control = { keep_books = 1; };\n"),
              HasSubstr("keep_books"));
}

}  // namespace
}  // namespace slowlane

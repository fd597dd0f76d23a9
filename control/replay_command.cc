#include "control/replay_command.h"

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

namespace slowlane {
namespace {

struct Options {
  std::vector<std::string> captures;
  std::string book;
};

Command::Run attach(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("CAPTURE", options->captures, "pcap or pcapng files")->required();
  app.add_option("--book", options->book, "the rules")->required();
  return [options] { return Exit::machine; };
}

}  // namespace

Command replay_command() { return {"replay", "send a capture through the rules in virtual time", attach}; }

}  // namespace slowlane

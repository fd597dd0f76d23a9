#include "control/box_books.h"

#include <pwd.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <system_error>
#include <utility>

namespace slowlane {
namespace {

void say(const std::string& text) {
  std::fputs(("slowlane: " + text + "\n").c_str(), stderr);
  std::fflush(stderr);
}

void say_outcome(const nlohmann::ordered_json& answer) {
  if (answer["ok"] == true)
    return say("the configured book is in force: \"" + answer["to"]["name"].get<std::string>() + "\", " +
               answer["to"]["digest"].get<std::string>());
  say("the running book stays; the configured one is refused");
  if (!answer.contains("diagnostics")) return say(answer["error"].get<std::string>());
  for (const auto& one : answer["diagnostics"]) say(Diagnostic{one["file"], one["line"], one["text"]}.print());
}

}  // namespace

BoxBooks::BoxBooks(const Config& config)
    : config_(config), log_(config.control.log, config.name), keeper_(config, log_, BookKeeper::system_clocks()) {}

// Whatever begins with the box's own folders: they hold files alone.
void BoxBooks::give_to(const std::string& user) {
  const passwd* const known = user.empty() || ::geteuid() != 0 ? nullptr : ::getpwnam(user.c_str());
  if (known == nullptr) return;
  const auto give = [&](const std::string& path) { return ::lchown(path.c_str(), known->pw_uid, known->pw_gid) == 0; };
  bool given = config_.control.log.empty() || give(config_.control.log);
  for (const std::string& folder : {books_folder(config_), config_.control.cache}) {
    std::error_code error;
    if (folder.empty() || !std::filesystem::is_directory(folder, error)) continue;
    given = give(folder) && given;
    for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end; at.increment(error))
      given = give(at->path().string()) && given;
  }
  if (!given) say("some of what this box keeps could not be given to " + user + "; its status tells if it matters");
}

void BoxBooks::attach(RulesInForce& rules) {
  jobs_ = std::make_unique<BookJobs>(keeper_, rules, log_, config_.cores.control);
  for (const std::string& text : report().degraded) say("degraded: " + text);
}

void BoxBooks::reread() {
  say("SIGHUP: loading " + config_.book);
  jobs_->reread(say_outcome);
}

}  // namespace slowlane

#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "control/command.h"
#include "rules/result.h"
#include "rules/units.h"

namespace CLI {
class App;
}

namespace slowlane {

// Sends a request to the box that was named, and waits so long for its answer.
using AskBox = std::function<Result<std::string>(const nlohmann::ordered_json& request, Nanos patience)>;
// Sends a request to it that is answered with many lines; see follow_box().
using FollowBox = std::function<Diagnostics(const nlohmann::ordered_json& request,
                                            const std::function<bool(const std::string& line)>& take)>;
enum class Print : std::uint8_t { text, json };
// What a command does once its options are read.
struct CtlAct {
  std::function<Exit(const AskBox& ask, Print print)> run;
  bool views = false;                                               // the view socket serves it too
  std::function<Exit(const FollowBox& box, Print print)> follow{};  // in place of run
};

// The commands of `slowlane ctl` about books: reload, confirm, diff, rollback, versions. The one that was named hands
// what it does to `choose`.
void attach_book_commands(CLI::App& ctl, const std::function<void(CtlAct)>& choose);

}  // namespace slowlane

#include "control/ctl_commands.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "rules/suggest.h"
#include "rules/units.h"

namespace slowlane {
namespace {

using Json = nlohmann::ordered_json;

Json refusal(const std::string& why) { return {{"ok", false}, {"error", why}}; }

Json status(BoxControl& box, const Json&) {
  Json answer = {{"ok", true}};
  answer.update(box.status());
  return answer;
}

// {"changed": true}: those that are not 0 alone.
Json counters(BoxControl& box, const Json& request) {
  Json all = box.counters();
  if (request.value("changed", Json(false)) == Json(true)) {
    Json changed = Json::object();
    for (const auto& [name, value] : all.items())
      if (value != 0) changed[name] = value;
    all = std::move(changed);
  }
  return {{"ok", true}, {"counters", std::move(all)}};
}

Json classes(BoxControl& box, const Json&) { return {{"ok", true}, {"classes", box.classes()}}; }
Json rules(BoxControl& box, const Json&) { return {{"ok", true}, {"rules", box.rules()}}; }

// {"state": "on" | "off", "for": "10min", "reason": "..."}.
Json bypass(BoxControl& box, const Json& request) {
  constexpr std::size_t kLongestReason = 200;
  const Json state = request.value("state", Json());
  if (state != "on" && state != "off") return refusal("bypass: state is \"on\" or \"off\", not " + state.dump());
  BypassOrder order{.on = state == "on", .lasts = {}, .reason = {}};
  if (request.contains("for")) {
    const Json& time = request["for"];
    if (!time.is_string() || !order.on) return refusal("bypass: for takes a time like \"10min\", with \"on\" alone");
    const auto parsed = parse_time(time.get<std::string>());
    if (const auto* why = std::get_if<std::string>(&parsed)) return refusal("bypass: for: " + *why);
    order.lasts = std::get<Nanos>(parsed);
    if (*order.lasts == 0) return refusal("bypass: for must be more than 0");
  }
  if (request.contains("reason")) {
    const Json& reason = request["reason"];
    if (!reason.is_string()) return refusal("bypass: reason takes a text");
    order.reason = reason.get<std::string>().substr(0, kLongestReason);
  }
  box.set_bypass(order);
  return {{"ok", true}, {"bypass", order.on}};
}

Json stop(BoxControl& box, const Json&) {
  box.stop();
  return {{"ok", true}, {"stopping", true}};
}

constexpr std::array kCommands = {
    CtlCommand{"status", Rights::view, "how the box is", status},
    CtlCommand{"counters", Rights::view, "everything counted; changed: what is not 0 alone", counters},
    CtlCommand{"classes", Rights::view, "what was measured of each class beside what the book asks for", classes},
    CtlCommand{"rules", Rights::view, "how often each rule was right, and when last", rules},
    CtlCommand{"bypass", Rights::change, "forward without looking, or look again", bypass},
    CtlCommand{"stop", Rights::change, "drain and end", stop},
};

std::vector<std::string_view> names() {
  std::vector<std::string_view> all;
  all.reserve(kCommands.size());
  for (const CtlCommand& command : kCommands) all.emplace_back(command.name);
  return all;
}

Json answer(BoxControl& box, Rights rights, std::string_view line) {
  constexpr const char* kShape = R"(a request is one line like {"command": "status"})";
  const Json request = Json::parse(line, nullptr, false);
  if (!request.is_object()) return refusal(kShape);
  const Json name = request.value("command", Json());
  if (!name.is_string()) return refusal(kShape);
  const auto word = name.get<std::string>();
  const auto found = std::ranges::find(kCommands, std::string_view(word), &CtlCommand::name);
  if (found == kCommands.end())
    return refusal("there is no command " + name.dump(-1, ' ', false, Json::error_handler_t::replace) +
                   did_you_mean(word, names()) + " (commands: " + one_of(names()) + ")");
  if (found->needs == Rights::change && rights == Rights::view)
    return refusal(word + " changes the box; this socket may only look at it");
  return found->run(box, request);
}

}  // namespace

std::span<const CtlCommand> ctl_commands() { return kCommands; }

std::string answer_line(BoxControl& box, Rights rights, std::string_view line) {
  return answer(box, rights, line).dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace slowlane

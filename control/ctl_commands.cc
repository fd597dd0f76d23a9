#include "control/ctl_commands.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "control/json_reading.h"
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
Json versions(BoxControl& box, const Json&) { return {{"ok", true}, {"versions", box.versions()}}; }
Json explain(BoxControl& box, const Json& request) { return box.explain(request); }

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

Reply flows(BoxControl& box, const Json& request) { return box.flows(request); }
Reply trace(BoxControl& box, const Json& request) { return box.trace(request); }
Reply watch(BoxControl& box, const Json& request) { return box.watch(request); }

Json stop(BoxControl& box, const Json&) {
  box.stop();
  return {{"ok", true}, {"stopping", true}};
}

constexpr std::array kCommands = {
    CtlCommand{"status", Rights::view, "how the box is", status},
    CtlCommand{"counters", Rights::view, "everything counted; changed: what is not 0 alone", counters},
    CtlCommand{"classes", Rights::view, "what was measured of each class beside what the book asks for", classes},
    CtlCommand{"rules", Rights::view, "how often each rule was right, and when last", rules},
    CtlCommand{"flows", Rights::view, "flows that run; host, class, rule, address, protocol, top, sort", nullptr, false,
               flows},
    CtlCommand{"watch", Rights::view, "events of flows as they come, one a line", nullptr, false, watch},
    CtlCommand{"trace", Rights::change, "the next packets of some flows; host, client, server, packets, for", nullptr,
               true, trace},
    CtlCommand{"reload", Rights::change, "put a book in force; confirm, observe, note", nullptr},
    CtlCommand{"confirm", Rights::change, "keep the book that would be taken back", nullptr},
    CtlCommand{"diff", Rights::change, "what a book would change", nullptr},
    CtlCommand{"rollback", Rights::change, "go back to a version, or to the one before", nullptr},
    CtlCommand{"versions", Rights::view, "books that can be gone back to", versions},
    CtlCommand{"explain", Rights::view, "which rule of the running book a flow falls under, and why; host, server, ...",
               explain},
    CtlCommand{"bypass", Rights::change, "forward without looking, or look again", bypass, true},
    CtlCommand{"stop", Rights::change, "drain and end", stop, true},
};

std::vector<std::string_view> names() {
  std::vector<std::string_view> all;
  all.reserve(kCommands.size());
  for (const CtlCommand& command : kCommands) all.emplace_back(command.name);
  return all;
}

// The request as it stands in the log.
Json details_of(Json request, const Json& answer) {
  request.erase("command");
  Json details = {{"request", std::move(request)}};
  if (answer.contains("error")) details["error"] = answer["error"];
  return details;
}

std::string line_of(const Json& answer) { return answer.dump(-1, ' ', false, Json::error_handler_t::replace); }

Reply refuse(const std::string& why) { return {line_of(refusal(why)), {}}; }

Reply answer(BoxControl& box, const Caller& caller, std::string line) {
  constexpr const char* kShape = R"(a request is one line like {"command": "status"})";
  if (line.size() > kLongLine && caller.rights == Rights::change) return {"", box.ask_books(caller, std::move(line))};
  const Json request = parse_request(line);
  if (!request.is_object()) return refuse(kShape);
  const Json name = request.value("command", Json());
  if (!name.is_string()) return refuse(kShape);
  const auto word = name.get<std::string>();
  const auto found = std::ranges::find(kCommands, std::string_view(word), &CtlCommand::name);
  if (found == kCommands.end())
    return refuse("there is no command " + name.dump(-1, ' ', false, Json::error_handler_t::replace) +
                  did_you_mean(word, names()) + " (commands: " + one_of(names()) + ")");
  if (found->needs == Rights::change && caller.rights == Rights::view) {
    const Json said = refusal(word + " changes the box; this socket may only look at it");
    box.note_change(caller, found->name, "refused", {{"error", said["error"]}});
    return {line_of(said), {}};
  }
  if (found->noted && !box.can_note()) return refuse(kNoRoomToNote);
  if (found->open != nullptr) {
    Reply reply = found->open(box, request);
    const bool refused = !reply.later.valid() && !reply.feed;
    const Json said = refused ? Json::parse(reply.now) : Json::object();
    if (found->noted) box.note_change(caller, found->name, refused ? "refused" : "done", details_of(request, said));
    return reply;
  }
  if (found->run == nullptr) return {"", box.ask_books(caller, std::move(line))};
  const Json said = found->run(box, request);
  if (found->noted)
    box.note_change(caller, found->name, said["ok"] == true ? "done" : "refused", details_of(request, said));
  return {line_of(said), {}};
}

}  // namespace

std::span<const CtlCommand> ctl_commands() { return kCommands; }

Reply answer_line(BoxControl& box, const Caller& caller, std::string line) {
  return answer(box, caller, std::move(line));
}

}  // namespace slowlane

#include "control/live_desk.h"

#include <nlohmann/json.hpp>
#include <random>
#include <utility>
#include <variant>

namespace slowlane {
namespace {

using Json = nlohmann::ordered_json;

constexpr Nanos kUsualTrace = 10 * kSecond;

std::vector<MailRoom::Desk> desks_of(Appliance& box) {
  std::vector<MailRoom::Desk> desks;
  for (std::uint32_t i = 0; i < box.cores.size(); ++i)
    desks.push_back({box.cores[i].mailbox.get(), [&commons = *box.commons, i] { commons.spread.wake(i); }});
  return desks;
}

std::uint64_t random_word() {
  std::random_device random;
  return (std::uint64_t{random()} << 32) | random();
}

Reply refuse(const std::string& why) {
  return {Json({{"ok", false}, {"error", why}}).dump(-1, ' ', false, Json::error_handler_t::replace), {}};
}

// "for" of a trace; a sentence where it is wrong.
std::variant<Nanos, std::string> time_of(const Json& request) {
  const auto at = request.find("for");
  if (at == request.end() || at->is_null()) return kUsualTrace;
  if (!at->is_string()) return std::string("for takes a time like \"10s\"");
  auto time = parse_time(at->get<std::string>());
  if (const auto* why = std::get_if<std::string>(&time)) return "for: " + *why;
  if (std::get<Nanos>(time) < kMillisecond || std::get<Nanos>(time) > Traces::kLongest)
    return std::string("for: from 1ms to 60s, for a trace ends by itself");
  return std::get<Nanos>(time);
}

}  // namespace

LiveDesk::LiveDesk(Appliance& box)
    : box_(box), mail_(desks_of(box)), lists_(mail_), traces_(mail_), names_(random_word()) {
  for (const WireConfig& wire : box.config.wires) wires_.push_back(wire.name);
}

QuestionContext LiveDesk::question() const {
  const Classifier* const classifier = box_.cores.front().worker->classifier();
  return {*box_.book, classifier == nullptr ? nullptr : &classifier->dictionary(), box_.config.events.addresses};
}

// Names and applications mean the same to every worker.
LiveContext LiveDesk::live() const {
  return {box_.book->slots(), box_.cores.front().worker->classifier(), box_.config.events.addresses};
}

Reply LiveDesk::flows(const Json& request) {
  const ReadRequest read = read_flows(request, question());
  if (const auto* why = std::get_if<std::string>(&read)) return refuse("flows: " + *why);
  return {"", lists_.ask(std::get<Request>(read))};
}

Reply LiveDesk::trace(const Json& request, Nanos now) {
  const ReadRequest read = read_trace(request, question());
  if (const auto* why = std::get_if<std::string>(&read)) return refuse("trace: " + *why);
  const auto lasts = time_of(request);
  if (const auto* why = std::get_if<std::string>(&lasts)) return refuse("trace: " + *why);
  auto feed = traces_.begin(std::get<Request>(read), std::get<Nanos>(lasts), box_.config.events.addresses, now);
  if (!feed) return refuse("trace: one runs already, and there is one at a time; it ends within a minute");
  return {"", {}, std::move(feed)};
}

Reply LiveDesk::watch(const Json& request) {
  if (request.size() > 1) return refuse("watch takes nothing");
  auto feed = std::make_shared<Feed>();
  const bool all = box_.config.events.which == EventsConfig::Which::all;
  feed->put(Json({{"ok", true}, {"watching", all ? "all" : "treated"}}).dump());
  watchers_.push_back(feed);
  return {"", {}, std::move(feed)};
}

bool LiveDesk::watched() {
  std::erase_if(watchers_, [](const std::shared_ptr<Feed>& feed) { return feed.use_count() == 1; });
  return !watchers_.empty();
}

void LiveDesk::tell(const std::string& record) {
  for (const auto& feed : watchers_) feed->put(record);
}

// A flow counts for its class when it comes into it, its bytes when it ends.
void LiveDesk::note(const FlowEvent& event, const LiveContext& context, Nanos now) {
  if (event.kind == FlowEvent::Kind::begun) return;
  const std::string host = live_host(event, context.labels);
  if (host.empty()) return;
  const bool ended = event.kind == FlowEvent::Kind::ended;
  const std::uint64_t bytes = event.flow.bytes[0] + event.flow.bytes[1];
  names_.note(
      {context.labels.cls(event.flow.cls), host, event.flow.inside_address(), ended ? 0u : 1u, ended ? bytes : 0}, now);
}

void LiveDesk::step(Nanos now) {
  names_.age(now);
  const LiveContext context = live();
  const TraceContext trace{context, *box_.book, wires_, traces_.asked(), traces_.began()};
  mail_.read([&](std::size_t worker, const Answer& answer) {
    lists_.take(worker, answer, context);
    traces_.take(worker, answer, trace);
  });
  lists_.step(now);
  traces_.step(trace, now);
}

}  // namespace slowlane

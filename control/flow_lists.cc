#include "control/flow_lists.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

namespace slowlane {
namespace {

using Json = nlohmann::ordered_json;

std::uint64_t rank_of(const Flow& flow, FlowOrder order) {
  switch (order) {
    case FlowOrder::bytes: return flow.bytes[0] + flow.bytes[1];
    case FlowOrder::packets: return flow.packet_count();
    case FlowOrder::age: break;
  }
  return static_cast<std::uint64_t>(std::numeric_limits<Nanos>::max() - flow.first);
}

const char* word_of(FlowOrder order) {
  switch (order) {
    case FlowOrder::bytes: return "bytes";
    case FlowOrder::packets: return "packets";
    case FlowOrder::age: break;
  }
  return "age";
}

}  // namespace

std::future<std::string> FlowLists::ask(const Request& request) {
  List list;
  list.request = request;
  std::future<std::string> answer = list.promise.get_future();
  if (waiting_.size() >= kMostWaiting)
    list.promise.set_value(R"({"ok":false,"error":"flows: too many ask at once; try again in a moment"})");
  else
    waiting_.push_back(std::move(list));
  return answer;
}

void FlowLists::step(Nanos now) {
  if (active_ && now >= active_->until) finish();
  if (active_ || waiting_.empty()) return;
  active_ = std::move(waiting_.front());
  waiting_.pop_front();
  active_->until = now + kPatience;
  active_->open = mail_.workers();
  active_->request.number = mail_.next_number();
  mail_.post(active_->request);
}

void FlowLists::take(std::size_t, const Answer& answer, const LiveContext& context) {
  if (!active_ || answer.number != active_->request.number) return;
  if (answer.kind == Answer::Kind::flow) {
    Json record = live_record(answer.event, context);
    record.erase("event");
    record.erase("end");
    active_->rows.push_back({rank_of(answer.event.flow, active_->request.order),
                             record.dump(-1, ' ', false, Json::error_handler_t::replace)});
  } else if (answer.kind == Answer::Kind::listed) {
    active_->visited += answer.visited;
    active_->matched += answer.matched;
    if (--active_->open == 0) finish();
  }
}

void FlowLists::finish() {
  List& list = *active_;
  std::ranges::stable_sort(list.rows, std::ranges::greater(), &List::Row::rank);
  if (list.rows.size() > list.request.most) list.rows.resize(list.request.most);
  std::string text = R"({"ok":true,"total":)" + std::to_string(list.visited) + R"(,"matched":)" +
                     std::to_string(list.matched) + R"(,"sort":")" + word_of(list.request.order) + "\"" +
                     R"(,"whole":)" + (list.open == 0 ? "true" : "false") + R"(,"flows":[)";
  for (std::size_t i = 0; i < list.rows.size(); ++i) text += (i > 0 ? "," : "") + list.rows[i].record;
  list.promise.set_value(text + "]}");
  active_.reset();
}

}  // namespace slowlane

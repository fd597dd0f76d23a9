#include "control/traces.h"

#include <nlohmann/json.hpp>

namespace slowlane {
namespace {

using Json = nlohmann::ordered_json;

std::string line_of(const Json& line) { return line.dump(-1, ' ', false, Json::error_handler_t::replace); }

const char* word_of(Addresses how) {
  switch (how) {
    case Addresses::full: return "full";
    case Addresses::truncated: return "truncated";
    case Addresses::none: break;
  }
  return "none";
}

}  // namespace

std::shared_ptr<Feed> Traces::begin(const Request& request, Nanos lasts, Addresses how, Nanos now) {
  if (feed_) return nullptr;
  constexpr std::size_t kRoom = 8 << 20;  // for every packet of the longest trace
  feed_ = std::make_shared<Feed>(kRoom);
  request_ = request;
  request_.number = mail_.next_number();
  began_ = now;
  until_ = now + lasts;
  begun_ = told_ = 0;
  missed_.clear();
  open_.clear();
  feed_->put(line_of({{"ok", true},
                      {"trace", request_.number},
                      {"packets", request_.most},
                      {"for_s", static_cast<double>(lasts) / static_cast<double>(kSecond)},
                      {"addresses", word_of(how)}}));
  mail_.post(request_);
  return feed_;
}

void Traces::take(std::size_t worker, const Answer& answer, const TraceContext& context) {
  if (!feed_ || answer.number != request_.number) return;
  if (answer.kind == Answer::Kind::flow || answer.kind == Answer::Kind::listed) return;
  missed_[worker] = answer.missed;
  if (answer.kind == Answer::Kind::missed) return;
  const Key key{worker, answer.step.packet};
  if (answer.kind == Answer::Kind::step) {
    // Each worker counts for itself: together they may begin more than was asked for.
    if (begun_ == request_.most) return;
    ++begun_;
    open_[key] = answer;
    open_[key].step.packet = begun_;
    return;
  }
  const auto step = open_.find(key);
  if (step == open_.end()) return;
  tell(trace_record(step->second, answer, context));
  open_.erase(step);
}

void Traces::tell(const Json& record) {
  feed_->put(line_of(record));
  ++told_;
}

void Traces::step(const TraceContext& context, Nanos now) {
  if (!feed_) return;
  if (feed_.use_count() == 1) {
    end("gone", context);
  } else if (told_ == request_.most) {
    end("packets", context);
  } else if (now >= until_) {
    end("time", context);
  }
}

void Traces::end(const char* why, const TraceContext& context) {
  Request stop;
  stop.kind = Request::Kind::stop_trace;
  mail_.post(stop);
  for (const auto& [key, step] : open_)
    tell(trace_record(step, missed_[key.first] > 0 ? NoFate::not_told : NoFate::held, context));
  std::uint64_t missed = 0;
  for (const auto& [worker, count] : missed_) missed += count;
  feed_->put(line_of({{"ended", why}, {"packets", told_}, {"missed", missed}}));
  feed_->end();
  feed_.reset();
}

}  // namespace slowlane

#include "dataplane/tracer.h"

#include <algorithm>

#include "dataplane/flow_keeper.h"

namespace slowlane {

void Tracer::begin(const Request& request, Mailbox& mailbox) noexcept {
  request_ = request;
  mailbox_ = &mailbox;
  left_ = std::min(request.most, Request::kMostPackets);
  first_ = next_;
  missed_ = told_missed_ = 0;
}

void Tracer::end() noexcept {
  left_ = 0;
  mailbox_ = nullptr;
}

// Null: there is no room. Requires: the answer is published.
Answer* Tracer::claim(Answer::Kind kind) noexcept {
  Answer* const answer = mailbox_->answers.claim();
  if (answer == nullptr) return nullptr;
  answer->kind = kind;
  answer->number = request_.number;
  answer->missed = told_missed_ = missed_;
  answer->step = TraceStep{};
  return answer;
}

Answer* Tracer::begin_step(Packet& packet) noexcept {
  Answer* const answer = claim(Answer::Kind::step);
  if (answer == nullptr) {
    ++missed_;
    return nullptr;
  }
  --left_;
  packet.traced = next_++;
  answer->step.packet = packet.traced - first_ + 1;
  answer->step.wire = packet.wire;
  answer->step.side = packet.side;
  answer->step.sender_is_low = packet.parsed.from_low;
  answer->step.key = packet.parsed.key;
  answer->step.headers = packet.parsed.headers;
  answer->step.arrival = packet.arrival;
  return answer;
}

void Tracer::judged(Packet& packet, const Flow& flow, Seen seen) noexcept {
  if (!request_.filter.fits(flow, names_)) return;
  Answer* const answer = begin_step(packet);
  if (answer == nullptr) return;
  answer->step.has_flow = true;
  answer->step.is_new = flow.packet_count() == 1;
  answer->step.was_open = seen.was_open;
  answer->step.trigger = seen.trigger;
  answer->step.client_is_low = flow.client_is_low;
  copy_flow(answer->event, flow, names_);
  answer->event.worker = worker_;
  answer->event.time = packet.arrival;
  mailbox_->answers.publish();
}

// Who began it is not known: either end may be the client.
void Tracer::unjudged(Packet& packet) noexcept {
  if (!request_.filter.asks_addresses_only()) return;
  const bool low = request_.filter.fits(packet.parsed.key, true);
  if (!low && !request_.filter.fits(packet.parsed.key, false)) return;
  Answer* const answer = begin_step(packet);
  if (answer == nullptr) return;
  answer->step.client_is_low = low;
  answer->event.worker = worker_;
  answer->event.time = packet.arrival;
  mailbox_->answers.publish();
}

void Tracer::done(const Packet& packet, bool sent, DropReason reason) noexcept {
  if (!is_ours(packet)) return;
  Answer* const answer = claim(Answer::Kind::fate);
  if (answer == nullptr) {
    ++missed_;
    return;
  }
  TraceStep& step = answer->step;
  step.packet = packet.traced - first_ + 1;
  step.arrival = packet.arrival;
  step.sent = sent;
  step.reason = reason;
  step.marked = packet.marked;
  step.reset = packet.reset;
  step.cls = packet.cls;
  step.departure = packet.departure;
  if (packet.flow != nullptr) {
    const Direction direction = packet.side == Side::inside ? Direction::up : Direction::down;
    const Treater::Level level = treater_.level(*packet.flow, direction, packet.departure);
    step.bucket_bytes = level.bucket_burst > 0 ? level.bucket_bytes : TraceStep::kNoBucket;
    step.bucket_burst = level.bucket_burst;
    step.flow_waits = level.flow_waits;
    step.class_waits = level.class_waits;
  }
  mailbox_->answers.publish();
}

void Tracer::tell_missed() noexcept {
  if (mailbox_ == nullptr || told_missed_ == missed_ || claim(Answer::Kind::missed) == nullptr) return;
  mailbox_->answers.publish();
}

}  // namespace slowlane

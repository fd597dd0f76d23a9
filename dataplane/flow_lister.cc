#include "dataplane/flow_lister.h"

#include <algorithm>
#include <limits>

namespace slowlane {
namespace {

std::uint64_t rank_of(const Flow& flow, FlowOrder order) noexcept {
  switch (order) {
    case FlowOrder::bytes: return flow.bytes[0] + flow.bytes[1];
    case FlowOrder::packets: return flow.packet_count();
    case FlowOrder::age: break;
  }
  return static_cast<std::uint64_t>(std::numeric_limits<Nanos>::max() - flow.first);
}

}  // namespace

void FlowLister::begin(const Request& request) noexcept {
  request_ = request;
  request_.most = std::min(request.most, Request::kMostFlows);
  state_ = State::walking;
  next_ = visited_ = matched_ = picked_ = 0;
}

std::uint32_t FlowLister::step(std::uint32_t budget, Mailbox& mailbox, Nanos now) noexcept {
  switch (state_) {
    case State::idle: return 0;
    case State::walking: return walk(budget);
    case State::telling: return tell(budget, mailbox, now);
  }
  return 0;
}

std::uint32_t FlowLister::walk(std::uint32_t budget) noexcept {
  const std::uint32_t end = table_.high_water();
  const std::uint32_t from = next_;
  while (next_ < end && next_ - from < budget) {
    const std::uint32_t index = next_++;
    const Flow* const flow = table_.at_index(index);
    if (flow == nullptr) continue;
    ++visited_;
    if (!request_.filter.fits(*flow, names_)) continue;
    ++matched_;
    pick(*flow, index);
  }
  const std::uint32_t done = next_ - from;
  if (next_ >= end) {
    std::sort_heap(picks_.begin(), picks_.begin() + picked_,
                   [](const Pick& a, const Pick& b) { return a.rank > b.rank; });
    next_ = 0;
    state_ = State::telling;
  }
  return std::max(done, 1u);
}

void FlowLister::pick(const Flow& flow, std::uint32_t index) noexcept {
  const auto lower = [](const Pick& a, const Pick& b) { return a.rank > b.rank; };
  const Pick found{rank_of(flow, request_.order), flow.id, index};
  if (picked_ == request_.most) {
    if (picked_ == 0 || found.rank <= picks_.front().rank) return;
    std::pop_heap(picks_.begin(), picks_.begin() + picked_, lower);
    --picked_;
  }
  picks_[picked_++] = found;
  std::push_heap(picks_.begin(), picks_.begin() + picked_, lower);
}

std::uint32_t FlowLister::tell(std::uint32_t budget, Mailbox& mailbox, Nanos now) noexcept {
  std::uint32_t told = 0;
  for (; next_ < picked_ && told < budget; ++told) {
    const Pick& pick = picks_[next_];
    const Flow* const flow = table_.at_index(pick.index);
    if (flow != nullptr && flow->id == pick.id) {
      Answer* const answer = mailbox.answers.claim();
      if (answer == nullptr) return told;
      answer->kind = Answer::Kind::flow;
      answer->number = request_.number;
      copy_flow(answer->event, *flow, names_);
      answer->event.worker = worker_;
      answer->event.time = now;
      mailbox.answers.publish();
    }
    ++next_;
  }
  if (next_ < picked_) return told;
  return tell_end(mailbox) ? told + 1 : told;
}

bool FlowLister::tell_end(Mailbox& mailbox) noexcept {
  Answer* const answer = mailbox.answers.claim();
  if (answer == nullptr) return false;
  answer->kind = Answer::Kind::listed;
  answer->number = request_.number;
  answer->visited = visited_;
  answer->matched = matched_;
  mailbox.answers.publish();
  state_ = State::idle;
  return true;
}

}  // namespace slowlane

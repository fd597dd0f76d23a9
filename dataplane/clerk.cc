#include "dataplane/clerk.h"

namespace slowlane {

std::uint32_t Clerk::work(std::uint32_t busy, Nanos now) noexcept {
  if (const Request* const request = mailbox_->requests.front()) {
    switch (request->kind) {
      case Request::Kind::list: lister_.begin(*request); break;
      case Request::Kind::trace: tracer_.begin(*request, *mailbox_); break;
      case Request::Kind::stop_trace: tracer_.end(); break;
    }
    mailbox_->requests.pop();
  }
  tracer_.tell_missed();
  return lister_.step(busy > 0 ? kWhileBusy : kWhileIdle, *mailbox_, now);
}

}  // namespace slowlane

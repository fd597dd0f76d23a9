#pragma once

#include <cstdint>

#include "dataplane/flow_lister.h"
#include "dataplane/mailbox.h"
#include "dataplane/tracer.h"

namespace slowlane {

// Does what control asks of one worker, a little at the end of each turn, so that no packet waits for it noticeably.
class Clerk {
 public:
  Clerk(FlowTable& table, const Names& names, Treater& treater, std::uint16_t worker)
      : lister_(table, names, worker), tracer_(names, treater, worker) {}

  // Whose requests are read; must outlive the worker.
  void attach(Mailbox& mailbox) noexcept { mailbox_ = &mailbox; }
  // `busy`: packets that this turn had. Returns how much was done.
  std::uint32_t serve(std::uint32_t busy, Nanos now) noexcept { return mailbox_ == nullptr ? 0 : work(busy, now); }

  Tracer& tracer() noexcept { return tracer_; }

 private:
  // Visiting a record costs about as much as a cache miss: 64 of them are about 5 us.
  static constexpr std::uint32_t kWhileBusy = 64;
  static constexpr std::uint32_t kWhileIdle = 1024;

  std::uint32_t work(std::uint32_t busy, Nanos now) noexcept;

  Mailbox* mailbox_ = nullptr;
  FlowLister lister_;
  Tracer tracer_;
};

}  // namespace slowlane

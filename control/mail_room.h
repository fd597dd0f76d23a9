#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "dataplane/mailbox.h"

namespace slowlane {

// Control's side of all workers' mailboxes. Control's thread.
class MailRoom {
 public:
  struct Desk {
    Mailbox* mailbox = nullptr;
    std::function<void()> wake;  // the worker, which may sleep
  };
  // The mailboxes outlive it.
  explicit MailRoom(std::vector<Desk> desks) : desks_(std::move(desks)) {}

  std::size_t workers() const { return desks_.size(); }
  std::uint32_t next_number() { return ++last_number_; }
  // Gives a request to every worker. False: one of them has too many already, and gets none.
  bool post(const Request& request) {
    bool all = true;
    for (Desk& desk : desks_) {
      Request* const slot = desk.mailbox->requests.claim();
      all &= slot != nullptr;
      if (slot == nullptr) continue;
      *slot = request;
      desk.mailbox->requests.publish();
      if (desk.wake) desk.wake();
    }
    return all;
  }
  // Hands each answer that waits to `take(worker, answer)`, of each worker at most what its mailbox holds.
  template <class F>
  void read(F&& take) {
    for (std::size_t worker = 0; worker < desks_.size(); ++worker) {
      for (std::uint32_t i = 0; i < Mailbox::kAnswers; ++i) {
        const Answer* const answer = desks_[worker].mailbox->answers.front();
        if (answer == nullptr) break;
        take(worker, *answer);
        desks_[worker].mailbox->answers.pop();
      }
    }
  }

 private:
  std::vector<Desk> desks_;
  std::uint32_t last_number_ = 0;
};

}  // namespace slowlane

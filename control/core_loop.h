#pragma once

#include <poll.h>

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "dataplane/clock.h"
#include "dataplane/commons.h"
#include "dataplane/worker.h"

namespace slowlane {

// One worker's thread: reads the clock, calls turn(), and again. It sleeps only where it is told to, and then no longer
// than to the next due release.
class CoreLoop {
 public:
  struct Plan {
    unsigned core = 0;
    enum class Idle : std::uint8_t { poll, sleep } idle = Idle::sleep;
    std::vector<int> wait_fds;      // of the queues it receives from
    bool has_polled_ports = false;  // some queue has no descriptor to wait for: sleep only briefly
  };

  // All must outlive the loop. The thread begins with start().
  CoreLoop(Worker& worker, Commons& commons, const Clock& clock, std::uint32_t index, Plan plan);
  ~CoreLoop();  // stops
  CoreLoop(const CoreLoop&) = delete;
  CoreLoop& operator=(const CoreLoop&) = delete;

  void start();
  // Asks the thread to send what is held, to end all flows and to return. Control's thread.
  void stop() noexcept;
  bool stopped() const noexcept { return stopped_.load(std::memory_order_acquire); }
  void join();

  unsigned core() const noexcept { return plan_.core; }
  Nanos cpu_time() const noexcept;  // that the thread used so far; control's thread
  // The thread could run, or runs (proc(5), state R): it neither sleeps nor waits for anything. Control's thread.
  bool is_runnable() const;
  std::uint64_t busy_turns() const noexcept { return busy_turns_.read(); }  // of worker.turns(): those with packets

  // The longest turn since the last call: from its beginning to that of the next, whatever kept the thread meanwhile;
  // sleep does not count. Control's thread.
  Nanos take_longest_turn() noexcept { return longest_turn_.exchange(0, std::memory_order_relaxed); }
  // How often another book was taken up, and the longest of the turns that did it. Any thread.
  std::uint64_t take_ups() const noexcept { return take_ups_.read(); }
  Nanos longest_take_up() const noexcept { return static_cast<Nanos>(longest_take_up_.read()); }

 private:
  void run() noexcept;
  void settle_on_core() noexcept;
  void note_turn(Nanos time) noexcept;
  bool sleep(Nanos now) noexcept;
  void end() noexcept;

  Worker& worker_;
  Commons& commons_;
  const Clock& clock_;
  const std::uint32_t index_;
  const Plan plan_;
  std::vector<pollfd> waits_;
  std::atomic<bool> stop_{false};
  std::atomic<bool> stopped_{false};
  Count busy_turns_;
  std::atomic<Nanos> longest_turn_{0};
  std::uint32_t generation_ = 0;  // of the book as of the last turn; of this thread
  Count take_ups_;
  Count longest_take_up_;
  std::atomic<int> thread_id_{0};  // the kernel's; 0 before it began
  mutable std::thread thread_;     // asking for its handle takes one that may change
};

}  // namespace slowlane

#include "control/core_loop.h"

#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <string>
#include <utility>

#include "control/privileges.h"
#include "hw/eal.h"

namespace slowlane {
namespace {

constexpr Nanos kLongestSleep = 50 * kMillisecond;  // the watchdog expects a turn
constexpr Nanos kPolledSleep = 50 * kMicrosecond;   // where only asking tells whether a packet came
constexpr Nanos kNotWorthIt = 200 * kMicrosecond;   // to the next release (house §4 "Time")
constexpr Nanos kWaitForOthers = 200 * kMillisecond;
constexpr std::uint32_t kEmptyTurns = 16;  // before it goes to sleep: packets come in trains

}  // namespace

CoreLoop::CoreLoop(Worker& worker, Commons& commons, const Clock& clock, std::uint32_t index, Plan plan)
    : worker_(worker), commons_(commons), clock_(clock), index_(index), plan_(std::move(plan)) {
  for (const int fd : plan_.wait_fds) waits_.push_back({fd, POLLIN, 0});
  waits_.push_back({commons_.spread.wake_fd(index_), POLLIN, 0});
}

CoreLoop::~CoreLoop() {
  stop();
  join();
}

void CoreLoop::start() {
  thread_ = std::thread([this] { run(); });
}

void CoreLoop::stop() noexcept {
  stop_.store(true, std::memory_order_relaxed);
  commons_.spread.wake(index_);
}

void CoreLoop::join() {
  if (thread_.joinable()) thread_.join();
}

Nanos CoreLoop::cpu_time() const noexcept {
  clockid_t clock = 0;
  timespec used{};
  if (!thread_.joinable()) return 0;
  if (pthread_getcpuclockid(thread_.native_handle(), &clock) != 0 || clock_gettime(clock, &used) != 0) return 0;
  return used.tv_sec * kSecond + used.tv_nsec;
}

bool CoreLoop::is_runnable() const {
  std::ifstream file("/proc/self/task/" + std::to_string(thread_id_.load(std::memory_order_acquire)) + "/stat");
  std::string line;
  std::getline(file, line);
  const std::size_t name_ends = line.rfind(')');  // "TID (name) S ..."
  return name_ends != std::string::npos && name_ends + 2 < line.size() && line[name_ends + 2] == 'R';
}

void CoreLoop::run() noexcept {
  thread_id_.store(static_cast<int>(::gettid()), std::memory_order_release);
  settle_on_core();
  const EalThread known_to_dpdk;
  drop_all_capabilities();
  generation_ = commons_.publisher.adopted(index_);
  std::uint32_t empty = 0;
  Nanos begun = clock_.now();
  while (!stop_.load(std::memory_order_relaxed)) {
    const bool busy = worker_.turn(begun) > 0;
    Nanos now = clock_.now();
    note_turn(now - begun);
    if (busy) {
      busy_turns_.add();
      empty = 0;
    } else if (plan_.idle == Plan::Idle::sleep && ++empty >= kEmptyTurns && sleep(now)) {
      now = clock_.now();
    }
    begun = now;
  }
  end();
  stopped_.store(true, std::memory_order_release);
}

// Control may take the longest turn between the look at it and the change: what is lost then is no longer than what
// control has.
void CoreLoop::note_turn(Nanos time) noexcept {
  if (time > longest_turn_.load(std::memory_order_relaxed)) longest_turn_.store(time, std::memory_order_relaxed);
  const std::uint32_t generation = commons_.publisher.adopted(index_);
  if (generation == generation_) return;
  generation_ = generation;
  take_ups_.add();
  if (time > longest_take_up()) longest_take_up_.set(static_cast<std::uint64_t>(time));
}

// What others gave to this worker on their last turn leaves too: it waits for them, but not for one that hangs.
void CoreLoop::end() noexcept {
  worker_.drain();
  commons_.stopped.fetch_add(1);
  const Nanos until = clock_.now() + kWaitForOthers;
  while (commons_.stopped.load() < commons_.spread.workers() && clock_.now() < until) std::this_thread::yield();
  worker_.drain();
  worker_.finish();
}

void CoreLoop::settle_on_core() noexcept {
  const std::string name = "worker-" + std::to_string(index_);
  pthread_setname_np(pthread_self(), name.c_str());
  cpu_set_t cores;
  CPU_ZERO(&cores);
  CPU_SET(plan_.core, &cores);
  pthread_setaffinity_np(pthread_self(), sizeof(cores), &cores);
  prctl(PR_SET_TIMERSLACK, 1000UL);  // the kernel rounds sleeps up by 50 us otherwise
}

// Whether it slept.
bool CoreLoop::sleep(Nanos now) noexcept {
  const Nanos due = worker_.next_due();
  if (due - now < kNotWorthIt) return false;
  const Nanos longest = plan_.has_polled_ports ? kPolledSleep : kLongestSleep;
  const Nanos rest = std::min(due - now, longest);
  const timespec time{rest / kSecond, rest % kSecond};
  if (!commons_.spread.fall_asleep(index_)) return false;
  if (!stop_.load(std::memory_order_relaxed)) ppoll(waits_.data(), waits_.size(), &time, nullptr);
  commons_.spread.wake_up(index_);
  return true;
}

}  // namespace slowlane

#include "control/event_writer.h"

#include <pthread.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

#include "control/privileges.h"

namespace slowlane {
namespace {

constexpr std::size_t kBatch = 64 << 10;  // bytes that are worth waking the thread between two ticks
constexpr Nanos kSlow = 2 * kSecond;      // that a disk may take for a batch
constexpr Nanos kTold = 10 * kSecond;     // that a loss is told of

struct Line {
  std::string text;
  Nanos time = 0;
};

}  // namespace

struct EventWriter::State {
  Limits limits;
  std::unique_ptr<EventLog> log;  // of the thread, once it runs

  mutable std::mutex mutex;  // of all below; never held while the log is at work
  std::condition_variable wake;
  std::condition_variable over;
  std::deque<Line> lines;
  std::size_t bytes = 0;  // of lines, and of those that the log is at work on
  std::optional<Nanos> tick;
  bool ending = false, ended = false;
  Nanos latest = 0;                // when control was here last
  std::optional<Nanos> busy;       // since when the log is at work
  std::uint64_t lost = 0;          // for want of room
  std::optional<Nanos> lost_last;  // when
  // What the log said last.
  std::uint64_t log_written = 0, log_lost = 0;
  std::string log_trouble;

  void run();
  void work(std::deque<Line> taken, std::optional<Nanos> ticked) const;
  void listen();
};

Result<std::unique_ptr<EventWriter>> EventWriter::open(const EventsConfig& config, Nanos now) {
  return open(config, now, Limits());
}

Result<std::unique_ptr<EventWriter>> EventWriter::open(const EventsConfig& config, Nanos now, const Limits& limits) {
  auto log = EventLog::open(config, now);
  if (!log) return log.diagnostics();
  auto state = std::make_shared<State>();
  state->limits = limits;
  state->log = std::move(*log);
  state->listen();
  return std::unique_ptr<EventWriter>(new EventWriter(std::move(state)));
}

EventWriter::EventWriter(std::shared_ptr<State> state) : state_(std::move(state)) {}
EventWriter::~EventWriter() { finish(); }

void EventWriter::start() {
  thread_ = std::thread([state = state_] { state->run(); });
}

void EventWriter::State::listen() {
  log_written = log->written();
  log_lost = log->lost();
  log_trouble = log->trouble();
}

void EventWriter::State::run() {
  pthread_setname_np(pthread_self(), "records");
  drop_all_capabilities();
  std::unique_lock lock(mutex);
  while (!ending || !lines.empty()) {
    wake.wait(lock, [this] { return ending || tick || (bytes >= kBatch && !lines.empty()); });
    std::deque<Line> taken = std::exchange(lines, {});
    const std::size_t of_taken = bytes;
    const std::optional<Nanos> ticked = std::exchange(tick, {});
    busy = latest;
    lock.unlock();
    work(std::move(taken), ticked);
    lock.lock();
    bytes -= of_taken;
    busy.reset();
    listen();
  }
  const Nanos end = latest;
  lock.unlock();
  log->tick(end);
  lock.lock();
  listen();
  ended = true;
  over.notify_all();
}

// Frees the lines too, for which nobody is to wait either.
void EventWriter::State::work(std::deque<Line> taken, std::optional<Nanos> ticked) const {
  for (const Line& line : taken) log->write(line.text, line.time);
  if (ticked) log->tick(*ticked);
}

void EventWriter::write(std::string line, Nanos now) {
  const std::lock_guard lock(state_->mutex);
  state_->latest = now;
  const std::size_t size = line.size() + sizeof(Line);
  if (state_->bytes + size > state_->limits.room) {
    ++state_->lost;
    state_->lost_last = now;
    return;
  }
  state_->bytes += size;
  state_->lines.push_back({std::move(line), now});
  if (state_->bytes >= kBatch) state_->wake.notify_one();
}

void EventWriter::tick(Nanos now) {
  const std::lock_guard lock(state_->mutex);
  state_->latest = now;
  state_->tick = now;
  state_->wake.notify_one();
}

bool EventWriter::finish() {
  if (!thread_.joinable()) return true;
  std::unique_lock lock(state_->mutex);
  state_->ending = true;
  state_->wake.notify_one();
  const bool ended =
      state_->over.wait_for(lock, std::chrono::nanoseconds(state_->limits.patience), [this] { return state_->ended; });
  lock.unlock();
  if (ended)
    thread_.join();
  else
    thread_.detach();
  return ended;
}

std::uint64_t EventWriter::written() const {
  const std::lock_guard lock(state_->mutex);
  return state_->log_written;
}

std::uint64_t EventWriter::lost() const {
  const std::lock_guard lock(state_->mutex);
  return state_->lost + state_->log_lost;
}

std::string EventWriter::trouble() const {
  const std::lock_guard lock(state_->mutex);
  const bool stalls = state_->busy && state_->latest - *state_->busy >= kSlow;
  if (stalls || (state_->lost_last && state_->latest - *state_->lost_last < kTold))
    return "the disk does not keep up, and what finds no room in memory meanwhile is lost; look at the disk, or record "
           "less (events.which)";
  return state_->log_trouble;
}

}  // namespace slowlane

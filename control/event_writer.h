#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>

#include "control/event_log.h"

namespace slowlane {

// The way of a live run's records to the disk: control hands lines over and goes on, a thread of its own writes them
// (EventLog). Control never waits, however long the disk takes: what finds no room in memory is counted and lost.
// Control's thread; `now` is the wall clock.
class EventWriter {
 public:
  struct Limits {
    std::size_t room = 8 << 20;  // bytes of memory for lines that are not written yet
    Nanos patience = kSecond;    // at the end, with a disk that does not answer
  };

  // As EventLog::open(). Nothing is written before start().
  static Result<std::unique_ptr<EventWriter>> open(const EventsConfig& config, Nanos now, const Limits& limits);
  static Result<std::unique_ptr<EventWriter>> open(const EventsConfig& config, Nanos now);
  ~EventWriter();  // as finish()
  EventWriter(const EventWriter&) = delete;
  EventWriter& operator=(const EventWriter&) = delete;

  // Begins the thread, which has no capabilities whatever its maker has.
  void start();
  // One line, without its end. It may stay in memory until the next tick().
  void write(std::string line, Nanos now);
  // To be called about once a second: has the log write, put aside and delete.
  void tick(Nanos now);
  // Has all lines written and ends the thread. False: the disk did not answer in time, and what waited for it is lost.
  bool finish();

  std::uint64_t written() const;  // lines
  std::uint64_t lost() const;
  // As EventLog::trouble(), or that the disk does not keep up.
  std::string trouble() const;

 private:
  struct State;
  explicit EventWriter(std::shared_ptr<State> state);

  const std::shared_ptr<State> state_;  // the thread's too, which a disk may hold longer than this lives
  std::thread thread_;
};

}  // namespace slowlane

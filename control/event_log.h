#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "control/config.h"
#include "hw/fd.h"
#include "rules/result.h"
#include "rules/units.h"

namespace slowlane {

// A live run's records on disk: appended to one file, which is put aside under its name and time 24 times per `keep`;
// what is put aside is deleted before its oldest line is as old as `keep`, and the oldest first where all of it exceeds
// `limit`. What the folder does not let it put aside or delete is emptied where it stands: no line outlives `keep`.
// Lines that cannot be written, or kept so long, are counted and lost: the box never waits for a disk that is full.
// One thread's; `now` is the wall clock.
class EventLog {
 public:
  // Makes the file's folder where it is missing, and puts aside the whole lines that an earlier run left.
  static Result<std::unique_ptr<EventLog>> open(const EventsConfig& config, Nanos now);
  ~EventLog();  // writes what is still in memory
  EventLog(const EventLog&) = delete;
  EventLog& operator=(const EventLog&) = delete;

  // One line, without its end. It may stay in memory until the next tick().
  void write(std::string_view line, Nanos now);
  // To be called about once a second: writes, puts aside, deletes.
  void tick(Nanos now);

  std::uint64_t written() const { return written_; }  // lines
  std::uint64_t lost() const { return lost_; }
  // Why lines are being lost or outlive `keep`, and what to do about it; empty: nothing is wrong.
  const std::string& trouble() const;

 private:
  EventLog(EventsConfig config, Nanos now);
  bool reopen();
  void cut_half_line();
  void flush();
  void put_aside(Nanos now);
  void empty_instead(const std::string& why);
  void prune(Nanos now);
  void lose(std::string why);

  const EventsConfig config_;
  const Nanos span_;           // of one file
  const std::uint64_t share_;  // bytes of one file
  Fd file_;
  Nanos begun_ = 0;         // no line in the current file is older
  std::uint64_t size_ = 0;  // of the current file
  std::string waiting_;
  std::uint64_t waiting_lines_ = 0;
  std::uint64_t written_ = 0;
  std::uint64_t lost_ = 0;
  std::string trouble_;         // with writing
  std::string aside_trouble_;   // with putting aside, the last time
  std::string delete_trouble_;  // with deleting
};

}  // namespace slowlane

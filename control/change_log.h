#pragma once

#include <mutex>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "control/caller.h"
#include "hw/fd.h"
#include "rules/units.h"

namespace slowlane {

// Who changed what on this box, and when: JSON lines that are only ever appended, each on the disk before the next
// step. It grows by one line a change and is never rotated or read by the box. Any thread may write.
class ChangeLog {
 public:
  // An empty path: nothing is written. Where the file cannot be opened, each entry tries again.
  ChangeLog(std::string path, std::string appliance);

  struct Entry {
    Caller by;
    const char* what = "";    // push, rollback, confirm, revert, bypass, stop, …
    const char* result = "";  // done, refused
  };
  // `more` is an object whose members follow. Time is the wall clock's, since the epoch.
  void write(const Entry& entry, const nlohmann::ordered_json& more, Nanos time);

  // Why the last entry could not be written; empty: it could.
  std::string trouble() const;

 private:
  void append(const std::string& line);
  bool reopen();

  const std::string path_;
  const std::string appliance_;
  mutable std::mutex mutex_;
  Fd file_;
  std::string trouble_;
};

// "2026-11-22T04:05:06.789Z".
std::string print_wall_time(Nanos time);
// The wall clock, since the epoch.
Nanos wall_time();

}  // namespace slowlane

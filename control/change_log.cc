#include "control/change_log.h"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

namespace slowlane {

std::string print_wall_time(Nanos time) {
  const auto seconds = static_cast<std::time_t>(time / kSecond);
  return fmt::format("{:%FT%T}.{:03}Z", fmt::gmtime(seconds), time % kSecond / kMillisecond);
}

Nanos wall_time() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

ChangeLog::ChangeLog(std::string path, std::string appliance)
    : path_(std::move(path)), appliance_(std::move(appliance)) {
  if (!path_.empty()) reopen();
}

void ChangeLog::write(const Entry& entry, const nlohmann::ordered_json& more, Nanos time) {
  if (path_.empty()) return;
  nlohmann::ordered_json line = {
      {"time", print_wall_time(time)},
      {"appliance", appliance_},
      {"what", entry.what},
      {"result", entry.result},
      {"by", {{"user", user_name(entry.by.uid)}, {"uid", entry.by.uid}, {"pid", entry.by.pid}}}};
  line.update(more);
  append(line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
}

std::string ChangeLog::trouble() const {
  const std::lock_guard lock(mutex_);
  return trouble_;
}

bool ChangeLog::reopen() {
  std::error_code ignored;
  std::filesystem::create_directories(std::filesystem::path(path_).parent_path(), ignored);
  constexpr mode_t kOwnerAndGroup = 0640;
  file_ = Fd(::open(path_.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, kOwnerAndGroup));
  if (!file_) {
    trouble_ = path_ + ": cannot be opened: " + std::strerror(errno);
    return false;
  }
  trouble_.clear();
  return true;
}

void ChangeLog::append(const std::string& line) {
  const std::lock_guard lock(mutex_);
  if (!file_ && !reopen()) return;
  // A line that a crash cut short gets its end, so that it spoils no other.
  struct stat about {};
  char last = '\n';
  if (::fstat(file_.get(), &about) == 0 && about.st_size > 0 && ::pread(file_.get(), &last, 1, about.st_size - 1) != 1)
    last = '\n';
  const std::string text = (last == '\n' ? "" : "\n") + line;
  const ssize_t done = ::write(file_.get(), text.data(), text.size());
  const bool whole = done >= 0 && static_cast<std::size_t>(done) == text.size();
  if (whole && ::fsync(file_.get()) == 0) {
    trouble_.clear();
    return;
  }
  trouble_ = path_ + ": " + (done >= 0 && !whole ? "the disk is full" : std::strerror(errno));
}

}  // namespace slowlane

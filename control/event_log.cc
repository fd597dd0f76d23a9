#include "control/event_log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

namespace slowlane {
namespace {

namespace fs = std::filesystem;

constexpr int kFiles = 24;               // that share `keep` and `limit`
constexpr std::size_t kWait = 64 << 10;  // bytes that may wait in memory

// Files put aside are called like the log itself, and by the time of their oldest line in milliseconds.
std::string aside_name(const std::string& file, Nanos begun) {
  return fmt::format("{}.{:013}", file, begun / kMillisecond);
}

struct Aside {
  fs::path path;
  Nanos begun = 0;
  std::uint64_t size = 0;
};

std::optional<Nanos> begun_of(std::string_view name, std::string_view log) {
  if (!name.starts_with(log) || name.size() != log.size() + 14 || name[log.size()] != '.') return std::nullopt;
  std::int64_t milliseconds = 0;
  const auto [end, error] = std::from_chars(name.data() + log.size() + 1, name.data() + name.size(), milliseconds);
  if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  return milliseconds * kMillisecond;
}

fs::path folder_of(const std::string& file) {
  const fs::path folder = fs::path(file).parent_path();
  return folder.empty() ? fs::path(".") : folder;
}

// What was put aside, the oldest first.
std::vector<Aside> put_aside_files(const std::string& file) {
  std::vector<Aside> found;
  std::error_code error;
  const std::string name = fs::path(file).filename().string();
  for (fs::directory_iterator at(folder_of(file), error), end; !error && at != end; at.increment(error)) {
    const auto begun = begun_of(at->path().filename().string(), name);
    std::error_code unknown;
    const std::uintmax_t size = begun ? fs::file_size(at->path(), unknown) : 0;
    if (begun) found.push_back({at->path(), *begun, unknown ? 0 : size});
  }
  std::ranges::sort(found, {}, &Aside::begun);
  return found;
}

std::uint64_t lines_in(const std::string& file) {
  const Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  std::array<char, 4096> part;
  std::uint64_t lines = 0;
  for (ssize_t got = 0; fd && (got = ::read(fd.get(), part.data(), part.size())) > 0;)
    lines += static_cast<std::uint64_t>(std::count(part.data(), part.data() + got, '\n'));
  return lines;
}

// A file may be ours where its folder is not.
bool emptied(const fs::path& path) {
  return static_cast<bool>(Fd(::open(path.c_str(), O_WRONLY | O_TRUNC | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW)));
}

// When the file was written last; `now` where it cannot be told.
Nanos written_last(const std::string& file, Nanos now) {
  struct stat about {};
  if (stat(file.c_str(), &about) != 0) return now;
  return about.st_mtim.tv_sec * kSecond + about.st_mtim.tv_nsec;
}

}  // namespace

Result<std::unique_ptr<EventLog>> EventLog::open(const EventsConfig& config, Nanos now) {
  std::error_code error;
  fs::create_directories(folder_of(config.file), error);
  if (error) return Diagnostic{config.file, 0, "its folder cannot be made: " + error.message()};
  std::unique_ptr<EventLog> log(new EventLog(config, now));
  if (!log->reopen()) return Diagnostic{config.file, 0, log->trouble_};
  log->cut_half_line();
  if (log->size_ > 0) {
    // An earlier run filled it over one file's span at most, the last line at the file's own time.
    log->begun_ = written_last(config.file, now) - log->span_;
    log->put_aside(now);
  }
  log->prune(now);
  return log;
}

// A process that was killed while it wrote left half a line: whoever reads lines of JSON would stumble over it.
void EventLog::cut_half_line() {
  const Fd fd(::open(config_.file.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
  std::array<char, 4096> part;
  std::uint64_t end = size_;
  for (std::uint64_t at = size_; fd && at > 0;) {
    const std::uint64_t from = at > part.size() ? at - part.size() : 0;
    const ssize_t got = ::pread(fd.get(), part.data(), at - from, static_cast<off_t>(from));
    if (got != static_cast<ssize_t>(at - from)) return;
    const std::size_t last = std::string_view(part.data(), at - from).rfind('\n');
    end = last == std::string_view::npos ? from : from + last + 1;
    if (last != std::string_view::npos) break;
    at = from;
  }
  if (end == size_ || ::ftruncate(fd.get(), static_cast<off_t>(end)) != 0) return;
  size_ = end;
  ++lost_;
}

EventLog::EventLog(EventsConfig config, Nanos now)
    : config_(std::move(config)),
      span_(std::max(config_.keep / kFiles, kSecond)),
      share_(config_.limit / kFiles),
      begun_(now) {}

EventLog::~EventLog() { flush(); }

bool EventLog::reopen() {
  constexpr mode_t kOwnerAndGroup = 0640;
  file_ = Fd(::open(config_.file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, kOwnerAndGroup));
  if (!file_) {
    trouble_ = std::string("it cannot be written: ") + std::strerror(errno);
    return false;
  }
  struct stat about {};
  size_ = fstat(file_.get(), &about) == 0 ? static_cast<std::uint64_t>(about.st_size) : 0;
  trouble_.clear();
  return true;
}

const std::string& EventLog::trouble() const {
  if (!trouble_.empty()) return trouble_;
  return aside_trouble_.empty() ? delete_trouble_ : aside_trouble_;
}

void EventLog::write(std::string_view line, Nanos now) {
  if (size_ + waiting_.size() > 0 && now - begun_ >= span_) tick(now);
  if (size_ + waiting_.size() == 0) begun_ = now;
  waiting_.append(line);
  waiting_ += '\n';
  ++waiting_lines_;
  if (waiting_.size() < kWait) return;
  flush();
  if (size_ >= share_) put_aside(now);
}

void EventLog::tick(Nanos now) {
  flush();
  const bool old = now - begun_ >= span_;
  if (size_ > 0 && (old || size_ >= share_)) put_aside(now);
  prune(now);
}

void EventLog::flush() {
  if (waiting_.empty() || (!file_ && !reopen())) {
    if (!waiting_.empty()) lose(trouble_);
    return;
  }
  const ssize_t done = ::write(file_.get(), waiting_.data(), waiting_.size());
  if (done < 0) return lose(std::string("it cannot be written: ") + std::strerror(errno));
  size_ += static_cast<std::uint64_t>(done);
  if (static_cast<std::size_t>(done) < waiting_.size()) {
    // Half a line would spoil the next one.
    const bool cut = ::ftruncate(file_.get(), static_cast<off_t>(size_ - static_cast<std::uint64_t>(done))) == 0;
    if (cut) size_ -= static_cast<std::uint64_t>(done);
    return lose("the disk is full");
  }
  written_ += waiting_lines_;
  waiting_.clear();
  waiting_lines_ = 0;
  trouble_.clear();
}

void EventLog::lose(std::string why) {
  trouble_ = std::move(why);
  lost_ += waiting_lines_;
  waiting_.clear();
  waiting_lines_ = 0;
}

void EventLog::put_aside(Nanos now) {
  std::error_code error;
  Nanos begun = begun_;
  while (fs::exists(aside_name(config_.file, begun), error)) begun += kMillisecond;
  fs::rename(config_.file, aside_name(config_.file, begun), error);
  begun_ = now;
  aside_trouble_.clear();
  // Somebody may have taken the file away; a new one is begun either way.
  if (error && error != std::errc::no_such_file_or_directory) return empty_instead(error.message());
  reopen();
}

void EventLog::empty_instead(const std::string& why) {
  const std::uint64_t lines = lines_in(config_.file);
  const bool done = emptied(config_.file);
  aside_trouble_ = fmt::format("{} cannot be put aside ({}) and {}; let the box write in {}", config_.file, why,
                               done ? "was emptied" : "not be emptied, so that it keeps what is too old",
                               folder_of(config_.file).string());
  if (!done) return;
  lost_ += lines;
  size_ = 0;
}

void EventLog::prune(Nanos now) {
  std::vector<Aside> files = put_aside_files(config_.file);
  std::uint64_t total = size_;
  for (const Aside& file : files) total += file.size;
  delete_trouble_.clear();
  for (const Aside& file : files) {
    // Checked once a second or so: a file goes when its oldest line would be too old at the next look.
    const bool old = now - file.begun + kSecond >= config_.keep;
    if (!old && total <= config_.limit) break;
    std::error_code error;
    fs::remove(file.path, error);
    if (!error || emptied(file.path)) total -= file.size;
    if (error)
      delete_trouble_ = fmt::format("{} cannot be deleted ({}); delete it, and let the box write in {}",
                                    file.path.string(), error.message(), folder_of(config_.file).string());
  }
}

}  // namespace slowlane

#include "control/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "control/text.h"

namespace slowlane {
namespace {

constexpr std::size_t kWidth = 30;
constexpr auto kBetween = std::chrono::milliseconds(200);

}  // namespace

Progress::Progress(std::string what) : what_(std::move(what)), terminal_(::isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
  if (drawn_) std::fputs("\r\033[K", stderr);
}

void Progress::show(std::uint64_t done, std::uint64_t whole) {
  if (!terminal_) return;
  const Clock::time_point now = Clock::now();
  if (now - last_ < kBetween) return;
  last_ = now;
  drawn_ = true;
  const double seconds = std::chrono::duration<double>(now - start_).count();
  std::fprintf(stderr, "\r%s\033[K", line(what_, done, whole, seconds).c_str());
  std::fflush(stderr);
}

std::string Progress::line(const std::string& what, std::uint64_t done, std::uint64_t whole, double seconds) {
  const std::string speed =
      seconds > 0 ? human_bytes(static_cast<std::uint64_t>(static_cast<double>(done) / seconds)) + "/s" : "";
  if (whole == 0) return fmt::format("{} {} {}", what, human_bytes(done), speed);
  const double share = std::min(1.0, static_cast<double>(done) / static_cast<double>(whole));
  const auto full = static_cast<std::size_t>(share * kWidth);
  return fmt::format("{} [{}{}] {:3.0f} % {}", what, std::string(full, '#'), std::string(kWidth - full, '.'),
                     share * 100, speed);
}

}  // namespace slowlane

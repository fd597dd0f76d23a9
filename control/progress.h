#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace slowlane {

// A bar on standard error while something long runs, drawn a few times a second; nothing where that is no terminal, and
// nothing of it stays.
class Progress {
 public:
  explicit Progress(std::string what);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // `whole` of 0: not known.
  void show(std::uint64_t done, std::uint64_t whole);

  // The line it draws, without the carriage return.
  static std::string line(const std::string& what, std::uint64_t done, std::uint64_t whole, double seconds);

 private:
  using Clock = std::chrono::steady_clock;

  std::string what_;
  bool terminal_;
  bool drawn_ = false;
  Clock::time_point start_ = Clock::now();
  Clock::time_point last_ = start_;
};

}  // namespace slowlane

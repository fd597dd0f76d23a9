#pragma once

#include <sys/resource.h>
#include <unistd.h>

#include <vector>

namespace slowlane {

// While it lives, this process gets no further file descriptor.
class NoMoreFiles {
 public:
  NoMoreFiles() {
    constexpr rlim_t kFew = 256;  // poll() wants as many as it is asked about
    getrlimit(RLIMIT_NOFILE, &before_);
    rlimit few = before_;
    few.rlim_cur = kFew;
    setrlimit(RLIMIT_NOFILE, &few);
    for (int fd; (fd = dup(STDERR_FILENO)) >= 0;) taken_.push_back(fd);
  }
  ~NoMoreFiles() {
    for (const int fd : taken_) close(fd);
    setrlimit(RLIMIT_NOFILE, &before_);
  }
  NoMoreFiles(const NoMoreFiles&) = delete;
  NoMoreFiles& operator=(const NoMoreFiles&) = delete;

 private:
  rlimit before_{};
  std::vector<int> taken_;
};

}  // namespace slowlane

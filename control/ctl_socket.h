#pragma once

#include <sys/types.h>

#include <string>

#include "hw/fd.h"
#include "rules/result.h"

namespace slowlane {

// A listening UNIX stream socket with a path, which goes with it. Nonblocking.
class CtlSocket {
 public:
  // `mode` is that of the file; `group` may be empty. A socket that nobody serves any more is replaced; a missing
  // folder is made. Diagnostics: another process serves there, or why the system refuses.
  static Result<CtlSocket> open(const std::string& path, unsigned mode, const std::string& group);
  ~CtlSocket();
  CtlSocket(CtlSocket&& other) noexcept;
  CtlSocket& operator=(CtlSocket&&) = delete;

  int fd() const { return fd_.get(); }
  // The next client that waits, nonblocking; none: an empty Fd.
  Fd accept();

 private:
  CtlSocket(Fd fd, std::string path);

  Fd fd_;
  std::string path_;  // empty once moved from
  dev_t device_ = 0;  // of the file as it was made: another process may have put its own there since
  ino_t inode_ = 0;
};

}  // namespace slowlane

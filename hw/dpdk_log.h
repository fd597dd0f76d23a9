#pragma once

#include <cstddef>
#include <cstdio>
#include <string>

namespace slowlane {

// Collects what DPDK says while this lives, so that a failure can be told in one sentence and success in none. One at a
// time. Afterwards DPDK is silent: what fails is returned to us and told by us.
class DpdkLog {
 public:
  DpdkLog();
  ~DpdkLog();
  DpdkLog(const DpdkLog&) = delete;
  DpdkLog& operator=(const DpdkLog&) = delete;

  // The last line said, without the name of the part that said it.
  std::string last_line();

 private:
  char* text_ = nullptr;
  std::size_t size_ = 0;
  std::FILE* stream_;
};

}  // namespace slowlane

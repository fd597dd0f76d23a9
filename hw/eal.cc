#include "hw/eal.h"

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_log.h>
#include <rte_version.h>
#include <sched.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace slowlane {
namespace {

// Collects what DPDK says while it starts, so that a failure can be told in one sentence and success in none.
class StartLog {
 public:
  StartLog() : stream_(open_memstream(&text_, &size_)) {
    if (stream_ != nullptr) rte_openlog_stream(stream_);
  }
  ~StartLog() {
    rte_openlog_stream(nullptr);
    if (stream_ != nullptr) std::fclose(stream_);
    std::free(text_);
  }
  StartLog(const StartLog&) = delete;
  StartLog& operator=(const StartLog&) = delete;

  // The last line said, without its "EAL: ".
  std::string last_line() {
    if (stream_ == nullptr) return {};
    std::fflush(stream_);
    std::string_view said(text_, size_);
    while (!said.empty() && said.back() == '\n') said.remove_suffix(1);
    said.remove_prefix(said.rfind('\n') + 1);
    if (said.starts_with("EAL: ")) said.remove_prefix(5);
    return std::string(said);
  }

 private:
  char* text_ = nullptr;
  std::size_t size_ = 0;
  FILE* stream_;
};

// One DPDK core that may run wherever this process may: DPDK's default pins the caller to one processor, and processes
// side by side all to the same.
std::string lcores() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0) return "0@0";
  std::string list;
  for (std::size_t cpu = 0; cpu < CPU_SETSIZE; ++cpu)
    if (CPU_ISSET(cpu, &allowed)) list += (list.empty() ? "" : ",") + std::to_string(cpu);
  return "0@(" + list + ")";
}

std::string why(int error, const std::string& said) {
  if (error == EALREADY || error == EINPROGRESS) return "it was started in this process before";
  std::string text = rte_strerror(error);
  if (!said.empty()) text += " (" + said + ")";
  return text;
}

}  // namespace

Eal::Eal(std::size_t memory) {
  const std::size_t megabytes = (memory + (std::size_t{1} << 20) - 1) >> 20;
  std::vector<std::string> options{"slowlane",
                                   "--no-huge",
                                   "-m",
                                   std::to_string(megabytes == 0 ? 1 : megabytes),
                                   "--no-pci",
                                   "--no-shconf",
                                   "--no-telemetry",
                                   "--log-level=*:error",
                                   "--lcores",
                                   lcores()};
  std::vector<char*> arguments;
  arguments.reserve(options.size());
  for (std::string& option : options) arguments.push_back(option.data());
  StartLog log;
  if (rte_eal_init(static_cast<int>(arguments.size()), arguments.data()) < 0)
    throw EalError("DPDK does not start: " + why(rte_errno, log.last_line()));
  // What fails from here on is returned to us and told by us.
  rte_log_set_level_pattern("*", RTE_LOG_CRIT);
}

Eal::~Eal() { rte_eal_cleanup(); }

const char* Eal::version() { return rte_version(); }

}  // namespace slowlane

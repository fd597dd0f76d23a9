#include "hw/dpdk_log.h"

#include <rte_log.h>

#include <cstdlib>
#include <string_view>

namespace slowlane {

DpdkLog::DpdkLog() : stream_(open_memstream(&text_, &size_)) {
  if (stream_ == nullptr) return;
  rte_openlog_stream(stream_);
  rte_log_set_level_pattern("*", RTE_LOG_ERR);
}

DpdkLog::~DpdkLog() {
  rte_log_set_level_pattern("*", RTE_LOG_CRIT);
  rte_openlog_stream(nullptr);
  if (stream_ != nullptr) std::fclose(stream_);
  std::free(text_);
}

std::string DpdkLog::last_line() {
  if (stream_ == nullptr) return {};
  std::fflush(stream_);
  std::string_view said(text_, size_);
  while (!said.empty() && said.back() == '\n') said.remove_suffix(1);
  said.remove_prefix(said.rfind('\n') + 1);
  if (said.starts_with("EAL: ")) said.remove_prefix(5);
  return std::string(said);
}

}  // namespace slowlane

#include "hw/eal.h"

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_version.h>
#include <sched.h>

#include <algorithm>
#include <string>
#include <vector>

#include "hw/dpdk_log.h"
#include "hw/hugepages.h"

namespace slowlane {
namespace {

std::size_t in_mebibytes(std::size_t bytes) { return (bytes + (std::size_t{1} << 20) - 1) >> 20; }

std::string too_few_hugepages(std::size_t wanted, std::size_t free) {
  return "hugepages are required, and of " + std::to_string(in_mebibytes(wanted)) + " MiB " +
         std::to_string(free >> 20) +
         " are free: sysctl vm.nr_hugepages=" + std::to_string((in_mebibytes(wanted) + 1) / 2);
}

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

Eal::Eal(std::size_t memory) : Eal(Options{.memory = memory, .hugepages = Hugepages::none, .pci = {}}) {}

Eal::Eal(const Options& options) {
  const std::size_t free = free_hugepage_memory(kHugepageFolder);
  hugepages_ = options.hugepages != Hugepages::none && free >= options.memory;
  if (options.hugepages == Hugepages::require && !hugepages_) throw EalError(too_few_hugepages(options.memory, free));
  start(options);
}

void Eal::start(const Options& options) {
  const std::size_t megabytes = std::max<std::size_t>(in_mebibytes(options.memory), 1);
  std::vector<std::string> words{
      "slowlane", "-m", std::to_string(megabytes), "--no-telemetry", "--log-level=*:error", "--lcores", lcores()};
  // In memory: other processes of DPDK are never met, and nothing is left behind in files.
  if (hugepages_)
    words.emplace_back("--in-memory");
  else
    words.insert(words.end(), {"--no-huge", "--no-shconf"});
  if (options.pci.empty()) words.emplace_back("--no-pci");
  for (const std::string& device : options.pci) words.insert(words.end(), {"-a", device});
  std::vector<char*> arguments;
  arguments.reserve(words.size());
  for (std::string& word : words) arguments.push_back(word.data());
  DpdkLog log;
  if (rte_eal_init(static_cast<int>(arguments.size()), arguments.data()) < 0)
    throw EalError("DPDK does not start: " + why(rte_errno, log.last_line()));
}

Eal::~Eal() { rte_eal_cleanup(); }

const char* Eal::version() { return rte_version(); }

EalThread::EalThread() : registered_(rte_lcore_id() == LCORE_ID_ANY && rte_thread_register() == 0) {}

EalThread::~EalThread() {
  if (registered_) rte_thread_unregister();
}

}  // namespace slowlane
